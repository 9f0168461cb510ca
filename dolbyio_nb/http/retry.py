"""Retry policies, five in one table, and the one loop that runs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter

from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.http import connections
from dolbyio_nb.http.error_response import retry_after
from dolbyio_nb.http.limits import TIME_LIMITS, OutOfTime, Speed, Total, begin_attempt, limited, sleep

Gives = TypeVar("Gives")
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110, 9.2.2
RETRYABLE_STATUS = frozenset({502, 503, 504})  # a gateway's words for "not now"
NO_ANSWER, NO_JSON, TOO_MANY = 0, 200, 429  # 200: something else than the service answered
UNAVAILABLE = frozenset({NO_ANSWER, NO_JSON, TOO_MANY, *range(500, 600)})


@dataclass(frozen=True)
class RetryPolicy:
    """Which failures are tried again, how often and for how long. All times in seconds.

    Attributes:
        statuses: the HTTP statuses that may pass; 0 stands for no answer.
        attempts: how often at most, the first time included.
        first_pause, growth, longest_pause: the pause after the first failure, what it grows by, and its end.
        longest_retry_after: the longest `Retry-After` that is waited for. A longer one ends a policy of few
            attempts, as who is told to wait for an hour had better know; without an end, it counts as this.
        total: the time for all attempts and pauses.
        patience: how long failures in a row may last.
    """

    statuses: frozenset[int]
    attempts: float
    first_pause: float
    growth: float
    longest_pause: float
    longest_retry_after: float
    total: float
    patience: float = inf

    def wish(self, status: int, retry_after: float | None = None) -> float | None:
        """Give the seconds to wait at least before the next attempt; None when there should be none."""
        asked = retry_after or 0.0
        if status not in self.statuses or (asked > self.longest_retry_after and self.attempts < inf):
            return None
        return min(asked, self.longest_retry_after)

    def pause(self, failures: int) -> float:
        """Give the pause after so many failures in a row."""
        return min(self.first_pause * self.growth ** min(failures - 1, 50), self.longest_pause)


# fmt: off
#                      which failures                        times  first  grow longest asked    total  row
API      = RetryPolicy(RETRYABLE_STATUS | {NO_ANSWER},           4,  0.5,   2.0,   4.0,  30.0,  180.0)
TRANSFER = RetryPolicy(UNAVAILABLE | {403},                      3,  1.0,   4.0,   4.0,  30.0,    inf)
POLL     = RetryPolicy(UNAVAILABLE,                            inf,  0.25,  1.5,   5.0, 300.0, 86400.0, 300.0)
TOKEN    = RetryPolicy(UNAVAILABLE | {408, 425},               inf,  5.0,   2.0,  60.0, 300.0,    inf)
ONCE     = RetryPolicy(frozenset(),                              1,  0.0,   1.0,   0.0,   0.0,    inf)
# fmt: on
# 403 is how storage refuses an address that has expired; the next attempt has a new one.
# ONCE: what may have started a job, what can be read once only, and each attempt of a transfer.


class Attempts:
    """One run of a policy: how many attempts it took, and how much time is left."""

    def __init__(
        self,
        policy: RetryPolicy,
        clock: Clock = now,
        sleep: Callable[[float], None] = sleep,
        total: float | None = None,
    ) -> None:
        self._policy, self._clock, self._sleep = policy, clock, sleep
        self._end = clock() + (policy.total if total is None else total)
        self._count = 0
        self._failing_since: float | None = None

    @property
    def left(self) -> float:
        """The seconds that are left; 0.0 when none are."""
        return max(0.0, self._end - self._clock())

    def tolerates(self, failed: bool) -> bool:
        """Take note of a failure, or of the end of failures; False when they have lasted too long."""
        if not failed:
            self._failing_since = None
            return True
        if self._failing_since is None:
            self._failing_since = self._clock()
        return self._clock() - self._failing_since < self._policy.patience

    def sleep(self, at_least: float = 0.0) -> bool:
        """Let time pass before the next attempt; False when there is to be none."""
        self._count += 1
        pause = max(self._policy.pause(self._count), at_least)
        if self._count >= self._policy.attempts or not self.left:
            return False
        if pause > self.left and self._policy.attempts < inf:
            return False
        self._sleep(min(pause, self.left))
        return True


def run(
    attempts: Attempts, once: Callable[[], Gives], wish: Callable[[Gives | BaseException], float | None]
) -> Gives:
    """Make attempts until one is final, and give its outcome or raise its error.

    Args:
        once: makes one attempt.
        wish: looks at an outcome, and gives the seconds to wait at least before another attempt, or None
            when the outcome is final.
    """
    while True:
        outcome = kept(once)
        asked = wish(outcome)
        if asked is None or not attempts.sleep(asked):
            break
        del outcome
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def kept(once: Callable[[], Gives]) -> Gives | BaseException:
    """Make one attempt, and keep its failure without its traceback: those frames hold headers, addresses."""
    try:
        return once()
    except BaseException as error:
        failure: Any = error
    failure.__cause__ = failure.__context__ = None
    return failure.with_traceback(None)  # type: ignore[no-any-return]  # an exception again


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
        policy: RetryPolicy = API,
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

        return run(Attempts(policy, self._clock, self._sleep), once, self._wish)

    def _wish(self, outcome: requests.Response | BaseException) -> float | None:
        if isinstance(outcome, BaseException):
            passes = isinstance(outcome, MAY_PASS) and not isinstance(outcome, WILL_NOT_PASS)
            return self.policy.wish(NO_ANSWER) if passes else None
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
