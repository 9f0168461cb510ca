"""Token keeper: one token that is always valid."""

import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import partial
from math import inf
from random import Random
from typing import Any
from weakref import ref

from dolbyio_nb._util import clock as clocks
from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock, WallWatch
from dolbyio_nb.auth import refresh
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.background import Announcements, Background, Threads, Waiters, Worker
from dolbyio_nb.auth.refresh import Decision, Fail, Fetch, Serve, Wait, decide, due_at
from dolbyio_nb.auth.refresh_state import KeeperStatus, RefreshState, describe
from dolbyio_nb.auth.single_flight import SINGLE_FLIGHT, InFlight
from dolbyio_nb.auth.single_flight import Fetch as FetchToken
from dolbyio_nb.errors import NotLoggedIn, TokenError

PATIENCE = 30.0  # seconds that a caller waits when there is no valid token at all
CELL_PATIENCE = 2.0  # seconds by which a cell's start may be delayed
SLICE = 0.1  # seconds; waits are cut so that Ctrl-C (on Windows, too) and a log-out are felt at once


class TokenKeeper:
    """Hands out one token and renews it ahead of its end: `token()` is what there is to know.

    A fresh token costs one look at the clock; whatever else there is to decide, `refresh.decide` decides.
    Requests run beside the callers, one at a time; a worker thread renews while nobody asks, and lets the
    token lapse when nobody has asked for a whole life.

    Args:
        fetch: asks the service for a token; called without arguments, raises `TokenError`.
        identity: keepers of equal identity share their requests; by default a keeper shares with none.
        clock: seconds that nobody can set; everything is decided by it.
        wall: the time of day, for `status()` and to notice that the computer slept.
        rng: draws the moments of renewal.
        background: runs the requests and the worker.

    Attributes:
        state: all that is known about the token; replaced whole, so that reading needs no lock.
    """

    def __init__(
        self,
        fetch: FetchToken,
        *,
        identity: Hashable = None,
        clock: Clock = clocks.now,
        wall: Callable[[], float] = time.time,
        rng: Random | None = None,
        background: Background | None = None,
    ) -> None:
        self.state = RefreshState()
        self._fetch: FetchToken | None = fetch
        self._identity = object() if identity is None else identity
        self._clock, self._wall, self._wall_watch = clock, wall, WallWatch(clock, wall)
        self._rng = rng or Random()  # noqa: S311 - it spreads load, it guards nothing
        self._background = background or Threads()
        self._lock = threading.Lock()  # no foreign code runs while it is held
        self._flight: InFlight | None = None
        self._waiters = Waiters()
        self._used, self._in_cell = -inf, False
        self._announcements = Announcements()
        self._worker = Worker(self._run_once, self._background)
        threads.register(self)

    def token(self, timeout: float = PATIENCE) -> AccessToken:
        """Return a token that is valid now.

        Fresh: at once. Due for renewal: at once, and the renewal starts. Near its end: after a request has
        been on its way for 2 seconds at most. Expired: when the next one is there.

        Args:
            timeout: seconds to wait at most when there is no valid token.

        Raises:
            NotLoggedIn: the keeper is closed.
            TokenRefused: the service refuses the credentials.
            TokenUnavailable: no token came within `timeout`, or none will.
        """
        cached = self.state.cached
        now = self._used = self._clock()
        if now < cached.advisory_at:
            return cached.token
        return self._obtain(now + timeout)

    async def token_async(self, timeout: float = PATIENCE) -> AccessToken:
        """Return a token that is valid now, without blocking the event loop; the rest is as for `token()`."""
        deadline = self._clock() + timeout
        while True:
            self._used = self._clock()
            waiters = self._waiters  # before the decision: what happens after it ends the wait
            match self._next(deadline):
                case Serve(token):
                    return token
                case Wait(until):
                    await waiters.wait(until - self._clock())
                case Fail(error):
                    raise error

    def refresh(self, timeout: float = PATIENCE) -> AccessToken:
        """Renew the token now, and return the new one; raises like `token()`, but at the first failure."""
        state = self.state
        return self._obtain(self._clock() + timeout, force=state.sent - state.in_flight)

    def reject(self, token: str) -> bool:
        """Take note that the API answered 401 to this token; the first to say so starts the renewal.

        Returns:
            Whether another token is worth a try: not when one after the other is refused.
        """
        now = self._clock()
        with self._lock:
            self.state = refresh.rejected(self.state, token, now)
        self._worker.wake()
        worth_a_try = not self.state.closed and now >= self.state.rejections.ignore_401_until
        if worth_a_try:
            self.ensure_refresh()
        return worth_a_try

    def accept(self, token: str) -> None:
        """Take note that the API accepted this token."""
        if refresh.accepted(self.state, token) is not self.state:
            with self._lock:
                self.state = refresh.accepted(self.state, token)

    def ensure_refresh(self) -> None:
        """See that a request is on its way if the token is due for renewal and one may be sent."""
        self._next(-inf)

    def subscribe(self, listener: Callable[[AccessToken], object]) -> Callable[[], None]:
        """Call `listener` with each new token, on the worker's thread; returns what ends it.

        A listener should be brief. One that fails harms nobody and is not told of it.
        """
        return self._announcements.tokens.add(listener)

    def on_trouble(self, listener: Callable[[TokenError], object]) -> Callable[[], None]:
        """Call `listener` with the error of each renewal that failed; the rest is as for `subscribe`."""
        return self._announcements.failures.add(listener)

    def touch(self) -> None:
        """Take note that somebody is at work here, which keeps the renewal going."""
        self._used = self._clock()

    def before_cell(self) -> None:
        """Get a valid token ready for the cell about to run, if that takes no longer than 2 seconds.

        Until `after_cell` the token counts as in use. Never raises: what the cell does will say it better.
        """
        self._in_cell = True
        self._notice_suspension()
        with suppress(TokenError, NotLoggedIn):
            self.token(CELL_PATIENCE)
        self._worker.wake()
        self._announce(CELL_PATIENCE)

    def after_cell(self) -> None:
        """Take note that the cell has ended."""
        self._in_cell = False
        self.touch()

    def status(self) -> KeeperStatus:
        """Say how the token is doing."""
        return describe(self.state, now=self._clock(), wall=self._wall())

    def close(self) -> None:
        """Forget the token and how to get one, and stop; afterwards every ask raises `NotLoggedIn`."""
        with self._lock:
            self.state = RefreshState(closed=True)
            self._fetch = self._flight = self._identity = None
        self._wake_waiters()
        self._announcements.clear()
        self._worker.stop()

    def __repr__(self) -> str:
        return f"<TokenKeeper: {self.status().state}>"

    def _obtain(self, deadline: float, *, force: int | None = None) -> AccessToken:
        while True:
            self._used = self._clock()
            match self._next(deadline, force):
                case Serve(token):
                    return token
                case Wait(until):
                    event = self._flight.done if self._flight else threading.Event()
                    self._background.wait(event, max(0.0, min(SLICE, until - self._clock())))
                case Fail(error):
                    raise error

    def _next(self, deadline: float, force: int | None = None) -> Decision:
        """Send a request if that is decided; return what there is to do for the caller."""
        while True:
            now = self._clock()
            self._settle(now)
            decision = decide(self.state, now, deadline=deadline, force=force)
            if not isinstance(decision, Fetch):
                return decision
            self._send(now, deadline, force)

    def _settle(self, now: float) -> None:
        """Let happen what the time brings: a request is given up, a new token takes its place."""
        flight = self._flight
        if flight and flight.overdue(now):
            flight.give_up()
        if refresh.settled(self.state, now) is not self.state:
            with self._lock:
                self.state = refresh.settled(self.state, now)

    def _send(self, now: float, deadline: float, force: int | None) -> None:
        with self._lock:
            decision = decide(self.state, now, deadline=deadline, force=force)
            if not isinstance(decision, Fetch) or not self._fetch:
                return  # another thread was faster
            flight, is_new = SINGLE_FLIGHT.join(self._identity, self._fetch, now, self._completed)
            self._flight, self.state = flight, refresh.sent(self.state, flight.started_at)
        self._worker.wake()
        if is_new and not self._background.start(flight.run):
            flight.run()
        self._start_worker()

    def _completed(self, flight: InFlight) -> None:
        """Take what a request brought, unless it is no longer wanted: logged out or forked since."""
        with self._lock:
            if flight is not self._flight:
                return
            self._flight, now, outcome = None, self._clock(), flight.outcome
            if isinstance(outcome, AccessToken):
                outcome.follow(partial(_current_of, ref(self)))
                self.state = refresh.succeeded(self.state, outcome, now, self._rng)
            elif outcome:
                self.state = refresh.failed(self.state, outcome, now, self._rng)
        self._wake_waiters()
        self._worker.wake()

    def _wake_waiters(self) -> None:
        waiters, self._waiters = self._waiters, Waiters()
        waiters.release()

    def _run_once(self) -> float:
        """Renew what is due and tell the listeners; returns the seconds until there is more to do."""
        self._notice_suspension()
        if self._due_in() <= 0:
            self.ensure_refresh()
        self._announce()
        return max(0.0, self._due_in())

    def _due_in(self) -> float:
        now, token = self._clock(), self.state.cached.token
        wanted = self._in_cell or (token.issued_at < self._used and now - self._used < token.lifetime)
        return due_at(self.state, now, wanted=wanted) - now

    def _notice_suspension(self) -> None:
        if self._wall_watch.gained():
            with self._lock:
                self.state = refresh.due(self.state, self._clock())

    def _announce(self, patience: float = -1) -> None:
        self._announcements.announce(lambda: self.state, patience)

    def _start_worker(self) -> None:
        if not self._worker.start():
            self._announce()

    def after_fork(self) -> None:
        """Go on in a forked child, which has the token and none of the parent's threads."""
        self._lock = threading.Lock()
        self._flight, self._waiters = None, Waiters()
        self._rng.seed()
        self.state = refresh.forked(self.state, self._rng)
        self._announcements.after_fork()
        was_running, self._worker = self._worker.running, Worker(self._run_once, self._background)
        if was_running:  # a child may outlive the token that it reads from a name
            self._start_worker()

    def adopt(self, token: AccessToken) -> None:
        """Start with a token that came from elsewhere."""
        self.state = refresh.adopted(self.state, token, self._clock(), self._rng)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process with a token renewed for it, and when it ends, never with the secret."""
        from dolbyio_nb.auth.copies import KeeperCopy, renewed_copy

        return KeeperCopy, (renewed_copy(self),)


def _current_of(keeper_ref: "ref[TokenKeeper]") -> AccessToken | None:
    """Give the present token of a keeper; None if there is none any more."""
    keeper = keeper_ref()
    with suppress(TokenError, NotLoggedIn):
        return keeper.token(CELL_PATIENCE) if keeper else None
    return None
