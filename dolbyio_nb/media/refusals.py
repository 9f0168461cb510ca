"""Why a call to the Media API did not work, in words that help."""

from dataclasses import replace

import requests
from urllib3.exceptions import NewConnectionError

from dolbyio_nb.errors import (
    ApiError,
    InvalidRequest,
    NotFound,
    Problem,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
)

ERRORS: dict[int, type[ApiError]] = {401: Unauthorized, 403: Unauthorized, 404: NotFound, 429: RateLimited}

DOLBY = "api.dolby.com"
EXPIRED = (
    "Log in again; if it happens right after a log-in, this computer's clock or the session's auth is off."
)
USE_THE_APP_KEY = (
    "Log in with the App key and App secret: a token copied from the dashboard, "
    "or a client access token, does not work with the Media APIs."
)


UNSENDABLE = (requests.exceptions.InvalidJSONError, requests.exceptions.InvalidHeader)
"""What is wrong with a request itself: a number that is no number, a header with a line break."""


class NotSent(ServiceUnavailable):
    """Raised when a request cannot have reached the service, so that nothing has happened there."""


def refusal(call: str, host: str, problem: Problem) -> ApiError:
    """Make the error for a call that was answered with a problem."""
    kind = ServiceUnavailable if problem.status >= 500 else ERRORS.get(problem.status, InvalidRequest)
    happened = "failed at" if problem.status >= 500 else "was refused by"
    return kind(f"{call} {happened} {host}.", problem, _next_step(problem, host))


def no_json(call: str, problem: Problem) -> ApiError:
    """Make the error for a call that something else than the API answered."""
    return ServiceUnavailable(
        f"{call} was not answered by the Media API.",
        replace(problem, title="An answer that is not JSON"),
        "Check DOLBYIO_MEDIA_URL, and whether a proxy or a network's sign-in page stands in between.",
    )


def no_answer(call: str, host: str, error: requests.RequestException) -> ApiError:
    """Make the error for a call that had no answer."""
    if isinstance(error, UNSENDABLE):
        return InvalidRequest(
            f"{call} was not sent.", Problem(0, "It cannot be written", str(error)), "Correct it."
        )
    kind = NotSent if _never_sent(error) else ServiceUnavailable
    return kind(
        f"{call} had no answer from {host}.",
        Problem(0, "No answer", _cause(error)),
        "Check the network and try again.",
    )


def maybe_started(path: str, problem: Problem) -> ApiError:
    """Make the error for a job of which it is not known whether it was started."""
    return ServiceUnavailable(
        f"It is not known whether the job of POST {path} was started.",
        problem,
        "Look at dolby.media.jobs() before starting it again: it may be running, and be billed.",
    )


def _next_step(problem: Problem, host: str) -> str:
    request = f" (request id {problem.request_id})" if problem.request_id else ""
    if problem.status == 401:
        return EXPIRED if "expired" in f"{problem.type} {problem.detail}".lower() else USE_THE_APP_KEY
    if problem.status == 403:
        if host != DOLBY:
            return f"Media calls go to https://{DOLBY}, and this one went to {host}: check DOLBYIO_MEDIA_URL."
        return "Check in Dolby.io's dashboard that the application is enabled and may use the Media APIs."
    if problem.status == 404:
        return (
            "Temporary files are kept for a day, jobs for 31 days, and another application's are not visible."
        )
    if problem.status == 429:
        wait = f"{problem.retry_after:.0f} seconds" if problem.retry_after else "a while"
        return f"Wait {wait} and try again."
    if problem.status >= 500:
        return f"Try again in a minute; if it stays so, report it to Dolby.io{request}."
    return f"Correct what it names and try again{request}."


def _never_sent(error: requests.RequestException) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.exceptions.SSLError):
        return "CERTIFICATE" in str(error).upper()  # refused before anything was said
    never = (requests.ConnectTimeout, requests.exceptions.ProxyError)
    return isinstance(error, never) or isinstance(reason, NewConnectionError)


def _cause(error: requests.RequestException) -> str:
    """Name the cause without the request's address, whose query could hold more than people should see."""
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate could not be checked"
    if isinstance(error, requests.exceptions.RetryError):
        return "it asks to be left alone for longer than anybody would wait"
    return "no connection" if _never_sent(error) else "the connection broke"
