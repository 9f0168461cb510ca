"""Token keeper: one token that is always valid."""

import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from math import inf
from random import Random
from threading import Event
from typing import Any, NoReturn

from dolbyio_nb._util import clock as clocks
from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock, WallWatch
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.background import Background, Listeners, Threads, Worker
from dolbyio_nb.auth.refresh import Age, Holding, KeeperStatus, describe
from dolbyio_nb.auth.single_flight import FLIGHT_LIMIT, Fetch, Flight, Renewal
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenRefused


def fetch_without_secret() -> NoReturn:
    """Stand in for the token request in a copy: it has the token that it took along, and gets no other."""
    raise TokenRefused(
        "No token: this copy of the log-in cannot renew its own.",
        "The App secret stays in the process that logged in.",
        "Log in here too, or hand over a token with a longer life: dolby.delegate(expires_in=...).",
    )


PATIENCE = 30.0  # seconds that a caller waits when there is no valid token at all
HARD_PATIENCE = 2.0  # seconds for which a request may be in the air before an ageing token is handed out
HARD_PATIENCE_SHARE = 0.25  # of the hard age; later on a wait could let the token die
CELL_PATIENCE = 2.0  # seconds by which a cell's start may be delayed
SLICE = 0.1  # seconds; waits are cut so that Ctrl-C (on Windows, too) and a log-out are felt at once


class TokenKeeper:
    """Hands out one token and renews it ahead of its end: `token()` is what there is to know.

    A fresh token costs one look at the clock. Requests run beside the callers, one at a time (`Renewal`); a
    worker thread renews while nobody asks, and lets the token lapse when nobody has asked for a whole life.

    Args:
        fetch: asks the service for a token; called without arguments, raises `TokenError`.
        identity: keepers of equal identity share their requests; by default a keeper shares with none.
        clock: seconds that nobody can set; everything is decided by it.
        wall: the time of day, for `status()` and to notice that the computer slept.
        rng: draws the moments of renewal.
        background: runs the requests and the worker.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        identity: Hashable = None,
        clock: Clock = clocks.now,
        wall: Callable[[], float] = time.time,
        rng: Random | None = None,
        background: Background | None = None,
    ) -> None:
        self._clock, self._wall = clock, wall
        self._background = background or Threads()
        self._renewal = Renewal(
            fetch,
            object() if identity is None else identity,
            clock=clock,
            rng=rng or Random(),  # noqa: S311 - it spreads load, it guards nothing
            background=self._background,
        )
        self._used = -inf
        self._in_cell = False
        self._listeners = Listeners[AccessToken]()
        self._troubled = Listeners[TokenError]()
        self._wall_watch = WallWatch(clock, wall)
        self._hire()
        threads.register(self)

    def token(self, timeout: float = PATIENCE) -> AccessToken:
        """Return a token that is valid now.

        Fresh: at once. Due for renewal: at once, and the renewal starts. Near its end: after a request has
        been in the air for 2 seconds at most. Expired: when the next one is there.

        Args:
            timeout: seconds to wait at most when there is no valid token.

        Raises:
            NotLoggedIn: the keeper is closed.
            TokenRefused: the service refuses the credentials.
            TokenUnavailable: no token came within `timeout`, or none will.
        """
        held = self._renewal.held
        now = self._used = self._clock()
        if now < held.soft:
            return held.token
        return self._ask(now + timeout)

    def refresh(self, timeout: float = PATIENCE) -> AccessToken:
        """Renew the token now, and return the new one; raises like `token()`, but at the first failure."""
        before, until = self._renewal.held.generation, self._clock() + timeout
        while True:
            held, now = self._renewal.held, self._clock()
            if held.generation > before and now < held.dead:
                self._used = now
                return held.token
            flight = self._see_to(held, now, by_hand=True)
            if self._renewal.trouble and not flight:
                raise self._renewal.cause()
            self._pause(flight, now, until)

    def reject(self, token: str) -> bool:
        """Take note that the API answered 401 to this token; the first to say so starts the renewal.

        Returns:
            Whether another token is worth a try: not when one after the other is refused.
        """
        now = self._clock()
        worth_a_try = self._renewal.refuse(token, now)
        if worth_a_try:
            self._see_to(self._renewal.held, now)
        return worth_a_try

    def accept(self, token: str) -> None:
        """Take note that the API accepted this token."""
        self._renewal.accept(token)

    def subscribe(self, listener: Callable[[AccessToken], object]) -> Callable[[], None]:
        """Call `listener` with each new token, on the worker's thread; returns what ends it.

        A listener should be brief. One that fails harms nobody and is not told of it.
        """
        return self._listeners.add(listener)

    def on_trouble(self, listener: Callable[[TokenError], object]) -> Callable[[], None]:
        """Call `listener` with the error of each renewal that failed; the rest is as for `subscribe`."""
        return self._troubled.add(listener)

    def touch(self) -> None:
        """Take note that somebody is at work here, which keeps the renewal going."""
        self._used = self._clock()

    def before_cell(self) -> None:
        """Get a valid token ready for the cell about to run, if that takes no longer than 2 seconds.

        Until `after_cell` the token counts as in use. Never raises: what the cell does will say it better.
        """
        self._in_cell = True
        with suppress(TokenError, NotLoggedIn):
            self.token(CELL_PATIENCE)
        self._worker.wake()
        self._tell(CELL_PATIENCE)

    def after_cell(self) -> None:
        """Take note that the cell has ended."""
        self._in_cell = False
        self.touch()

    def status(self) -> KeeperStatus:
        """Say how the token is doing."""
        held, trouble, flying = self._renewal.held, self._renewal.trouble, self._renewal.flight is not None
        if self._renewal.fetch is None:
            return KeeperStatus()
        return describe(held, trouble, flying=flying, now=self._clock(), wall=self._wall())

    def close(self) -> None:
        """Forget the token and how to get one, and stop; afterwards every ask raises `NotLoggedIn`."""
        self._renewal.close()
        self._listeners.clear()
        self._troubled.clear()
        self._worker.stop()

    def __repr__(self) -> str:
        return f"<TokenKeeper: {self.status().state}>"

    def _ask(self, until: float) -> AccessToken:
        while True:
            held, now = self._renewal.held, self._clock()
            self._used = now
            flight = self._see_to(held, now)
            if flight and flight.landed.is_set():
                continue
            match held.age(now):
                case Age.FRESH | Age.SOFT:
                    return held.token
                case Age.HARD if now >= _last_call(held, flight):
                    return held.token
                case Age.HARD:
                    self._pause(flight, now, _last_call(held, flight))
                case Age.DEAD:
                    self._raise_if_hopeless(flight, until)
                    self._pause(flight, now, until)

    def _see_to(self, held: Holding, now: float, *, by_hand: bool = False) -> Flight | None:
        flight = self._renewal.see_to(held, now, by_hand=by_hand)
        if flight and not self._worker.start():
            self._tell()
        return flight

    def _raise_if_hopeless(self, flight: Flight | None, until: float) -> None:
        trouble = self._renewal.trouble
        if trouble and not flight and (trouble.final or self._renewal.earliest() > until):
            raise self._renewal.cause()

    def _pause(self, flight: Flight | None, now: float, until: float) -> None:
        if now >= until:
            raise self._renewal.cause()
        self._background.wait(flight.landed if flight else Event(), min(SLICE, until - now))

    def _tend(self) -> float:
        """Renew what is due and tell the listeners; returns the seconds until there is more to do."""
        if self._wall_watch.gained():
            self._renewal.soften()
        now = self._clock()
        with suppress(NotLoggedIn):
            if self._due(now) <= now:
                self._renewal.see_to(self._renewal.held, now)
        self._tell()
        now = self._clock()
        return max(0.0, self._due(now) - now)

    def _due(self, now: float) -> float:
        """When the worker has something to do."""
        held, trouble, flight = self._renewal.held, self._renewal.trouble, self._renewal.flight
        if flight:
            return flight.departed + FLIGHT_LIMIT
        if trouble and trouble.final:
            return inf
        due = max(held.soft, self._renewal.earliest())
        return due if due > now or self._wanted(held, now) else inf

    def _wanted(self, held: Holding, now: float) -> bool:
        """Whether anybody used this token, so that the next one is worth a request."""
        return self._in_cell or (held.token.born < self._used and now - self._used < held.token.life)

    def _tell(self, patience: float = -1) -> None:
        self._listeners.tell(lambda: self._renewal.news, patience)
        self._troubled.tell(lambda: self._renewal.bad_news, patience)

    def _hire(self) -> None:
        self._worker = Worker(self._tend, self._background)
        self._renewal.on_change = self._worker.wake

    def after_fork(self) -> None:
        """Go on in a forked child, which has the token and none of the parent's threads."""
        self._renewal.after_fork()
        self._listeners.after_fork()
        self._troubled.after_fork()
        self._hire()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process with the token and what is left of its life, never with the secret."""
        token = self._renewal.held.token
        return _copy_without_secret, (token.value, token.born + token.life - self._clock())


def _last_call(held: Holding, flight: Flight | None) -> float:
    """When to hand out an ageing token after all: at once if there is nothing to wait for."""
    if flight is None:
        return -inf
    return min(flight.departed + HARD_PATIENCE, held.hard + HARD_PATIENCE_SHARE * (held.dead - held.hard))


def _copy_without_secret(value: str, life: float) -> TokenKeeper:
    keeper = TokenKeeper(fetch_without_secret)
    if life > 0:
        keeper._renewal.adopt(AccessToken(value, life=life))
    return keeper
