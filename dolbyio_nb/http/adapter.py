"""Retry adapter: sends requests under limits, and again where that does no harm."""

from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter

from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb._util.interrupt import brief_interrupt
from dolbyio_nb.http import connections, retry
from dolbyio_nb.http.error_response import retry_after
from dolbyio_nb.http.limits import TIME_LIMITS, OutOfTime, Speed, Total, begin_attempt, limited, sleep
from dolbyio_nb.http.retry import IDEMPOTENT_METHODS, ONCE, Attempts, RetryPolicy

REPLAYABLE = (str, bytes, bytearray, memoryview)  # bodies that can be sent as often as need be
MAY_PASS = (requests.ConnectionError, requests.Timeout)
WILL_NOT_PASS = (requests.exceptions.SSLError, requests.exceptions.ProxyError)


class RetryAdapter(HTTPAdapter):
    """Sends requests with time limits, and retries those that may arrive twice.

    Never sent again: a POST, which may have started a job although no answer came, and a body that can be
    read only once.
    """

    __attrs__ = [*HTTPAdapter.__attrs__, "policy"]  # noqa: RUF012 - requests pickles what this list names

    _clock: Clock = staticmethod(now)
    _sleep: Callable[[float], None] = staticmethod(sleep)

    def __init__(
        self,
        policy: RetryPolicy = retry.API,
        clock: Clock = now,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self.policy = policy
        self._clock, self._sleep = clock, sleep
        super().__init__(max_retries=0, pool_maxsize=64)

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
        """Send a request; what is raised, Ctrl-C too, forgets the frames of urllib3, which hold headers."""
        repeatable = request.method in IDEMPOTENT_METHODS and can_replay(request.body)
        start, send = start_of(request.body), super().send
        patience, policy = timeout or TIME_LIMITS, self.policy if repeatable else ONCE
        total = Total(policy.total, self._clock)

        def ask() -> requests.Response:
            return send(request, stream, patience, verify, cert, proxies)

        def once() -> requests.Response:
            rewound(request.body, start)
            begin_attempt(self._clock())
            try:
                return limited(total, lambda: limited(Speed(self._clock), ask))
            except OutOfTime as error:
                raise requests.ReadTimeout(str(error), request=request) from None

        return retry.run(Attempts(policy, self._clock, self._sleep), once, self._wish)

    def _wish(self, outcome: requests.Response | BaseException) -> float | None:
        if isinstance(outcome, BaseException):
            passes = isinstance(outcome, MAY_PASS) and not isinstance(outcome, WILL_NOT_PASS)
            return self.policy.wish(retry.NO_ANSWER) if passes else None
        asked = retry_after(outcome.headers.get("Retry-After"), outcome.headers.get("Date"))
        return self.policy.wish(outcome.status_code, asked)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of connections."""
        super().init_poolmanager(*args, **options)
        connections.limit(self.poolmanager)
        threads.register(self)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        connections.limit(manager)
        return manager

    def after_fork(self) -> None:
        """Go on in a forked child with new connections; to close the parent's could mean to wait for it."""
        self._parents = self.poolmanager, self.proxy_manager
        self.proxy_manager = {}
        self.init_poolmanager(DEFAULT_POOLSIZE, DEFAULT_POOLSIZE)


def can_replay(body: Any) -> bool:
    """Tell whether a body can be sent more than once."""
    return body is None or isinstance(body, REPLAYABLE) or start_of(body) is not None


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
    if body is None or isinstance(body, REPLAYABLE):
        return True
    if start is None:
        return False
    try:
        body.seek(start)
    except (OSError, ValueError):
        return False
    return True
