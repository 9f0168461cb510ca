"""API call: JSON there and back, parsed though nobody promises its shape, or a helpful error."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import (
    ApiError,
    DolbyError,
    ErrorResponse,
    InvalidRequest,
    NotFound,
    NotSent,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
)
from dolbyio_nb.http.connections import CALL_SIZE, TooLarge, load_body, parse_json
from dolbyio_nb.http.error_response import cause_of, proxy_wants_password, read_error_response
from dolbyio_nb.http.limits import CALL_LIMIT, OutOfTime, Total, attempt_began, limited
from dolbyio_nb.http.redact import scrub
from dolbyio_nb.http.retry import API
from dolbyio_nb.http.session import exchange


def number(value: object) -> float | None:
    """Read a finite number; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if isfinite(read) else None


def integer(value: object) -> int | None:
    """Read a whole number; anything else is None."""
    read = number(value)
    return int(read) if read is not None and read.is_integer() else None


def text(value: object) -> str | None:
    """Read a text for people; anything else is None."""
    return scrub(value) if isinstance(value, str) else None


def opaque(value: object) -> str:
    """Read what is given back as it came, such as an id; anything else is nothing."""
    return value if isinstance(value, str) else ""


def flag(value: object) -> bool | None:
    """Read a yes or no; anything else is None."""
    return value if isinstance(value, bool) else None


def dig(raw: object, *names: str) -> Any:
    """Follow names into nested JSON; None where the way ends."""
    for name in names:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw


def items(raw: object) -> list[Any]:
    """Read a list; anything else is empty."""
    return raw if isinstance(raw, list) else []


READERS: dict[object, Callable[[object], object]] = {
    float | None: number,
    int | None: integer,
    str | None: text,
    bool | None: flag,
}


@dataclass(frozen=True)
class Model:
    """Values that stand together in an answer. A subclass names them as the service does."""

    @classmethod
    def read(cls, raw: object) -> Self:
        """Take the known names out of a part of an answer; every value is None when there is no such part."""
        return cls(**cls._known(raw)) if isinstance(raw, Mapping) else cls()

    @classmethod
    def read_if_there(cls, raw: object) -> Self | None:
        """Read a part whose absence means something; None when it is not there."""
        return cls.read(raw) if isinstance(raw, Mapping) else None

    @classmethod
    def read_all(cls, raw: object) -> tuple[Self, ...]:
        """Read every part of a list."""
        return tuple(cls.read(part) for part in items(raw) if isinstance(part, Mapping))

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        plain = (one for one in fields(cls) if one.type in READERS)
        return {one.name: READERS[one.type](raw.get(one.name)) for one in plain}


@dataclass(frozen=True)
class CallLimits:
    """Limits of one call: seconds for an attempt, seconds in all, bytes of the answer once unpacked."""

    attempt: float = CALL_LIMIT
    total: float = API.total
    size: int = CALL_SIZE
    clock: Clock = field(default=now, repr=False)


class Api:
    """The Media API at one origin, called through a session that adds the token."""

    def __init__(self, session: requests.Session, origin: str, limits: CallLimits | None = None) -> None:
        self._session, self.origin = session, origin.rstrip("/")
        self._limits = limits or CallLimits()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.origin}>"

    def get(self, path: str, **query: str | None) -> Any:
        """Read something."""
        return self._call("GET", path, query)

    def post(self, path: str, body: dict[str, Any] | None = None, **query: str | None) -> Any:
        """Ask for something; an empty body is sent as `{}`, which the service wants."""
        return self._call("POST", path, query, body or {})

    def put(self, path: str, body: dict[str, Any], **query: str | None) -> Any:
        """Replace something."""
        return self._call("PUT", path, query, body)

    def delete(self, path: str, **query: str | None) -> Any:
        """Remove something."""
        return self._call("DELETE", path, query)

    def start(self, path: str, body: dict[str, Any]) -> str:
        """Start a job and give its id; asked once only, since asking twice could start and bill two jobs."""
        try:
            answer = self.post(path, body)
        except NotSent:
            raise
        except ServiceUnavailable as error:
            raise maybe_started(path, error.response) from None
        job_id = answer.get("job_id") if isinstance(answer, dict) else None
        if isinstance(job_id, str) and job_id:
            return job_id
        raise maybe_started(path, ErrorResponse(200, "An answer without a job id"))

    @brief_interrupt
    def _call(self, method: str, path: str, query: dict[str, str | None], body: Any = None) -> Any:
        answer = self._ask(method, path, query, body)
        if isinstance(answer, DolbyError):
            raise answer
        return answer

    def _ask(self, method: str, path: str, query: dict[str, str | None], body: Any) -> Any:
        """Give the answer's JSON, or the error to raise: raised here, its frame would hold the token."""
        call, host = f"{method} {path}", urlsplit(self.origin).netloc
        try:
            total = Total(self._limits.total, self._limits.clock)
            response, answer = limited(total, lambda: self._exchange(method, path, query, body))
        except DolbyError as error:  # of the log-in: it says itself why nothing was sent
            return error.with_traceback(None)
        except (requests.RequestException, OutOfTime, TooLarge, OSError) as error:
            return no_answer(call, host, error, self.origin)
        if response.status_code == SIGN_IN or answer is NO_JSON:
            return no_json(call, read_error_response(response))
        return answer if response.ok else refusal(call, host, read_error_response(response))

    def _exchange(
        self, method: str, path: str, query: Mapping[str, str | None], body: Any
    ) -> tuple[requests.Response, Any]:
        """Give the response with its JSON, which is read under the same time limit."""
        url, data = self.origin + path + _written(query), None if body is None else _encoded(body)
        response = exchange(self._session, method, url, HEADERS if data is None else JSON_HEADERS, data)
        attempt = Total(self._limits.attempt, self._limits.clock, attempt_began())
        limited(attempt, lambda: load_body(response, self._limits.size))
        return response, _read(response) if response.ok else None


HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip"}
JSON_HEADERS = HEADERS | {"Content-Type": "application/json"}


def _written(query: Mapping[str, str | None]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise requests.exceptions.InvalidJSONError(str(error)) from None


def _read(response: requests.Response) -> Any:
    try:
        return parse_json(response.content)
    except (ValueError, RecursionError):
        return NO_JSON


ERRORS: dict[int, type[ApiError]] = {401: Unauthorized, 403: Unauthorized, 404: NotFound, 429: RateLimited}
DOLBY = "api.dolby.com"
NO_JSON = object()
SIGN_IN = 511  # of a network that wants people to sign in (RFC 6585)
EXPIRED = (
    "Log in again; if it happens right after a log-in, this computer's clock or the session's auth is off."
)
USE_THE_APP_KEY = (
    "Log in with the App key and App secret: a token copied from the dashboard, "
    "or a client access token, does not work with the Media APIs."
)
UNSENDABLE = (requests.exceptions.InvalidJSONError, requests.exceptions.InvalidHeader)
"""What is wrong with a request itself: a number that is no number, a header with a line break."""


def refusal(call: str, host: str, response: ErrorResponse) -> ApiError:
    """Make the error for a call that was answered with an error."""
    if response.status == 407:  # of a proxy, for plain http
        cause = proxy_wants_password(f"http://{host}")
        return NotSent(f"{call} was not sent.", replace(response, title=cause.why, detail=""), cause.advice)
    kind = ServiceUnavailable if response.status >= 500 else ERRORS.get(response.status, InvalidRequest)
    happened = "failed at" if response.status >= 500 else "was refused by"
    return kind(f"{call} {happened} {host}.", response, _next_step(response, host))


def no_json(call: str, response: ErrorResponse) -> ApiError:
    """Make the error for a call that something else than the API answered."""
    return ServiceUnavailable(
        f"{call} was not answered by the Media API.",
        replace(response, title="An answer that is not JSON"),
        "Check DOLBYIO_MEDIA_URL, and whether a proxy or a network's sign-in page stands in between.",
    )


def no_answer(call: str, host: str, error: Exception, url: str) -> ApiError:
    """Make the error for a call that had no answer."""
    if isinstance(error, UNSENDABLE):
        wrong = ErrorResponse(0, "A value cannot be sent", str(error))
        return InvalidRequest(f"{call} was not sent.", wrong, "Give numbers that are finite, and plain text.")
    cause = cause_of(error, url)
    kind = ServiceUnavailable if cause.may_have_arrived else NotSent
    return kind(f"{call} had no answer from {host}.", ErrorResponse(0, "No answer", cause.why), cause.advice)


def maybe_started(path: str, response: ErrorResponse) -> ApiError:
    """Make the error for a job of which it is not known whether it was started."""
    return ServiceUnavailable(
        f"It is not known whether the job of POST {path} was started.",
        response,
        "Look at dolby.media.jobs() before starting it again: it may be running, and be billed.",
    )


def _next_step(response: ErrorResponse, host: str) -> str:
    request = f" (request id {response.request_id})" if response.request_id else ""
    if response.status == 401:
        return EXPIRED if "expired" in f"{response.type} {response.detail}".lower() else USE_THE_APP_KEY
    if response.status == 403:
        if host != DOLBY:
            return f"Media calls go to https://{DOLBY}, and this one went to {host}: check DOLBYIO_MEDIA_URL."
        return "Check in Dolby.io's dashboard that the application is enabled and may use the Media APIs."
    if response.status == 404 and is_local_origin(f"http://{host}"):
        return "A sandbox's files and jobs end with it; check the name, or send it again."
    if response.status == 404:
        return (
            "Temporary files are kept for a day, jobs for 31 days, and another application's are not visible."
        )
    if response.status == 429:
        wait = f"{response.retry_after:.0f} seconds" if response.retry_after else "a while"
        return f"Wait {wait} and try again."
    if response.status >= 500:
        return f"Try again in a minute; if it stays so, report it to Dolby.io{request}."
    return f"Correct what it names and try again{request}."
