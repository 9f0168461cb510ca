"""Which way in suits the place: a panel, a masked prompt, or an error that says what to set."""

import getpass
import os
import sys
from typing import TYPE_CHECKING

from dolbyio_nb.credentials import NAMES, AppCredentials
from dolbyio_nb.errors import CredentialsNotFound
from dolbyio_nb.interrupts import brief_interrupt

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PANEL, PROMPT, NONE = "panel", "prompt", "none"
BINDER_WARNING = (
    "This runs on Binder, on a computer of somebody else. Try it with the sandbox: "
    "a secret typed here is only as safe as that computer."
)


def door_of(shell: "InteractiveShell") -> str:
    """Find the door for this place: `panel`, `prompt`, or `none` where nobody can answer."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return PROMPT if sys.stdin is not None and sys.stdin.isatty() else NONE
    if not getattr(kernel, "_allow_stdin", True):
        return NONE
    return PROMPT if "__vsc_ipynb_file__" in shell.user_ns else PANEL


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
