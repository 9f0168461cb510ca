"""How the next token comes: one request at a time, when the policy allows it."""

import threading
from collections.abc import Callable, Hashable
from math import inf
from random import Random

from dolbyio_nb.clock import Clock
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenUnavailable
from dolbyio_nb.keeper.flight import FLIGHTS, Fetch, Flight
from dolbyio_nb.keeper.policy import SHORTEST_INTERVAL, Trouble, Verdicts, after_failure, clean_copy
from dolbyio_nb.keeper.windows import NOTHING, Holding
from dolbyio_nb.keeper.worker import Background
from dolbyio_nb.tokens import AccessToken


class Renewal:
    """The present token, and what is being done about the next one.

    Each attribute is replaced whole, so that reading needs no lock; replacing does. No foreign code runs
    while the lock is held.

    Attributes:
        held: the present token and its windows, or `NOTHING`.
        trouble: why the last request failed, or None if it did not.
        flight: the request in the air, or None.
        fetch: asks the service for a token; None once closed.
    """

    def __init__(
        self, fetch: Fetch, identity: Hashable, *, clock: Clock, rng: Random, background: Background
    ) -> None:
        self.held = NOTHING
        self.trouble: Trouble | None = None
        self.flight: Flight | None = None
        self.fetch: Fetch | None = fetch
        self.on_change: Callable[[], object] = lambda: None
        self._identity = identity
        self._clock, self._rng, self._background = clock, rng, background
        self._departed = -inf
        self._verdicts = Verdicts()
        self._lock = threading.Lock()

    def earliest(self, *, by_hand: bool = False) -> float:
        """When the next request may depart; a person who insists waits less."""
        trouble, rested = self.trouble, self._departed + SHORTEST_INTERVAL
        if trouble is None:
            return rested
        return max(rested, trouble.not_before if by_hand else trouble.retry_at)

    def see_to(self, held: Holding, now: float, *, by_hand: bool = False) -> Flight | None:
        """See that a request is in the air if `held` is due for renewal; None if not due or not allowed."""
        if self.fetch is None:
            raise NotLoggedIn("You are not logged in.", "This log-in has ended.", "Log in: %dolby_login")
        if now < held.soft and not by_hand:
            return None
        flight = self.flight
        if flight is None and now >= self.earliest(by_hand=by_hand):
            return self._depart(held, now, by_hand)
        if flight and flight.overdue(now):
            flight.give_up()
            return None
        return flight

    def _depart(self, held: Holding, now: float, by_hand: bool) -> Flight | None:
        with self._lock:
            overtaken = self.held is not held or now < self.earliest(by_hand=by_hand)
            if self.flight or overtaken or self.fetch is None:
                return self.flight
            flight, is_new = FLIGHTS.board(self._identity, self.fetch, now, self._landed)
            self.flight, self._departed = flight, flight.departed
        self.on_change()
        if is_new and not self._background.start(flight.fly):
            flight.fly()
        return flight

    def _landed(self, flight: Flight) -> None:
        """Take what a flight brought, unless it is no longer wanted: logged out or forked since."""
        with self._lock:
            if flight is not self.flight:
                return
            self.flight = None
            if isinstance(flight.outcome, AccessToken):
                self.held = Holding.of(flight.outcome, self.held.generation + 1, self._rng)
                self.trouble = None
            elif flight.outcome:
                self.trouble = after_failure(
                    flight.outcome, self.trouble, now=self._clock(), dead=self.held.dead, rng=self._rng
                )
        self.on_change()

    def cause(self) -> TokenError:
        """The error to raise for want of a token."""
        if self.trouble:
            return clean_copy(self.trouble.error)
        return TokenUnavailable("No token: the service has not answered yet.", "", "Try again in a moment.")

    @property
    def news(self) -> AccessToken | None:
        """The present token, or None before the first."""
        return self.held.token if self.held.generation else None

    @property
    def bad_news(self) -> TokenError | None:
        """Why the last request failed, or None if it did not."""
        return self.trouble.error if self.trouble else None

    def soften(self) -> None:
        """Make the present token due for renewal; it may still be handed out."""
        with self._lock:
            self.held = self.held.softened()

    def refuse(self, token: str, now: float) -> bool:
        """Bury the token that the API refused, if it is the present one; False when that would not help."""
        with self._lock:
            held = self.held
            if held.token == token and held.is_alive and now >= self._verdicts.deaf_until:
                self._verdicts = self._verdicts.after_refusal(held.generation, now)
                if now >= self._verdicts.deaf_until:
                    self.held = held.killed()
            return self.fetch is not None and now >= self._verdicts.deaf_until

    def accept(self, token: str) -> None:
        """Remember that the API accepted this token."""
        held = self.held
        if held.generation != self._verdicts.accepted and held.token == token:
            with self._lock:
                self._verdicts = self._verdicts.after_acceptance(held.generation)

    def adopt(self, token: AccessToken) -> None:
        """Start with a token that came from elsewhere."""
        self.held = Holding.of(token, self.held.generation + 1, self._rng)

    def close(self) -> None:
        """Forget the token and how to get one."""
        with self._lock:
            self.held = NOTHING
            self.fetch = self.flight = self.trouble = self._identity = None

    def begin_again(self) -> None:
        """Go on in a forked child: with the token, without the parent's lock, request and dice."""
        self._lock = threading.Lock()
        self.flight = None
        self._rng.seed()
