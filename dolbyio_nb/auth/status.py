"""Status of a log-in and its keeper, for people to read."""

from dataclasses import dataclass

from dolbyio_nb.auth.refresh_state import Age, RefreshState


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
