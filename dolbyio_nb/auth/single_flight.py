"""Single flight of equal token requests: one at a time, shared by everybody who needs the answer."""

import threading
from collections.abc import Callable, Hashable

from dolbyio_nb._util import threads
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh import clean_copy
from dolbyio_nb.errors import TokenError, TokenUnavailable
from dolbyio_nb.http.limits import TOKEN_LIMIT

Fetch = Callable[[], AccessToken]
Outcome = AccessToken | TokenError


class InFlight:
    """A token request on its way. It completes once: what comes after it was given up counts no more.

    Attributes:
        started_at: the moment at which it was sent.
        done: set when everybody who called `join` was told.
        outcome: the token or the error, or None until then.
    """

    def __init__(self, fetch: Fetch, started_at: float) -> None:
        self.started_at = started_at
        self.done = threading.Event()
        self.outcome: Outcome | None = None
        self._callbacks: list[Callable[[InFlight], None]] = []
        self._fetch = fetch
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send the request, and complete with its answer."""
        try:
            self.complete(self._fetch())
        except TokenError as error:
            self.complete(clean_copy(error))
        except BaseException as error:
            self.complete(TokenUnavailable("No token: the request broke off.", f"{type(error).__name__}."))
            if not isinstance(error, Exception):
                raise

    def overdue(self, now: float) -> bool:
        """Tell whether it is time to give the request up."""
        return now >= self.started_at + TOKEN_LIMIT

    def give_up(self) -> None:
        """Complete without an answer."""
        why = f"No answer within {TOKEN_LIMIT:.0f} s."
        self.complete(TokenUnavailable("No token: the service hangs.", why, "Wait a little, then try again."))

    def on_done(self, callback: "Callable[[InFlight], None]") -> bool:
        """Have `callback` called with this request when it is complete; False if it is already."""
        with self._lock:
            if self.outcome is None:
                self._callbacks.append(callback)
            return self.outcome is None

    def complete(self, outcome: Outcome) -> None:
        """Call the callbacks, then wake everybody who waits; only the first outcome counts."""
        with self._lock:
            if self.outcome is not None:
                return
            self.outcome = outcome
            callbacks, self._callbacks = self._callbacks, []
        SINGLE_FLIGHT.forget(self)
        for callback in callbacks:
            callback(self)
        self.done.set()


class SingleFlight:
    """The requests on their way in this process, at most one for each identity."""

    def __init__(self) -> None:
        self.after_fork()
        threads.register(self)

    def after_fork(self) -> None:
        """Begin without requests: at birth, and in a forked child, which has no thread that sends."""
        self._lock = threading.Lock()
        self._in_flight: dict[Hashable, InFlight] = {}

    def join(
        self, identity: Hashable, fetch: Fetch, now: float, callback: Callable[[InFlight], None]
    ) -> tuple[InFlight, bool]:
        """Join the request of this identity or open one; also tell whether it is new and has yet to run."""
        with self._lock:
            flight = self._in_flight.get(identity)
            if flight and flight.on_done(callback):
                return flight, False
            flight = self._in_flight[identity] = InFlight(fetch, now)
            flight.on_done(callback)
            return flight, True

    def forget(self, flight: InFlight) -> None:
        """Let the next request of this identity be a new one."""
        with self._lock:
            self._in_flight = {key: value for key, value in self._in_flight.items() if value is not flight}


SINGLE_FLIGHT = SingleFlight()
