"""The one log-in of a kernel: what the magics and the panel both call."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb import client
from dolbyio_nb.client import Dolby, LoginStatus
from dolbyio_nb.credentials import (
    AppCredentials,
    Finding,
    find_credentials,
    look_everywhere,
)
from dolbyio_nb.env_file import save_credentials
from dolbyio_nb.errors import TokenError
from dolbyio_nb.folders import find_env_file, here
from dolbyio_nb.notebook.names import Names
from dolbyio_nb.tokens import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolbyio_nb.sandbox import Sandbox


class Desk:
    """Logs in and out, binds the names, and tells whoever watches.

    A new log-in replaces the old one only once it has succeeded.

    Args:
        names: where the log-in and its token are put.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.dolby: Dolby | None = None
        self.watch: Callable[[LoginStatus], None] = lambda status: None
        self._sandbox: Sandbox | None = None
        self._home = os.getpid()
        self._env_file: str | None = None
        self._profile: str | None = None

    def look_in(self, *, env_file: str | None, profile: str | None) -> None:
        """Look for credentials in this file too, from now on; see `find_credentials`."""
        self._env_file, self._profile = env_file, profile

    def look_everywhere(self) -> list[Finding]:
        """Say what each place holds."""
        return look_everywhere(env_file=self._env_file, profile=self._profile)

    def find(self) -> AppCredentials:
        """Find credentials on this computer."""
        return find_credentials(env_file=self._env_file, profile=self._profile)

    def login(
        self, app_key: str, app_secret: str, *, expires_in: int, save: bool = False, source: str = "the form"
    ) -> str:
        """Log in with what a person typed; return what else was done."""
        credentials = AppCredentials(app_key, app_secret, source)
        del app_key, app_secret  # a Verbose traceback would show them
        self._enter(client.enter(credentials, expires_in))
        return self.save(credentials) if save else ""

    def use_found(self, *, expires_in: int, save: bool = False) -> str:
        """Log in with the credentials that are found on this computer; return what else was done."""
        credentials = self.find()
        self._enter(client.enter(credentials, expires_in))
        return self.save(credentials) if save else ""

    def use_sandbox(self, *, expires_in: int) -> None:
        """Log in to the embedded sandbox, which lives until the log-out."""
        from dolbyio_nb.sandbox import Sandbox

        self._sandbox = self._sandbox or Sandbox()
        self._enter(client.login(sandbox=self._sandbox, expires_in=expires_in))

    def save(self, credentials: AppCredentials) -> str:
        """Write credentials to the nearest `.env`, or a new one here; return what was done."""
        return save_credentials(credentials, find_env_file(here()) or Path(".env"))

    def refresh(self) -> None:
        """Renew the token now."""
        if self.dolby:
            self.dolby.refresh()

    def logout(self) -> None:
        """Forget everything, and remove the names."""
        self._leave()
        self.names.clear()
        if self._sandbox:
            self._sandbox.stop()
            self._sandbox = None

    def status(self) -> LoginStatus:
        """Say how the log-in stands."""
        return replace(self.dolby.status(), note=self.names.note) if self.dolby else LoginStatus()

    def rename(self, names: Names) -> None:
        """Use other names from now on."""
        self.names.clear()
        self.names = names
        if self.dolby:
            names.bind(self.dolby, self.dolby.token)

    def before_cell(self, *_: object) -> None:
        """Have a valid token before a cell runs, if it can be had quickly."""
        if self.dolby:
            self.dolby.keeper.before_cell()

    def after_cell(self, *_: object) -> None:
        """Let the renewal rest again when nobody works here for long."""
        if self.dolby:
            self.dolby.keeper.after_cell()

    def _enter(self, dolby: Dolby) -> None:
        self._leave()
        self.dolby = dolby
        self.names.bind(dolby, dolby.token)
        dolby.keeper.subscribe(self._renewed)
        dolby.keeper.on_trouble(self._troubled)

    def _leave(self) -> None:
        if self.dolby:
            self.dolby.logout()
        self.dolby = None

    def _renewed(self, token: AccessToken) -> None:
        self.names.renew(token)
        self._tell()

    def _troubled(self, error: TokenError) -> None:
        self._tell()

    def _tell(self) -> None:
        """Tell whoever watches; a forked child does not, for the front end listens to its parent."""
        if self.dolby and os.getpid() == self._home:
            self.watch(self.status())
