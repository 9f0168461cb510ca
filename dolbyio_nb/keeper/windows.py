"""How long a token is good for: four ages, drawn from its life."""

from dataclasses import dataclass, replace
from enum import Enum
from math import inf
from random import Random

from dolbyio_nb.tokens import AccessToken

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
