"""Log-in as a person asks for it: by form, by prompt or from what is found."""

import getpass
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb import client
from dolbyio_nb._util.interrupt import brief_interrupt
from dolbyio_nb._util.paths import here
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import (
    NAMES,
    AppCredentials,
    Finding,
    find_credentials,
    look_everywhere,
    save_credentials,
)
from dolbyio_nb.auth.env_file import find_env_file
from dolbyio_nb.client import Dolby, LoginStatus
from dolbyio_nb.errors import CredentialsNotFound, TokenError
from dolbyio_nb.notebook.namespace import Names

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolbyio_nb.sandbox.sandbox import Sandbox


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
        from dolbyio_nb.sandbox.sandbox import Sandbox

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


BINDER_WARNING = (
    "This runs on Binder, on a computer of somebody else. Try it with the sandbox: "
    "a secret typed here is only as safe as that computer."
)


def warning_of_place() -> str:
    """Say what a person should know before typing a secret here; usually nothing."""
    return BINDER_WARNING if "BINDER_SERVICE_HOST" in os.environ else ""


@brief_interrupt
def ask() -> AppCredentials:
    """Ask for the App key and App secret at a masked prompt.

    Raises:
        CredentialsNotFound: nobody can answer here, or nothing was entered.
    """
    from IPython.core.error import StdinNotImplementedError

    try:
        app_key = getpass.getpass("App key (not shown): ")
        app_secret = getpass.getpass("App secret (not shown): ") if app_key.strip() else ""
    except (StdinNotImplementedError, EOFError):
        raise nobody_here() from None
    if app_key.strip() and app_secret.strip():
        return AppCredentials(app_key, app_secret, "the prompt")
    raise CredentialsNotFound(
        "Not logged in: nothing was entered at the prompt.",
        next_step="Run %dolby_login again, or try the sandbox: %dolby_login --sandbox",
    )


def nobody_here() -> CredentialsNotFound:
    """Make the error for a run that nobody watches."""
    return CredentialsNotFound(
        "Not logged in: no App key and App secret were found, and nobody is here to type them.",
        f"Neither the environment nor a .env file has {NAMES[0][0]} and {NAMES[0][1]}.",
        "Set both there, or set DOLBYIO_SANDBOX=auto to use the sandbox.",
    )
