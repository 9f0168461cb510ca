"""How the keeper is doing, in values for people."""

from dataclasses import dataclass

from dolbyio_nb.keeper.policy import Trouble
from dolbyio_nb.keeper.windows import NOTHING, Age, Holding


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
