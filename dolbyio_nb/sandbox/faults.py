"""Faults: rules by which the sandbox misbehaves.

Three kinds. *Answers*: the next requests at a place go wrong, `times` times (None: until `clear()`).

    sandbox.faults.fail(503, at="token", times=2, body="html")
    sandbox.faults.fail(401)                             # the next Media call: "Access Token expired"
    sandbox.faults.rate_limit(retry_after=3)             # or a datetime, sent as an HTTP date
    sandbox.faults.hang(at="token")                      # says nothing until clear() or stop()
    sandbox.faults.drop(at="/media/jobs")                # closes the connection without an answer
    sandbox.faults.cut(1000, at="storage")               # breaks off after 1000 bytes of the body
    sandbox.faults.slow(0.5, at="any", times=None)

`at` is "token", "media", "storage", "any", or the beginning of a path. *Habits*: plain attributes that
stand until changed.

    sandbox.faults.token_life = 60                       # seconds, whatever was asked for
    sandbox.faults.expires_in = "missing"                # or "one less"; "asked" is normal
    sandbox.faults.opaque_tokens = True                  # tokens that are no JWT
    sandbox.faults.clock_skew = -300                     # seconds; moves Date, iat and exp, not the life
    sandbox.faults.error_style = "code"                  # the token endpoint's other spelling of errors

*Events*: things that happen to tokens, apps and jobs.

    sandbox.faults.revoke(token)                         # revoke() takes every token there is
    sandbox.faults.disable_app()
    sandbox.faults.end_next_job("InternalError")         # or "Failed", "Cancelled"
    sandbox.faults.hold_jobs(at=42)                      # jobs stand at 42 % until release_jobs()

`sandbox.faults.clear()` makes everything well again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from dolbyio_nb.sandbox.accounts import App, Apps, Tokens
from dolbyio_nb.sandbox.http_error import EXPIRED, Ending, HttpError, row_for
from dolbyio_nb.sandbox.http_messages import DROPPED, Request, Response
from dolbyio_nb.sandbox.job_runner import Hold

Serve = Callable[[Request], Response]
Act = Callable[[Request, Serve], Response]
PLACES = ("token", "media", "storage", "any")


@dataclass
class _Rule:
    at: str
    left: int | None
    act: Act

    def is_for(self, request: Request) -> bool:
        if self.at.startswith("/"):
            return request.path.startswith(self.at)
        return self.at in ("any", request.at)


class Rules:
    """The rules of one sandbox, first come first served."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._changed = threading.Condition()
        self._closed = False
        self._cleared = 0

    def add(self, at: str, times: int | None, act: Act) -> None:
        """Let the next `times` requests at a place (None: all of them) be answered by `act`."""
        if at not in PLACES and not at.startswith("/"):
            raise ValueError(f'at is "token", "media", "storage", "any" or a path; not {at!r}')
        with self._changed:
            self._rules.append(_Rule(at, times, act))

    def take(self, request: Request) -> Act:
        """How to answer a request: as ordered, or as it should be."""
        with self._changed:
            rule = next((rule for rule in self._rules if rule.is_for(request)), None)
            if rule and rule.left is not None:
                rule.left -= 1
                if rule.left <= 0:
                    self._rules.remove(rule)
        return rule.act if rule else _serve

    def pausing(self, seconds: float | None) -> Act:
        """Waits, for ever if None, then serves; drops the connection when `clear()` or the stop ends that."""
        given = self._cleared

        def act(request: Request, serve: Serve) -> Response:
            with self._changed:
                ended = self._changed.wait_for(lambda: self._closed or self._cleared != given, seconds)
            return DROPPED if ended else serve(request)

        return act

    def clear(self) -> None:
        """Forget every rule, and end what waits."""
        with self._changed:
            self._rules.clear()
            self._cleared += 1
            self._changed.notify_all()

    def start(self) -> None:
        self._closed = False

    def stop(self) -> None:
        """End what waits; the rules stay for the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def failing(status: int, body: str, retry_after: str | None) -> Act:
    """Refuses: as the service does, with a gateway's HTML page, or with nothing to read."""

    def act(request: Request, _: Serve) -> Response:
        if body == "json":
            raise HttpError(row_for(status), _detail(status, request), retry_after=retry_after)
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        if body == "empty":
            return Response(status, headers)
        page = f"<html><body><h1>{status} {row_for(status).title}</h1></body></html>"
        return Response(status, {"Content-Type": "text/html", **headers}, page.encode())

    return act


def cutting(after: int) -> Act:
    """Breaks off the true answer."""
    return lambda request, serve: replace(serve(request), cut_after=after)


def dropping(_: Request, __: Serve) -> Response:
    """Closes the connection."""
    return DROPPED


def _serve(request: Request, serve: Serve) -> Response:
    return serve(request)


def _detail(status: int, request: Request) -> str:
    if status != EXPIRED.status:
        return "Ordered by sandbox.faults"
    return "App key or App secret is missing or wrong" if request.at == "token" else "Access Token expired"


class Faults:
    """What one sandbox was told to do wrong; the module's text shows the vocabulary."""

    token_life: float | None
    expires_in: Literal["asked", "one less", "missing"]
    opaque_tokens: bool
    clock_skew: float
    error_style: Literal["full", "status", "code", "oauth"]

    def __init__(self, apps: Apps, tokens: Tokens, rules: Rules, hold: Hold) -> None:
        self._apps = apps
        self._tokens = tokens
        self._rules = rules
        self._hold = hold
        self._reset_habits()

    def fail(
        self,
        status: int = 503,
        *,
        at: str = "media",
        times: int | None = 1,
        body: Literal["json", "html", "empty"] = "json",
        retry_after: float | datetime | None = None,
    ) -> None:
        """Answer with an error status; the body is the service's own, a gateway's HTML page, or nothing."""
        self._rules.add(at, times, failing(status, body, _retry_after(retry_after)))

    def rate_limit(
        self, retry_after: float | datetime | None = None, *, at: str = "media", times: int | None = 1
    ) -> None:
        """Answer 429, with `Retry-After` in seconds or as a date."""
        self.fail(429, at=at, times=times, retry_after=retry_after)

    def hang(self, *, at: str = "media", times: int | None = 1) -> None:
        """Take the request and say nothing; the connection closes at `clear()` or when the sandbox stops."""
        self._rules.add(at, times, self._rules.pausing(None))

    def drop(self, *, at: str = "media", times: int | None = 1) -> None:
        """Close the connection without an answer."""
        self._rules.add(at, times, dropping)

    def cut(self, after: int = 0, *, at: str = "storage", times: int | None = 1) -> None:
        """Close the connection after the head and `after` bytes of the true answer's body."""
        self._rules.add(at, times, cutting(after))

    def slow(self, seconds: float, *, at: str = "media", times: int | None = 1) -> None:
        """Wait before giving the true answer."""
        self._rules.add(at, times, self._rules.pausing(seconds))

    def revoke(self, token: str | None = None) -> None:
        """Forget a token, or all of them; calls that carry it are then refused."""
        if token is None:
            self._tokens.revoke_all()
        elif not self._tokens.revoke(token):
            raise ValueError("this sandbox did not issue that token, or it was revoked before")

    def disable_app(self, app: App | None = None) -> None:
        """Answer 403 to an app's key and tokens, until `clear()`; by default to every app there is."""
        self._apps.disable(app)

    def end_next_job(self, status: Ending = "Failed") -> None:
        """Let the next job that starts end this way, without doing its work."""
        self._hold.end_next(status)

    def hold_jobs(self, at: int = 0) -> None:
        """Stop every job as `Running` once it has reached `at` percent, until `release_jobs()`."""
        self._hold.hold(at)

    def release_jobs(self) -> None:
        """Let held jobs go on."""
        self._hold.release()

    def clear(self) -> None:
        """Behave well again. What was revoked stays revoked."""
        self._rules.clear()
        self._hold.clear()
        self._apps.enable_all()
        self._reset_habits()

    def _reset_habits(self) -> None:
        self.token_life = None
        self.expires_in = "asked"
        self.opaque_tokens = False
        self.clock_skew = 0.0
        self.error_style = "full"


def _retry_after(value: float | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return None if value is None else f"{value:g}"
