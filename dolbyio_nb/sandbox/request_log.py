"""Request log without secrets."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dolbyio_nb.sandbox.http_messages import Place, Request

KEPT = 10_000
_HIDDEN_QUERY = ("X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential")


@dataclass(frozen=True)
class LoggedRequest:
    """One request. `authorization` is its kind and the digest of its value (see `digest`), or None."""

    at: Place
    method: str
    path: str
    time: float
    authorization: str | None
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)


class RequestLog:
    """The requests of one sandbox in the order of their coming; the last ten thousand are kept."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: deque[LoggedRequest] = deque(maxlen=KEPT)
        self._counts: dict[str, int] = {}
        self._changed = threading.Condition()

    def note(self, request: Request) -> None:
        """Write a request down once its fate is decided, before it is answered: one that hangs is seen."""
        with self._changed:
            self._seen.append(_logged(request, self._clock()))
            self._counts[request.at] = self._counts.get(request.at, 0) + 1
            self._changed.notify_all()

    def count(self, at: Place | None = None) -> int:
        """How many requests came, to one place or in all."""
        with self._changed:
            return self._counts.get(at, 0) if at else sum(self._counts.values())

    def wait(self, at: Place, count: int, timeout: float = 5.0) -> bool:
        """Wait until `count` requests have come to a place; False when they have not within `timeout` s."""
        with self._changed:
            return self._changed.wait_for(lambda: self._counts.get(at, 0) >= count, timeout)

    def clear(self) -> None:
        """Start counting anew."""
        with self._changed:
            self._seen.clear()
            self._counts.clear()

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._changed:
            return iter(list(self._seen))

    def __len__(self) -> int:
        return len(self._seen)


def digest(credentials: str) -> str:
    """What the log keeps of a token (or of the base64 of a Basic header): 12 digits of its SHA-256."""
    return hashlib.sha256(credentials.encode("utf-8", "replace")).hexdigest()[:12]


def _logged(request: Request, now: float) -> LoggedRequest:
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    query = {name: "…" if name in _HIDDEN_QUERY else value for name, value in request.query.items()}
    authorization = f"{kind} {digest(credentials.strip())}" if kind else None
    return LoggedRequest(request.at, request.method, request.path, now, authorization, headers, query)
