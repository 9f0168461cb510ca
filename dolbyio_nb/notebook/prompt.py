"""Prompt for App key and App secret, masked; and what to say where nobody can answer."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from dolbyio_nb._util.place import current_place
from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.errors import CredentialsNotFound

if TYPE_CHECKING:
    from dolbyio_nb.auth.credentials import AppCredentials

BINDER_WARNING = (
    "This runs on Binder, on a computer of somebody else. Try it with the sandbox: "
    "a secret typed here is only as safe as that computer."
)


def warning_of_place() -> str:
    """Say what a person should know before typing a secret here; usually nothing."""
    return BINDER_WARNING if current_place().name == "Binder" else ""


@brief_interrupt
def ask() -> AppCredentials:
    """Ask for the App key and App secret at a masked prompt.

    Raises:
        CredentialsNotFound: nobody can answer here, or nothing was entered.
    """
    from IPython.core.error import StdinNotImplementedError

    from dolbyio_nb.auth.credentials import LOOKED_FOR, AppCredentials  # with the first log-in

    try:
        app_key = getpass.getpass("App key (not shown): ")
        app_secret = getpass.getpass("App secret (not shown): ") if app_key.strip() else ""
    except (StdinNotImplementedError, EOFError):
        raise nobody_here(LOOKED_FOR) from None
    if app_key.strip() and app_secret.strip():
        return AppCredentials(app_key, app_secret, "the prompt")
    raise CredentialsNotFound(
        "Not logged in: nothing was entered at the prompt.",
        next_step="Run %dolby_login again, or try the sandbox: %dolby_login --sandbox",
    )


def nobody_here(why: str) -> CredentialsNotFound:
    """Make the error for a run that nobody watches; `why` nothing was found."""
    return CredentialsNotFound(
        "Not logged in: no App key and App secret were found, and nobody is here to type them.",
        why,
        "Set both in the environment or in .env, or set DOLBYIO_SANDBOX=auto to use the sandbox.",
    )
