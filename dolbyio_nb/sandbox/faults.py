"""Misbehaviour to order, so that you can see what your notebook does on a bad day.

Three kinds. *Answers*: the next requests at a place go wrong, `times` times (None: until `clear()`).

    sandbox.faults.fail(503, at="token", times=2, body="html")
    sandbox.faults.fail(401)                             # the next Media call: "Access Token expired"
    sandbox.faults.rate_limit(retry_after=3)             # or a datetime, sent as an HTTP date
    sandbox.faults.hang(at="token")                      # answers when the sandbox stops, or after clear()
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
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from .apps import App, Apps
from .messages import DROPPED, Request, Response
from .problems import EXPIRED, Problem, row_for
from .tokens import Tokens

Serve = Callable[[Request], Response]
Act = Callable[[Request, Serve], Response]
Ending = Literal["Failed", "Cancelled", "InternalError"]


@dataclass
class _Order:
    at: str
    left: int | None
    act: Act

    def matches(self, request: Request) -> bool:
        if self.at.startswith("/"):
            return request.path.startswith(self.at)
        return self.at in ("any", request.at)


class Faults:
    """What one sandbox was told to do wrong; the module's text shows the vocabulary."""

    token_life: float | None
    expires_in: Literal["asked", "one less", "missing"]
    opaque_tokens: bool
    clock_skew: float
    error_style: Literal["full", "status", "code", "oauth"]

    _orders: list[_Order]
    _endings: list[Ending]
    _held_at: int | None

    def __init__(self, apps: Apps, tokens: Tokens) -> None:
        self._apps = apps
        self._tokens = tokens
        self._changed = threading.Condition()
        self._closed = False
        self._generation = 0
        self._reset()

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
        wait = _retry_after(retry_after)

        def act(request: Request, _: Serve) -> Response:
            if body == "json":
                raise Problem(row_for(status), _detail(status, request.at), retry_after=wait)
            return _gateway_answer(status, body, wait)

        self._order(at, times, act)

    def rate_limit(
        self, retry_after: float | datetime | None = None, *, at: str = "media", times: int | None = 1
    ) -> None:
        """Answer 429, with `Retry-After` in seconds or as a date."""
        self.fail(429, at=at, times=times, retry_after=retry_after)

    def hang(self, *, at: str = "media", times: int | None = 1) -> None:
        """Take the request and say nothing; the connection closes at `clear()` or when the sandbox stops."""
        given = self._generation

        def act(_: Request, __: Serve) -> Response:
            self._wait(given, None)
            return DROPPED

        self._order(at, times, act)

    def drop(self, *, at: str = "media", times: int | None = 1) -> None:
        """Close the connection without an answer."""
        self._order(at, times, lambda _, __: DROPPED)

    def cut(self, after: int = 0, *, at: str = "storage", times: int | None = 1) -> None:
        """Close the connection after the head and `after` bytes of the true answer's body."""
        self._order(at, times, lambda request, serve: replace(serve(request), cut_after=after))

    def slow(self, seconds: float, *, at: str = "media", times: int | None = 1) -> None:
        """Wait before giving the true answer."""
        given = self._generation

        def act(request: Request, serve: Serve) -> Response:
            return serve(request) if self._wait(given, seconds) else DROPPED

        self._order(at, times, act)

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
        with self._changed:
            self._endings.append(status)

    def hold_jobs(self, at: int = 0) -> None:
        """Stop every job as `Running` once it has reached `at` percent, until `release_jobs()`."""
        with self._changed:
            self._held_at = at

    def release_jobs(self) -> None:
        """Let held jobs go on."""
        with self._changed:
            self._held_at = None
            self._changed.notify_all()

    def clear(self) -> None:
        """Behave well again: no orders, no habits, all apps enabled, hangs closed, jobs released."""
        with self._changed:
            self._reset()
            self._changed.notify_all()

    def take(self, request: Request) -> Act:
        """How to answer a request: as ordered, or as it should be."""
        with self._changed:
            order = next((order for order in self._orders if order.matches(request)), None)
            if order and order.left is not None:
                order.left -= 1
                if order.left <= 0:
                    self._orders.remove(order)
        return order.act if order else _serve

    def next_ending(self) -> Ending | None:
        """The ending ordered for the job that starts now."""
        with self._changed:
            return self._endings.pop(0) if self._endings else None

    def hold(self, percent: int, give_up: Callable[[], bool]) -> None:
        """Keep a job waiting while jobs are held; `give_up` is asked every 50 ms."""
        with self._changed:
            while self._held_at is not None and percent >= self._held_at and not give_up():
                self._changed.wait(0.05)

    def start(self) -> None:
        """The sandbox starts."""
        self._closed = False

    def stop(self) -> None:
        """The sandbox stops: nothing hangs any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _reset(self) -> None:
        self._orders = []
        self._endings = []
        self._held_at = None
        self._generation += 1
        self._apps.enable_all()
        self.token_life = None
        self.expires_in = "asked"
        self.opaque_tokens = False
        self.clock_skew = 0.0
        self.error_style = "full"

    def _order(self, at: str, times: int | None, act: Act) -> None:
        if at not in ("token", "media", "storage", "any") and not at.startswith("/"):
            raise ValueError(f'at is "token", "media", "storage", "any" or a path; not {at!r}')
        with self._changed:
            self._orders.append(_Order(at, times, act))

    def _wait(self, given: int, seconds: float | None) -> bool:
        """Wait for the time to pass or for a `clear()` since the order was given; False if stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._generation != given, seconds)
            return not self._closed


def _serve(request: Request, serve: Serve) -> Response:
    return serve(request)


def _detail(status: int, at: str) -> str:
    if status != EXPIRED.status:
        return "Ordered by sandbox.faults"
    return "App key or App secret is missing or wrong" if at == "token" else "Access Token expired"


def _gateway_answer(status: int, body: str, wait: str | None) -> Response:
    headers = {} if wait is None else {"Retry-After": wait}
    if body == "empty":
        return Response(status, headers)
    page = f"<html><body><h1>{status} {row_for(status).title}</h1></body></html>"
    return Response(status, {"Content-Type": "text/html", **headers}, page.encode())


def _retry_after(value: float | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return None if value is None else f"{value:g}"
