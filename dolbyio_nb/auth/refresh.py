"""Refresh policy: when a token is renewed."""

from copy import copy
from dataclasses import dataclass, replace
from enum import Enum
from math import inf
from random import Random

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.errors import TokenError, TokenRefused

SOFT_FROM, SOFT_TO = (
    0.60,
    0.85,
)  # of the life; drawn anew each time, so that a hub's kernels do not renew in step
DEAD_EARLY, DEAD_EARLY_SHARE = 5.0, 0.10  # seconds and share: a request needs time to arrive
HARD_EARLY, HARD_EARLY_SHARE = 30.0, 0.05  # seconds and share: from here on an answer is worth a short wait


class Age(Enum):
    """How far a token is through its life, and what an ask for it gets."""

    FRESH = "handed out"
    SOFT = "handed out, and renewed meanwhile"
    HARD = "handed out after a short wait for a new one"
    DEAD = "never handed out"


@dataclass(frozen=True, slots=True)
class Holding:
    """A token and the moments at which it grows older; a new token is a new holding, never a changed one."""

    token: AccessToken
    soft: float
    hard: float
    dead: float
    generation: int

    @classmethod
    def of(cls, token: AccessToken, generation: int, rng: Random) -> "Holding":
        """Draw the windows of a token from its life, which counts from just before it was asked for."""
        life, born = token.life, token.born
        dead = life - min(DEAD_EARLY, DEAD_EARLY_SHARE * life)
        hard = dead - min(HARD_EARLY, HARD_EARLY_SHARE * life)
        soft = rng.uniform(SOFT_FROM, SOFT_TO) * life
        return cls(token, born + soft, born + hard, born + dead, generation)

    def age(self, now: float) -> Age:
        """Tell how old the token is at `now`."""
        if now < self.soft:
            return Age.FRESH
        if now < self.hard:
            return Age.SOFT
        return Age.HARD if now < self.dead else Age.DEAD

    @property
    def is_alive(self) -> bool:
        """Whether there is a token here that nobody has refused yet."""
        return self.dead > -inf

    def softened(self) -> "Holding":
        """Return this token as one that should be renewed, and is still good."""
        return replace(self, soft=-inf)

    def killed(self) -> "Holding":
        """Return this token as one that must not be handed out again."""
        return replace(self, soft=-inf, hard=-inf, dead=-inf)


NOTHING = Holding(AccessToken("", life=0.0, born=-inf), soft=-inf, hard=-inf, dead=-inf, generation=0)

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


@dataclass(frozen=True)
class KeeperStatus:
    """How the token is doing.

    Attributes:
        state: `fresh`; `renewing`; `stale` (to be renewed at the next try or the next use); `refused` (the
            service refuses the credentials); or `logged out`.
        expires_at, renews_at, next_try: seconds since the epoch, to show and never to decide by, or None.
        last_error: why the last renewal failed, or an empty string.
        life: seconds of life that the present token was given, or None.
    """

    state: str = "logged out"
    expires_at: float | None = None
    renews_at: float | None = None
    next_try: float | None = None
    last_error: str = ""
    life: float | None = None


def describe(
    held: Holding, trouble: Trouble | None, *, flying: bool, now: float, wall: float
) -> KeeperStatus:
    """Put into words how a keeper is doing at `now`, which on the wall clock is `wall`."""
    ahead = wall - now
    token, is_something = held.token, held.generation != NOTHING.generation
    return KeeperStatus(
        state=_state(held, trouble, flying, now),
        expires_at=token.born + token.life + ahead if is_something else None,
        renews_at=held.soft + ahead if now < held.soft else None,
        next_try=max(held.soft, trouble.retry_at, now) + ahead if trouble else None,
        last_error=str(trouble.error) if trouble else "",
        life=token.life if is_something else None,
    )


def _state(held: Holding, trouble: Trouble | None, flying: bool, now: float) -> str:
    if trouble and trouble.final:
        return "refused"
    if flying:
        return "renewing"
    if held.generation == NOTHING.generation and not trouble:
        return "logged out"
    return "fresh" if held.age(now) is Age.FRESH else "stale"
