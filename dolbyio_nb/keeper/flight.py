"""One token request at a time, shared by everybody who needs its answer."""

import threading
from collections.abc import Callable, Hashable

from dolbyio_nb import forks
from dolbyio_nb.errors import TokenError, TokenUnavailable
from dolbyio_nb.keeper.policy import clean_copy
from dolbyio_nb.tokens import AccessToken

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
        self.begin_again()

    def begin_again(self) -> None:
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
forks.remember(FLIGHTS)
