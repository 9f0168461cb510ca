"""Refresh state: the token of one log-in, its ages, what went wrong with it; and its status for people."""

from dataclasses import dataclass, replace
from enum import Enum
from math import inf
from random import Random

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.errors import TokenError, TokenRefused
from dolbyio_nb.http.redact import scrub

ADVISORY_FROM, ADVISORY_TO = 0.60, 0.85  # of the life; drawn anew, so that kernels do not renew in step
EXPIRY_MARGIN, EXPIRY_MARGIN_SHARE = 5.0, 0.10  # seconds and share: a request needs time to arrive
MANDATORY_MARGIN, MANDATORY_MARGIN_SHARE = 30.0, 0.05  # seconds and share: an answer is worth a short wait
UNPROVEN_LIMIT = 2  # tokens refused in a row, none ever accepted: then the trouble is not the token
IGNORE_401_FOR = 60.0  # seconds without reaction to a 401 after that


class Age(Enum):
    """How far a token is through its life, and what an ask for it gets."""

    FRESH = "handed out"
    ADVISORY = "handed out, and renewed meanwhile"
    MANDATORY = "handed out after a short wait for a new one"
    EXPIRED = "never handed out"


@dataclass(frozen=True, slots=True)
class CachedToken:
    """A token and the moments at which it grows older; `generation` is the number of its request."""

    token: AccessToken
    advisory_at: float
    mandatory_at: float
    expires_at: float
    generation: int

    @classmethod
    def of(cls, token: AccessToken, generation: int, rng: Random) -> "CachedToken":
        """Draw the moments from the token's life, which counts from just before it was asked for."""
        lifetime, issued_at = token.lifetime, token.issued_at
        expiry = lifetime - min(EXPIRY_MARGIN, EXPIRY_MARGIN_SHARE * lifetime)
        mandatory = expiry - min(MANDATORY_MARGIN, MANDATORY_MARGIN_SHARE * lifetime)
        advisory = rng.uniform(ADVISORY_FROM, ADVISORY_TO) * lifetime
        return cls(token, issued_at + advisory, issued_at + mandatory, issued_at + expiry, generation)

    def age(self, now: float) -> Age:
        """Tell how old the token is at `now`."""
        if now < self.advisory_at:
            return Age.FRESH
        if now < self.mandatory_at:
            return Age.ADVISORY
        return Age.MANDATORY if now < self.expires_at else Age.EXPIRED

    def due(self, now: float) -> "CachedToken":
        """Return this token as one to renew before it is handed out, if that is quickly done."""
        return replace(self, advisory_at=min(self.advisory_at, now), mandatory_at=min(self.mandatory_at, now))

    def invalidated(self) -> "CachedToken":
        """Return this token as one that must not be handed out again."""
        return self.until(-inf)

    def until(self, end: float) -> "CachedToken":
        """Return this token as one that is fresh until `end`, and then expired."""
        return replace(self, advisory_at=end, mandatory_at=end, expires_at=end)


NOTHING = CachedToken(AccessToken("", lifetime=0.0, issued_at=-inf), -inf, -inf, -inf, generation=0)


@dataclass(frozen=True, slots=True)
class RefreshFailure:
    """A request that brought no token: what it said, and when the next one may be sent.

    Attributes:
        error: to be raised for want of a token.
        count, since: how many failed in a row, and when the first did.
        generation: the number of the request.
        not_before: nobody asks earlier, not even a person who insists.
        waiting_at: the next try while somebody waits for a token.
        retry_at: the next try ahead of need.
        hopeless: whether waiting for the next try is no use.
    """

    error: TokenError
    count: int
    since: float
    generation: int
    not_before: float
    waiting_at: float
    retry_at: float
    hopeless: bool

    @property
    def final(self) -> bool:
        """Whether the credentials were refused, so that trying again by itself helps nobody."""
        return isinstance(self.error, TokenRefused)


@dataclass(frozen=True, slots=True)
class Rejections:
    """What the API thinks of the tokens it was shown, by their generation."""

    accepted: int = 0
    in_a_row: int = 0
    ignore_401_until: float = -inf

    def accept(self, generation: int) -> "Rejections":
        """Remember that the API accepted this token."""
        return replace(self, accepted=generation, in_a_row=0)

    def reject(self, generation: int, now: float) -> "Rejections":
        """Remember a 401; after the second in a row for tokens never accepted, none counts for a while."""
        in_a_row = 0 if generation == self.accepted else self.in_a_row + 1
        if in_a_row < UNPROVEN_LIMIT:
            return replace(self, in_a_row=in_a_row)
        return replace(self, in_a_row=0, ignore_401_until=now + IGNORE_401_FOR)


@dataclass(frozen=True, slots=True)
class RefreshState:
    """All that is known about one log-in's token; replaced whole, never changed.

    Attributes:
        cached: the token to hand out, or `NOTHING`.
        failure: why the last request failed, or None if it did not.
        sent, sent_at: how many requests were sent, and when the last was.
        in_flight: whether its answer is still to come.
        previous: the token before this one, until the API has accepted this one.
        successor: the new token that the API refuses as yet, while `cached` is the old one again.
        stillborn: whether the last token had expired when it came.
        rejections: what the API thinks of the tokens.
        closed: whether the log-in has ended.
    """

    cached: CachedToken = NOTHING
    failure: RefreshFailure | None = None
    sent: int = 0
    sent_at: float = -inf
    in_flight: bool = False
    previous: CachedToken = NOTHING
    successor: CachedToken = NOTHING
    stillborn: bool = False
    rejections: Rejections = Rejections()
    closed: bool = False

    @property
    def latest(self) -> AccessToken | None:
        """The present token, or None before the first."""
        return self.cached.token if self.cached.generation else None

    @property
    def last_error(self) -> TokenError | None:
        """Why the last request failed, or None if it did not."""
        return self.failure.error if self.failure else None


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


@dataclass(frozen=True)
class LoginStatus(KeeperStatus):
    """How a log-in is doing: how its token is, and whose it is.

    Attributes:
        state, expires_at, renews_at, next_try, last_error, life: as in `KeeperStatus`.
        source: where the credentials came from.
        key_hint: the first characters of the App key.
        sandbox: whether this is the sandbox and not Dolby.io.
        note: anything else worth knowing, such as a name in the notebook that was left alone.
    """

    source: str = ""
    key_hint: str = ""
    sandbox: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "note"):  # a file's name can hold what a terminal obeys
            object.__setattr__(self, name, scrub(getattr(self, name)))

    def _repr_html_(self) -> str:
        from dolbyio_nb.display.status_cards import login_card

        return login_card(repr(self), self)._repr_html_()


def describe(state: RefreshState, *, now: float, wall: float) -> KeeperStatus:
    """Put into words how a keeper is doing at `now`, which on the wall clock is `wall`."""
    if state.closed:
        return KeeperStatus()
    ahead, cached, failure, token = wall - now, state.cached, state.failure, state.latest
    return KeeperStatus(
        state=_word(state, now),
        expires_at=token.issued_at + token.lifetime + ahead if token is not None else None,
        renews_at=cached.advisory_at + ahead if now < cached.advisory_at else None,
        next_try=max(cached.advisory_at, failure.retry_at, now) + ahead if failure else None,
        last_error=str(failure.error) if failure else "",
        life=token.lifetime if token is not None else None,
    )


def _word(state: RefreshState, now: float) -> str:
    if state.failure and state.failure.final:
        return "refused"
    if state.in_flight:
        return "renewing"
    if state.latest is None and not state.failure:
        return "logged out"
    return "fresh" if state.cached.age(now) is Age.FRESH else "stale"
