"""Retry policies, five in one table, and the one loop that runs them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.http.limits import sleep

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
        self._made = 0
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
        self._made += 1
        pause = max(self._policy.pause(self._made), at_least)
        if self._made >= self._policy.attempts or not self.left:
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
