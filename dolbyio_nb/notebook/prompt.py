"""Console side of a log-in: the masked prompt, and status and sources as text."""

from __future__ import annotations

import getpass
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dolbyio_nb._util.place import current_place, login_words
from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.errors import CredentialsNotFound
from dolbyio_nb.http.redact import scrub

if TYPE_CHECKING:
    from dolbyio_nb.auth.credentials import AppCredentials, Finding
    from dolbyio_nb.auth.refresh_state import LoginStatus


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


SANDBOX = "the Dolby.io SANDBOX on this computer"
COLOURS = {"fresh": 32, "renewing": 33, "stale": 33, "refused": 31, "logged out": 2}


def status_text(status: LoginStatus, *, colour: bool = False) -> str:
    """Say in one to three lines how a log-in stands."""
    if status.state == "logged out":
        return f"Not logged in to Dolby.io. {login_words()} logs in."
    where = SANDBOX if status.sandbox else "Dolby.io"
    first = f"Logged in to {where} with App key {status.key_hint} from {status.source}."
    second = f"Token {_painted(status.state, colour)}{_times(status)}"
    return "\n".join(line for line in (first, second, _trouble(status), status.note) if line)


def _times(status: LoginStatus) -> str:
    if status.expires_at is None:
        return "."
    renewal = f", renews by itself at {_clock(status.renews_at)}" if status.renews_at else ""
    return f": expires at {_clock(status.expires_at)}{renewal}."


def _trouble(status: LoginStatus) -> str:
    if not status.last_error:
        return ""
    retry = f" Next try at {_clock(status.next_try)}." if status.next_try else ""
    return " ".join(status.last_error.split()) + retry


def _clock(moment: float | None) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _painted(state: str, colour: bool) -> str:
    return f"\033[{COLOURS.get(state, 0)}m{state}\033[0m" if colour else state


def explain(findings: Sequence[Finding], next_step: str) -> str:
    """Show every place that is looked in, in order, what was found (never a value), and what comes next."""
    width = max(len(finding.place) for finding in findings)
    rows = [f"{n}. {finding.place:<{width}}  {_outcome(finding)}" for n, finding in enumerate(findings, 1)]
    return scrub("\n".join([*rows, f"%dolby_login would {next_step}."]))


def unusable(findings: Sequence[Finding]) -> str:
    """Say which place would stop the log-in, for half of it is there, or it cannot be read; "" for none."""
    stops = [f"{f.place}: {f.outcome}" for f in findings if f.incomplete or f.unreadable]
    return f"stop with an error ({stops[0]})" if stops else ""


def _outcome(finding: Finding) -> str:
    if finding.credentials and finding.outcome == "found":
        found = finding.credentials
        names = f" ({found.names[0]} and {found.names[1]})" if found.source != finding.place else ""
        return f"found: App key {found.key_hint}{names}" + f"; {found.caution}" * bool(found.caution)
    return finding.outcome
