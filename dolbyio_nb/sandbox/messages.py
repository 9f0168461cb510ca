"""What comes in and what goes out: requests and responses, free of sockets."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal, Protocol
from urllib.parse import parse_qsl

from .problems import TOO_LARGE, VALIDATION, Problem

Place = Literal["token", "media", "storage"]

LARGEST_MESSAGE = 1024 * 1024  # of a form or JSON body; files go to storage


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
                raise Problem(TOO_LARGE, f"Request body is larger than {LARGEST_MESSAGE} bytes")
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
            raise Problem(VALIDATION, "Request body contains invalid json") from None
        if not isinstance(value, dict):
            raise Problem(VALIDATION, "Request body must be a json object")
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
