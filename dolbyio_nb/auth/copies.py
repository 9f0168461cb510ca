"""Copies of a keeper for other processes: without the secret, with an end that the wall clock tells."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenRefused

YOUNG_SHARE = 0.1  # of the life; a token so young is not renewed once more for a copy


@dataclass(frozen=True)
class TokenCopy:
    """What travels to another process.

    Attributes:
        value: the token.
        lifetime: the seconds that were left of its life.
        end: its end in seconds since the epoch: how long the copy was stored, only the time of day can tell.
    """

    value: str = field(default="", repr=False)
    lifetime: float = 0.0
    end: float = 0.0

    @classmethod
    def of(cls, keeper: TokenKeeper) -> "TokenCopy":
        """Take along the token that the keeper has."""
        token, end = keeper.state.latest, keeper.status().expires_at
        return cls(token.value, token.seconds_left, end) if token is not None and end else cls()


class KeeperCopy(TokenKeeper):
    """A keeper that has the token it took along, by the earlier of both its ends, and gets no other."""

    def __init__(self, copy: TokenCopy) -> None:
        super().__init__(_fetch_without_secret)
        lifetime = min(copy.lifetime, copy.end - time.time())
        if lifetime > 0:
            self.adopt(AccessToken(copy.value, lifetime=lifetime))

    def __reduce__(self) -> tuple[Any, ...]:
        return KeeperCopy, (TokenCopy.of(self),)


def renewed_copy(keeper: TokenKeeper) -> TokenCopy:
    """Renew the token for the journey, if it is no longer young and that can be done; then take it along."""
    token = keeper.state.latest
    if token is None or token.seconds_left <= (1 - YOUNG_SHARE) * token.lifetime:
        with suppress(TokenError, NotLoggedIn):
            keeper.refresh()
    return TokenCopy.of(keeper)


def _fetch_without_secret() -> NoReturn:
    raise TokenRefused(
        "No token: this copy of the log-in cannot renew its own.",
        "The App secret stays in the process that logged in.",
        "Log in here too: dolby = login(). A job goes on meanwhile: dolby.media.job(job_id) picks it up.",
    )
