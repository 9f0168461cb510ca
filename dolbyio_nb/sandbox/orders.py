"""Answers that were ordered: which requests they are for, and what each does to one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from .messages import DROPPED, Request, Response
from .problems import EXPIRED, Problem, row_for

Serve = Callable[[Request], Response]
Act = Callable[[Request, Serve], Response]

PLACES = ("token", "media", "storage", "any")


@dataclass
class _Order:
    at: str
    left: int | None
    act: Act

    def is_for(self, request: Request) -> bool:
        if self.at.startswith("/"):
            return request.path.startswith(self.at)
        return self.at in ("any", request.at)


class Orders:
    """The orders of one sandbox, first come first served."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._changed = threading.Condition()
        self._closed = False
        self._cleared = 0

    def add(self, at: str, times: int | None, act: Act) -> None:
        """Let the next `times` requests at a place (None: all of them) be answered by `act`."""
        if at not in PLACES and not at.startswith("/"):
            raise ValueError(f'at is "token", "media", "storage", "any" or a path; not {at!r}')
        with self._changed:
            self._orders.append(_Order(at, times, act))

    def take(self, request: Request) -> Act:
        """How to answer a request: as ordered, or as it should be."""
        with self._changed:
            order = next((order for order in self._orders if order.is_for(request)), None)
            if order and order.left is not None:
                order.left -= 1
                if order.left <= 0:
                    self._orders.remove(order)
        return order.act if order else _serve

    def pausing(self, seconds: float | None) -> Act:
        """Waits, for ever if None, then serves; drops the connection when `clear()` or the stop ends that."""
        given = self._cleared

        def act(request: Request, serve: Serve) -> Response:
            with self._changed:
                ended = self._changed.wait_for(lambda: self._closed or self._cleared != given, seconds)
            return DROPPED if ended else serve(request)

        return act

    def clear(self) -> None:
        """Forget every order, and end what waits."""
        with self._changed:
            self._orders.clear()
            self._cleared += 1
            self._changed.notify_all()

    def start(self) -> None:
        self._closed = False

    def stop(self) -> None:
        """End what waits; the orders stay for the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def failing(status: int, body: str, retry_after: str | None) -> Act:
    """Refuses: as the service does, with a gateway's HTML page, or with nothing to read."""

    def act(request: Request, _: Serve) -> Response:
        if body == "json":
            raise Problem(row_for(status), _detail(status, request), retry_after=retry_after)
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
