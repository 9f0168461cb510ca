"""Refresh as a decision: what an ask for a token gets, and what each event makes of the state.

Nothing here has a thread, a lock or a clock: `decide` looks at a frozen state and a moment, and the functions
after it (`sent`, `succeeded`, `failed`, `rejected` ...) give the next state.
"""

from copy import copy
from dataclasses import dataclass, replace
from math import inf
from random import Random

from dolbyio_nb._util.place import login_words
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh_state import NOTHING, Age, CachedToken, RefreshFailure, RefreshState
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenRefused, TokenUnavailable
from dolbyio_nb.http.limits import TOKEN_LIMIT
from dolbyio_nb.http.retry import TOKEN

MANDATORY_WAIT = 2.0  # seconds that a request may be on its way before an ageing token is handed out
MANDATORY_WAIT_SHARE = 0.25  # of the mandatory age; later on a wait could let the token die
SHORTEST_INTERVAL = 1.0  # seconds from one request to the next, whatever happens
TRIES_LEFT = 3  # a token that still lives gets this many more tries before it dies
HURRY_FOR = 60.0  # seconds of an outage in which those who wait get a try as after a first failure
WAITING_WAIT = 30.0  # seconds from try to try for those who wait, later on
PROBE_INTERVAL = 60.0  # seconds between questions to a service that has refused the credentials
FALLBACK_FOR = 5.0  # seconds in which a new token may not be known everywhere yet


@dataclass(frozen=True, slots=True)
class Serve:
    """Hand this token out."""

    token: AccessToken


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the answer, or until this moment; then decide again."""

    until: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """Send a request, then decide again."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise this error."""

    error: TokenError | NotLoggedIn


Decision = Serve | Wait | Fetch | Fail


def decide(state: RefreshState, now: float, *, deadline: float, force: int | None = None) -> Decision:
    """Decide what an ask for a token gets at `now`.

    Args:
        state: what is known.
        now: the moment, on the clock that all moments of the state are on.
        deadline: when the asker gives up.
        force: a generation; only the token or the failure of a later request will do.
    """
    if state.closed:
        return Fail(
            NotLoggedIn("You are not logged in.", "This log-in has ended.", f"Log in: {login_words()}")
        )
    state = settled(state, now)
    if force is not None:
        return _decide_by_force(state, now, deadline, force)
    age = state.cached.age(now)
    if age is Age.FRESH:
        return Serve(state.cached.token)
    if not state.in_flight and now >= next_try(state, waiting=age is Age.EXPIRED):
        return Fetch()
    if age is Age.EXPIRED:
        return _decide_without_token(state, now, deadline)
    last_call = _last_call(state) if age is Age.MANDATORY else -inf
    return Wait(last_call) if now < last_call else Serve(state.cached.token)


def _decide_without_token(state: RefreshState, now: float, deadline: float) -> Decision:
    again = inf if state.in_flight else next_try(state, waiting=True)
    hopeless = state.failure and not state.in_flight and (state.failure.hopeless or again > deadline)
    return Fail(cause(state)) if hopeless or now >= deadline else Wait(min(again, deadline))


def _decide_by_force(state: RefreshState, now: float, deadline: float, force: int) -> Decision:
    cached, failure = state.cached, state.failure
    if cached.generation > force and now < cached.expires_at:
        return Serve(cached.token)
    rested = inf if state.in_flight else state.sent_at + SHORTEST_INTERVAL
    answered = failure and (failure.generation > force or now < failure.not_before)
    if (answered and not state.in_flight) or (now >= deadline and now < rested):
        return Fail(cause(state))
    return Wait(min(rested, deadline)) if now < rested else Fetch()


def _last_call(state: RefreshState) -> float:
    """When to hand out an ageing token after all: at once if there is nothing to wait for."""
    if not state.in_flight:
        return -inf
    mandatory_at, expires_at = state.cached.mandatory_at, state.cached.expires_at
    share = mandatory_at + MANDATORY_WAIT_SHARE * (expires_at - mandatory_at)
    return min(state.sent_at + MANDATORY_WAIT, share)


def next_try(state: RefreshState, *, waiting: bool = False) -> float:
    """When the next request may be sent; earlier if somebody waits for a token."""
    failure, rested = state.failure, state.sent_at + SHORTEST_INTERVAL
    if failure is None:
        return rested
    return max(rested, failure.waiting_at if waiting else failure.retry_at)


def due_at(state: RefreshState, now: float, *, wanted: bool) -> float:
    """When there is something to do ahead of need; never, for a token that nobody wants renewed."""
    if state.in_flight:
        return state.sent_at + TOKEN_LIMIT
    if state.failure and state.failure.final:
        return inf
    due = max(state.cached.advisory_at, next_try(state))
    return due if due > now or wanted else inf


def cause(state: RefreshState) -> TokenError:
    """The error to raise for want of a token."""
    if state.failure:
        return clean_copy(state.failure.error)
    return TokenUnavailable("No token: the service has not answered yet.", "", "Try again in a moment.")


def clean_copy(error: TokenError) -> TokenError:
    """Copy an error, to keep it or raise it again, without its traceback, whose frames may hold a secret."""
    return copy(error)


def sent(state: RefreshState, at: float) -> RefreshState:
    """Return the state after a request was sent."""
    return replace(state, sent=state.sent + 1, sent_at=at, in_flight=True)


def succeeded(state: RefreshState, token: AccessToken, now: float, rng: Random) -> RefreshState:
    """Return the state after a request brought a token.

    Has it expired already, another is asked for: the computer may have slept. Two in a row are a failure.
    """
    cached = CachedToken.of(token, state.sent, rng)
    if cached.expires_at > now:
        return replace(
            state, cached=cached, previous=state.cached, successor=NOTHING,
            failure=None, in_flight=False, stillborn=False,
        )  # fmt: skip
    if not state.stillborn:
        return replace(state, in_flight=False, stillborn=True)
    state = failed(state, _expired_on_arrival(token, now), now, rng)
    return replace(state, failure=state.failure and replace(state.failure, hopeless=True))


def _expired_on_arrival(token: AccessToken, now: float) -> TokenUnavailable:
    return TokenUnavailable(
        "No token: each one has expired when it arrives.",
        f"It was given {token.lifetime:g} s of life, and the answer took {now - token.issued_at:.1f} s.",
        "Ask for a longer life: --expires-in 1800 (login(expires_in=1800)).",
    )


def failed(state: RefreshState, error: TokenError, now: float, rng: Random) -> RefreshState:
    """Return the state after a request brought no token."""
    count, since = (state.failure.count + 1, state.failure.since) if state.failure else (1, now)
    final = isinstance(error, TokenRefused)
    asked_for = min(error.retry_after or 0.0, TOKEN.longest_retry_after)
    probe = PROBE_INTERVAL if final else 0.0
    retry_at = now + max(_back_off(count, state.cached.expires_at - now, rng), asked_for, probe)
    waiting_at = max(_waiting_try(state, now, since, rng), now + max(asked_for, probe))
    failure = RefreshFailure(
        error,
        count,
        since,
        state.sent,
        not_before=now + asked_for,
        waiting_at=min(waiting_at, retry_at),  # who waits is never later than who does not
        retry_at=retry_at,
        hopeless=final,
    )
    return replace(state, failure=failure, in_flight=False)


def _back_off(count: int, life_left: float, rng: Random) -> float:
    share = life_left / TRIES_LEFT if life_left > 0 else inf  # once expired there is nothing left to save
    return max(rng.uniform(0.5, 1.0) * min(TOKEN.pause(count), share), SHORTEST_INTERVAL)


def _waiting_try(state: RefreshState, now: float, since: float, rng: Random) -> float:
    """Count from when the request was sent, so that a slow failure delays the next try no further."""
    wait = TOKEN.first_pause if now < since + HURRY_FOR else WAITING_WAIT
    return max(state.sent_at + rng.uniform(0.8, 1.0) * wait, now + SHORTEST_INTERVAL)


def rejected(state: RefreshState, token: str, now: float) -> RefreshState:
    """Return the state after the API answered 401 to `token`.

    A new token may not be known everywhere at once: then the old one, if it lives, is handed out for a while.
    """
    state = settled(state, now)
    if not token or now < state.rejections.ignore_401_until:
        return state
    if token == state.previous.token:
        return replace(state, previous=NOTHING)
    cached = state.cached
    if token != cached.token or cached.expires_at == -inf:
        return state
    if state.successor.generation:  # the old one is refused as well
        return replace(state, cached=state.successor.invalidated(), successor=NOTHING)
    if now < state.previous.expires_at and cached.generation != state.rejections.accepted:
        old = state.previous.until(min(state.previous.expires_at, now + FALLBACK_FOR))
        return replace(state, cached=old, previous=NOTHING, successor=cached)
    rejections = state.rejections.reject(cached.generation, now)
    if now < rejections.ignore_401_until:
        return replace(state, rejections=rejections)
    return replace(state, cached=cached.invalidated(), rejections=rejections)


def accepted(state: RefreshState, token: str) -> RefreshState:
    """Return the state after the API accepted `token`."""
    if token != state.cached.token or state.rejections.accepted == state.cached.generation:
        return state
    return replace(state, previous=NOTHING, rejections=state.rejections.accept(state.cached.generation))


def settled(state: RefreshState, now: float) -> RefreshState:
    """Return the state with the new token in its place, if the time of the old one is over."""
    if not state.successor.generation or now < state.cached.expires_at:
        return state
    return replace(state, cached=state.successor, successor=NOTHING)


def due(state: RefreshState, now: float) -> RefreshState:
    """Return the state after a suspension that the clock did not see: renew at once, before handing out."""
    if not state.cached.generation:
        return state
    sent_at = state.sent_at if state.in_flight else min(state.sent_at, now - SHORTEST_INTERVAL)
    return replace(state, cached=state.cached.due(now), sent_at=sent_at)


def adopted(state: RefreshState, token: AccessToken, now: float, rng: Random) -> RefreshState:
    """Return the state with a token that came from elsewhere."""
    return succeeded(replace(state, sent=state.sent + 1), token, now, rng)


def forked(state: RefreshState, rng: Random) -> RefreshState:
    """Return the state in a forked child: no request of its own, and other moments than its siblings'."""
    cached = state.cached
    if -inf < cached.advisory_at < cached.mandatory_at:
        cached = replace(cached, advisory_at=rng.uniform(cached.advisory_at, cached.mandatory_at))
    return replace(state, cached=cached, in_flight=False)
