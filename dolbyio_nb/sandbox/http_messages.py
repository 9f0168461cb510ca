"""HTTP messages, without sockets: read from a client within limits, and logged without secrets."""

import hashlib
import io
import json
import math
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BufferedIOBase
from typing import Any, BinaryIO, Literal, Protocol
from urllib.parse import parse_qsl

from dolbyio_nb.sandbox.http_error import TOO_LARGE, VALIDATION, HttpError

Place = Literal["token", "media", "storage"]
LARGEST_MESSAGE = 1024 * 1024  # of a form or JSON body; files go to storage

_LONGEST_LINE = 1024


class Body(Protocol):
    """Bytes that a client is sending, read as they come."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


@dataclass(frozen=True)
class Request:
    """One request: `headers` have lower-case names, `path` is decoded, `length` is None when not told."""

    at: Place
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default=None, repr=False)
    length: int | None = 0

    def read(self) -> bytes:
        """The whole body of a form or JSON request."""
        parts, size = [], 0
        while self.body and (part := self.body.read(65536)):
            size += len(part)
            if size > LARGEST_MESSAGE:
                raise HttpError(TOO_LARGE, f"Request body is larger than {LARGEST_MESSAGE} bytes")
            parts.append(part)
        return b"".join(parts)

    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body."""
        text = self.read().decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))

    def json(self) -> dict[str, Any]:
        """The JSON object in the body; anything else is refused."""
        try:
            value = json.loads(self.read(), parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError):
            raise HttpError(VALIDATION, "Request body contains invalid json") from None
        if not isinstance(value, dict):
            raise HttpError(VALIDATION, "Request body must be a json object")
        return value


@dataclass(frozen=True)
class FilePart:
    """A stretch of an open file, sent without reading it into memory; whoever sends it closes it."""

    file: BinaryIO
    offset: int
    count: int


@dataclass(frozen=True)
class Response:
    """One answer; the connection breaks `cut_after` bytes of the body, or before any answer if `dropped`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | FilePart = field(default=b"", repr=False)
    cut_after: int | None = None
    dropped: bool = False

    @property
    def length(self) -> int:
        return self.body.count if isinstance(self.body, FilePart) else len(self.body)

    def with_header(self, name: str, value: str) -> "Response":
        """The same answer with one header more."""
        return replace(self, headers={**self.headers, name: value})


DROPPED = Response(0, dropped=True)


def json_response(value: object, status: int = 200) -> Response:
    """A JSON answer, typed the way Dolby's own clients insist on."""
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


class BrokenBodyError(ConnectionError):
    """The client stopped in the middle of its request."""


class PlainBody:
    """A body whose length was told."""

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int) -> bytes:
        if not self._left:
            return b""
        block = self._stream.read1(min(size, self._left))
        if not block:
            raise BrokenBodyError("the request ended early")
        self._left -= len(block)
        return block


class ChunkedBody:
    """A body in chunks, each with its own length; trailers are read and dropped."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._chunk: PlainBody | None = None
        self._ended = False

    def read(self, size: int) -> bytes:
        while not self._ended:
            if self._chunk and (block := self._chunk.read(size)):
                return block
            self._next_chunk()
        return b""

    def _next_chunk(self) -> None:
        if self._chunk and self._line():
            raise HttpError(VALIDATION, "A chunk is longer than it said")
        digits = self._line().partition(b";")[0].strip()
        if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
            raise HttpError(VALIDATION, "A chunk has no length")
        length = int(digits, 16)
        self._chunk = PlainBody(self._stream, length)
        if length == 0:
            self._ended = True
            while self._line():
                pass

    def _line(self) -> bytes:
        line = self._stream.readline(_LONGEST_LINE)
        if not line:
            raise BrokenBodyError("the request ended early")
        if not line.endswith(b"\n"):
            raise HttpError(VALIDATION, "A line of the chunked body does not end")
        return line.rstrip(b"\r\n")


HEAD_TIMEOUT = 60.0  # seconds for the next request's head, in all: also how long a kept connection may idle
SILENCE_TIMEOUT = 60.0  # seconds without a byte, or to send one answer's block
GRACE = 30.0  # seconds that a body may take whatever its size …
FLOOR = 4096  # … and bytes per second that it must bring after them


class PacedSocket(io.RawIOBase):
    """The bytes of a socket. Only time spent waiting for the client counts, not what its request takes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._floor: int | None = None
        self.expect_head()

    def expect_head(self) -> None:
        """Let a new request begin."""
        self._waited, self._came, self._grace, self._floor = 0.0, 0, HEAD_TIMEOUT, None

    def expect_body(self) -> None:
        """Let the request's body come, as long as it comes fast enough."""
        self._waited, self._came, self._grace, self._floor = 0.0, 0, GRACE, FLOOR

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there; raises TimeoutError when the client took too long."""
        left = self._grace - self._waited + (self._came / self._floor if self._floor else 0.0)
        if left <= 0:
            raise TimeoutError("the client is too slow")
        begun = time.monotonic()
        self._connection.settimeout(min(left, SILENCE_TIMEOUT))
        try:
            count = self._connection.recv_into(buffer)
        finally:
            self._waited += time.monotonic() - begun
            self._connection.settimeout(SILENCE_TIMEOUT)
        self._came += count
        return count


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
