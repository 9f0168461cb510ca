"""Log-in controller: logs in and out for magics and panel, and binds the names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb._util.paths import here
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import (
    AppCredentials,
    Finding,
    find_credentials,
    look_everywhere,
    save_credentials,
)
from dolbyio_nb.auth.env_file import find_env_file
from dolbyio_nb.auth.login_options import KEYRING, LoginOptions
from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, DolbyError, TokenError
from dolbyio_nb.notebook.namespace import NamespaceBinding

if TYPE_CHECKING:
    from dolbyio_nb.client import Dolby
    from dolbyio_nb.sandbox.sandbox import Sandbox

IN_USE = "The earlier log-in is still in use"
UNSAVED = "Nothing was saved: the sandbox's key and secret end with it."


class LoginController:
    """Logs in and out, binds the names, and tells whoever watches.

    A new log-in replaces the old one only once it has succeeded.

    Args:
        names: where the log-in and its token are put.
    """

    def __init__(self, names: NamespaceBinding) -> None:
        self.names = names
        self.dolby: Dolby | None = None
        self.watch: Callable[[LoginStatus], None] = lambda status: None
        self._sandbox: Sandbox | None = None
        self._home = os.getpid()

    def look_everywhere(self, options: LoginOptions) -> list[Finding]:
        """Say what each place holds."""
        return look_everywhere(env_file=options.env_file, profile=options.profile)

    def find(self, options: LoginOptions) -> AppCredentials:
        """Find credentials on this computer."""
        return find_credentials(env_file=options.env_file, profile=options.profile)

    def source_of(self, options: LoginOptions) -> str:
        """Say where credentials are found, "" if nowhere."""
        try:
            return self.find(options).source
        except CredentialsError:
            return ""

    def login(self, credentials: AppCredentials, options: LoginOptions) -> str:
        """Log in with these credentials; return what else was done."""
        from dolbyio_nb import client  # loads requests: with the first log-in, not with the extension

        with self._keeping_the_earlier():
            self._enter(client.enter(credentials, options))
        return self.save(credentials, options) if options.save else ""

    def use_found(self, options: LoginOptions) -> str:
        """Log in with the credentials that are found on this computer; return what else was done."""
        with self._keeping_the_earlier():
            credentials = self.find(options)
        return self.login(credentials, options)

    def use_sandbox(self, options: LoginOptions) -> str:
        """Log in to the embedded sandbox, which lives until the log-out; return what was not done."""
        from dolbyio_nb import client
        from dolbyio_nb.sandbox.sandbox import Sandbox

        self._sandbox = self._sandbox or Sandbox()
        self._enter(client.log_in(LoginOptions(expires_in=options.expires_in, sandbox=self._sandbox)))
        return UNSAVED if options.save else ""

    def save(self, credentials: AppCredentials, options: LoginOptions) -> str:
        """Write credentials to the nearest `.env`, a new one here, or the keyring; return what was done."""
        file = None if options.save == KEYRING else find_env_file(here()) or Path(".env")
        return save_credentials(credentials, file)

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
        if not self.dolby:
            return LoginStatus()
        status = self.dolby.status()
        return replace(status, note="; ".join(filter(None, (self.names.note, status.note))))

    def rename(self, names: NamespaceBinding) -> None:
        """Use other names from now on."""
        self.names.clear()
        self.names = names
        if self.dolby:
            names.bind(self.dolby, self.dolby.token)

    def bind_names(self) -> None:
        """Bind the names again, where something took them away."""
        if self.dolby and self.names.missing:
            self.names.bind(self.dolby, self.dolby.token)

    def names_lost(self) -> str:
        """Name what something took away since the last question, "" for nothing."""
        return self.names.lost() if self.dolby else ""

    def before_cell(self, *_: object) -> None:
        """Have a valid token before a cell runs, if it can be had quickly."""
        if self.dolby:
            self.dolby.keeper.before_cell()

    def after_cell(self, *_: object) -> None:
        """Let the renewal rest again when nobody works here for long."""
        if self.dolby:
            self.dolby.keeper.after_cell()

    @contextmanager
    def _keeping_the_earlier(self) -> Iterator[None]:
        """Say, where a log-in fails, that the one before it goes on."""
        try:
            yield
        except CredentialsNotFound:
            raise  # a person is asked next
        except DolbyError as error:
            if self.dolby and IN_USE not in error.next_step:
                about = self.dolby.status()
                whose = f" (App key {about.key_hint} from {about.source})"
                error.next_step = f"{error.next_step} {IN_USE}{whose}.".lstrip()
            raise

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
        self._announce()

    def _troubled(self, error: TokenError) -> None:
        self._announce()

    def _announce(self) -> None:
        """Tell whoever watches; a forked child does not, for the front end listens to its parent."""
        if self.dolby and os.getpid() == self._home:
            self.watch(self.status())
