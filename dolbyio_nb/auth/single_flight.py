"""Single flight of equal token requests, shared by everybody who needs the answer."""

import threading
from collections.abc import Callable, Hashable
from math import inf
from random import Random

from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.background import Background
from dolbyio_nb.auth.refresh import (
    NOTHING,
    SHORTEST_INTERVAL,
    Holding,
    Trouble,
    Verdicts,
    after_failure,
    clean_copy,
)
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenUnavailable

FLIGHT_LIMIT = 15.0  # seconds in all: a service that sends a byte now and then outlasts every other limit
Fetch = Callable[[], AccessToken]


class Flight:
    """A token request on its way. It lands once: what comes after it was given up counts no more."""

    def __init__(self, fetch: Fetch, departed: float) -> None:
        self.departed = departed
        self.landed = threading.Event()
        self.outcome: AccessToken | TokenError | None = None
        self.passengers: list[Callable[[Flight], None]] = []
        self._fetch = fetch

    def fly(self) -> None:
        """Send the request and land with its answer."""
        try:
            self.land(self._fetch())
        except TokenError as error:
            self.land(clean_copy(error))
        except BaseException as error:
            self.land(TokenUnavailable("No token: the request broke off.", f"{type(error).__name__}."))
            if not isinstance(error, Exception):
                raise

    def overdue(self, now: float) -> bool:
        """Tell whether it is time to give the request up."""
        return now >= self.departed + FLIGHT_LIMIT

    def give_up(self) -> None:
        """Land without an answer."""
        why = f"No answer within {FLIGHT_LIMIT:.0f} s."
        self.land(TokenUnavailable("No token: the service hangs.", why, "Wait a little, then try again."))

    def land(self, outcome: AccessToken | TokenError) -> None:
        """Tell the passengers, then everybody who waits; only the first call counts."""
        for tell in FLIGHTS.clear(self, outcome):
            tell(self)
        self.landed.set()


class Flights:
    """The flights of this process, at most one for each identity."""

    def __init__(self) -> None:
        self.after_fork()

    def after_fork(self) -> None:
        """Begin without flights: at birth, and in a forked child, which has none of the threads that fly."""
        self._lock = threading.Lock()
        self._in_the_air: dict[Hashable, Flight] = {}

    def board(
        self, identity: Hashable, fetch: Fetch, now: float, passenger: Callable[[Flight], None]
    ) -> tuple[Flight, bool]:
        """Join the flight of this identity or open one; also tell whether it is new and has yet to fly."""
        with self._lock:
            flight = self._in_the_air.get(identity)
            is_new = flight is None
            if flight is None:
                flight = self._in_the_air[identity] = Flight(fetch, now)
            flight.passengers.append(passenger)
            return flight, is_new

    def clear(self, flight: Flight, outcome: AccessToken | TokenError) -> list[Callable[[Flight], None]]:
        """Take the flight out of the air with its outcome; nobody to tell if it has landed before."""
        with self._lock:
            if flight.outcome is not None:
                return []
            flight.outcome = outcome
            self._in_the_air = {key: value for key, value in self._in_the_air.items() if value is not flight}
            return flight.passengers


FLIGHTS = Flights()
threads.register(FLIGHTS)


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

    def after_fork(self) -> None:
        """Go on in a forked child: with the token, without the parent's lock, request and dice."""
        self._lock = threading.Lock()
        self.flight = None
        self._rng.seed()
