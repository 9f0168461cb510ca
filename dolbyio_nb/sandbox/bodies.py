"""Request bodies as they come off the wire: of a told length, or chunked."""

from io import BufferedIOBase

from .problems import VALIDATION, Problem

_LONGEST_LINE = 1024


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
            raise Problem(VALIDATION, "A chunk is longer than it said")
        digits = self._line().partition(b";")[0].strip()
        if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
            raise Problem(VALIDATION, "A chunk has no length")
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
            raise Problem(VALIDATION, "A line of the chunked body does not end")
        return line.rstrip(b"\r\n")
