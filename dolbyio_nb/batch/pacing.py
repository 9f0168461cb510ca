"""Pacing: one pause for everybody when the service asks for it, and the time of the next look."""

from collections.abc import Callable

from dolbyio_nb.errors import DolbyError, NotSent, RateLimited, ServiceUnavailable, TokenUnavailable
from dolbyio_nb.http.retry import POLL, RetryPolicy

RETRYABLE = (RateLimited, ServiceUnavailable, TokenUnavailable)
"""What may be over in a while, for all items alike."""
NOT_STARTED = (RateLimited, NotSent, TokenUnavailable)
"""Answers after which it is certain that no job was started."""


class CommonPause:
    """A pause that holds for all calls to the service, and ends the run when it lasts too long."""

    def __init__(self, clock: Callable[[], float], policy: RetryPolicy = POLL) -> None:
        self._clock, self._policy = clock, policy
        self._failures, self._until = 0, 0.0
        self._since: float | None = None

    @property
    def left(self) -> float:
        """The seconds that nobody may call for."""
        return max(0.0, self._until - self._clock())

    def succeeded(self) -> None:
        """A call got through."""
        self._failures, self._since = 0, None

    def failed(self, error: DolbyError) -> bool:
        """Pause; failures of calls that were under way already count once. False when it is enough."""
        now = self._clock()
        asked = min(_asked(error), self._policy.longest_retry_after)
        if now >= self._until:
            self._failures += 1
        self._until = max(self._until, now + max(asked, self._policy.pause(self._failures)))
        if isinstance(error, RateLimited):
            return True  # it answers, and says when to come back
        self._since = now if self._since is None else self._since
        return now - self._since < self._policy.patience


class LookPace:
    """The time of the next look at the jobs: soon while they end, later and later while none does."""

    def __init__(self, clock: Callable[[], float], policy: RetryPolicy = POLL) -> None:
        self._clock = clock
        self.shortest, self._longest = 4 * policy.first_pause, 2 * policy.longest_pause
        self._growth = policy.growth
        self._pause, self._next = policy.first_pause, clock() + policy.first_pause

    @property
    def left(self) -> float:
        """The seconds until the next look."""
        return max(0.0, self._next - self._clock())

    def looked(self, some_ended: bool) -> None:
        """Choose the time of the next look."""
        slower = min(max(self._pause, self.shortest) * self._growth, self._longest)
        self._pause = self.shortest if some_ended else slower
        self._next = self._clock() + self._pause


def _asked(error: DolbyError) -> float:
    if isinstance(error, TokenUnavailable):
        return error.retry_after or 0.0
    response = getattr(error, "response", None)
    return (response.retry_after if response else None) or 0.0
