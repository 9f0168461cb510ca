"""HTTP messages, without sockets."""

import json
import math
from collections.abc import Mapping
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
