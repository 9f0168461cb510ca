"""Retry policy for idempotent requests."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util.retry import Retry

from dolbyio_nb._util import threads
from dolbyio_nb._util.interrupt import brief_interrupt
from dolbyio_nb.http.error_response import retry_after
from dolbyio_nb.http.limits import TIME_LIMITS

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # twice is as good as once
PASSING = frozenset({502, 503, 504})  # a gateway's words for "not now"
REPEATS = 3
FIRST_BACK_OFF = 0.5  # seconds, doubled each time
LONGEST_RETRY_AFTER = 30.0  # seconds; who is told to wait longer had better know than wait
WHOLE = (str, bytes, bytearray, memoryview)  # bodies that can be sent as often as need be


class PassingTrouble(Retry):
    """urllib3's rule for repeating, with this package's reading of `Retry-After`, and an end to patience."""

    RETRY_AFTER_STATUS_CODES = PASSING

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Read the header; a date in it counts from the answer's own date."""
        return retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count a try; give up when the service asks for a longer pause than anybody wants to wait for."""
        if response and _pool and (self.get_retry_after(response) or 0.0) > LONGEST_RETRY_AFTER:
            raise MaxRetryError(_pool, url or "", ResponseError(f"Retry-After over {LONGEST_RETRY_AFTER} s"))
        return super().increment(method, url, response, error, _pool, _stacktrace)


PASSING_TROUBLE = PassingTrouble(
    total=REPEATS,
    allowed_methods=REPEATABLE,
    status_forcelist=PASSING,
    backoff_factor=FIRST_BACK_OFF,
    raise_on_status=False,  # the last answer says more than an error about too many tries
)


class PatientAdapter(HTTPAdapter):
    """Sends requests with time limits, and repeats those that may arrive twice.

    Never repeated: a POST, which may have started a job although no answer came, and a body that can be
    read only once.
    """

    __attrs__ = [*HTTPAdapter.__attrs__, "_once"]  # noqa: RUF012 - requests pickles what this list names

    def __init__(self) -> None:
        self._once = HTTPAdapter(max_retries=0)
        super().__init__(max_retries=PASSING_TROUBLE, pool_maxsize=64)

    @brief_interrupt
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request; what is raised, Ctrl-C too, forgets the frames of urllib3, which hold headers."""
        repeatable = request.method in REPEATABLE and can_replay(request.body)
        send = super().send if repeatable else self._once.send
        try:
            response = send(request, stream, timeout or TIME_LIMITS, verify, cert, proxies)
        except BaseException as trouble:
            error = trouble
        else:
            response.connection = self  # who sends again has time limits, too
            return response
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of connections."""
        super().init_poolmanager(*args, **options)
        self._once.poolmanager, self._once.proxy_manager = self.poolmanager, self.proxy_manager
        threads.register(self)

    def after_fork(self) -> None:
        """Go on in a forked child with new connections; to close the parent's could mean to wait for it."""
        self._parents = self.poolmanager, self.proxy_manager
        self.proxy_manager = {}
        self.init_poolmanager(DEFAULT_POOLSIZE, DEFAULT_POOLSIZE)


def can_replay(body: Any) -> bool:
    """Tell whether a body can be sent more than once."""
    return body is None or isinstance(body, WHOLE) or start_of(body) is not None


def start_of(body: Any) -> int | None:
    """Where a file stands, if it can be brought back there."""
    try:
        position: int = body.tell()
        body.seek(position)
    except (AttributeError, OSError, ValueError):
        return None
    return position


def rewound(body: Any, start: int | None) -> bool:
    """Bring a body back to where it started; False if it is gone."""
    if body is None or isinstance(body, WHOLE):
        return True
    if start is None:
        return False
    try:
        body.seek(start)
    except (OSError, ValueError):
        return False
    return True
