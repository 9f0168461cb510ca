"""Reading from a client within limits: a request that drips or stalls ends, and frees its thread."""

import io
import socket
import time
from typing import Any

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
