"""When to ask again: after a failure, and after the API refused a token."""

from copy import copy
from dataclasses import dataclass, replace
from math import inf
from random import Random

from dolbyio_nb.errors import TokenError, TokenRefused

SHORTEST_INTERVAL = 1.0  # seconds from one request to the next, whatever happens
FIRST_WAIT = 5.0  # seconds; doubled with each failure in a row
LONGEST_WAIT = 60.0  # seconds; a service that is back is noticed within a minute
TRIES_LEFT = 3  # a token that still lives gets this many more tries before it dies
LONGEST_RETRY_AFTER = 300.0  # seconds; a longer wish is more likely a mistake than a wish
PROBE_INTERVAL = 60.0  # seconds between questions to a service that has refused the credentials
UNPROVEN_LIMIT = 2  # tokens refused in a row, none ever accepted: then the trouble is not the token
DEAF_FOR = 60.0  # seconds without reaction to a 401 after that


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed request: what it said, and when the next one may be sent.

    `retry_at` is for the keeper's own tries; `not_before` is also for a person who insists.
    """

    error: TokenError
    failures: int
    retry_at: float
    not_before: float

    @property
    def final(self) -> bool:
        """Whether the credentials were refused, so that trying again by itself helps nobody."""
        return isinstance(self.error, TokenRefused)


def after_failure(
    error: TokenError, previous: Trouble | None, *, now: float, dead: float, rng: Random
) -> Trouble:
    """Decide when to try again after `error`, at `now`, with a token that lives until `dead`."""
    failures = previous.failures + 1 if previous else 1
    if isinstance(error, TokenRefused):
        return Trouble(error, failures, now + PROBE_INTERVAL, now + PROBE_INTERVAL)
    asked_for = min(error.retry_after or 0.0, LONGEST_RETRY_AFTER)
    wait = max(_back_off(failures, dead - now, rng), asked_for)
    return Trouble(error, failures, now + wait, now + max(SHORTEST_INTERVAL, asked_for))


def _back_off(failures: int, life_left: float, rng: Random) -> float:
    share = life_left / TRIES_LEFT if life_left > 0 else inf  # once dead there is nothing left to save
    wait: float = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT, share)
    return max(rng.uniform(0.5, 1.0) * wait, SHORTEST_INTERVAL)


def clean_copy(error: TokenError) -> TokenError:
    """Copy an error, to keep it or raise it again, without its traceback, whose frames may hold a secret."""
    return copy(error)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the API thinks of the tokens it was shown, by their generation."""

    accepted: int = 0
    refused_in_a_row: int = 0
    deaf_until: float = -inf

    def after_acceptance(self, generation: int) -> "Verdicts":
        """Remember that the API accepted this token."""
        return replace(self, accepted=generation, refused_in_a_row=0)

    def after_refusal(self, generation: int, now: float) -> "Verdicts":
        """Remember a refusal; the second in a row of tokens never accepted makes deaf for a while."""
        refused = 0 if generation == self.accepted else self.refused_in_a_row + 1
        if refused < UNPROVEN_LIMIT:
            return replace(self, refused_in_a_row=refused)
        return replace(self, refused_in_a_row=0, deaf_until=now + DEAF_FOR)
