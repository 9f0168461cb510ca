"""Time, threads and a token service that a test moves by hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.background import Worker
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.single_flight import SINGLE_FLIGHT, InFlight
from dolbyio_nb.errors import TokenRefused, TokenUnavailable

NOON = 1_800_000_000.0  # some wall time


class Dice(Random):
    """Falls the same way in every run, also after a fork."""

    def seed(self, a: object = None, version: int = 2) -> None:
        """Take a fixed seed instead of the system's entropy."""
        super().seed(0 if a is None else a, version)  # type: ignore[arg-type]


@dataclass
class InTheAir:
    """A request on its way: when it left, when it arrives, and what it does then."""

    flight: InFlight
    left: float
    arrives: float


@dataclass
class Stage:
    """Everything that a keeper depends on. Nothing happens here unless time is moved.

    Attributes:
        life: seconds of life of the service's tokens.
        latency: seconds from a request to its answer; infinite when it hangs.
        failing: the error that the service answers with, or None.
        requests: the moment at which each request left.
        looks: how often the worker looked for something to do.
        has_threads: whether work can run beside the caller.
        worker: the keeper's worker, or None if there is none (any more).
    """

    life: float = 1000.0
    latency: float = 0.1
    failing: Callable[[], Exception] | None = None
    has_threads: bool = True
    now: float = 10_000.0
    wall_ahead: float = NOON
    requests: list[float] = field(default_factory=list)
    looks: int = 0
    air: list[InTheAir] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_of_time = self.now
        self.issued: dict[str, float] = {}
        self._leaving = self.now
        self.worker: Worker | None = None
        self._worker_due = self.now

    def keeper(self, seed: int = 0, **options: Any) -> TokenKeeper:
        """Make a keeper that lives on this stage."""
        return TokenKeeper(
            self.fetch, clock=self.clock, wall=self.wall, rng=Dice(seed), background=self, **options
        )

    def clock(self) -> float:
        """The keeper's clock."""
        return self.now

    def wall(self) -> float:
        """The time of day."""
        return self.now + self.wall_ahead

    def fetch(self) -> AccessToken:
        """Answer a token request; it left `latency` ago."""
        if self.failing:
            raise self.failing()
        value = f"token-{len(self.issued) + 1:04}-of-the-stage"
        self.issued[value] = self._leaving
        return AccessToken(value, lifetime=self.life, issued_at=self._leaving, clock=self.clock)

    # What the keeper asks of its background

    def start(self, job: Callable[[], object]) -> bool:
        """Take a job: a flight, which takes its time, or the worker, which is stepped when it is due."""
        owner = job.__self__  # type: ignore[attr-defined]
        if isinstance(owner, InFlight):
            self.requests.append(self.now)
            self._leaving = self.now
            if self.has_threads:
                self.air.append(InTheAir(owner, self.now, self.now + self.latency))
        elif self.has_threads:
            self.worker, self._worker_due = owner, self.now
        return self.has_threads

    def wait(self, event: threading.Event, seconds: float) -> object:
        """Let time pass until `event`."""
        self.advance(seconds, until=event.is_set)
        return event.is_set()

    # What the tests do

    def advance(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, with everything happening at its moment."""
        end = self.now + seconds
        self._happen()
        while not until() and (moment := self._next()) <= end:
            self.now = max(self.now, moment)
            self._happen()
        if not until():
            self.now = end

    def suspend(self, seconds: float) -> None:
        """Close the lid: time passes, and nothing happens."""
        self.now += seconds

    def repair(self) -> None:
        """Make the service work again."""
        self.failing, self.latency = None, 0.1

    def fork(self, keeper: TokenKeeper) -> None:
        """Go on as the forked child: the parent's threads are gone."""
        self.air.clear()
        self.worker = None
        SINGLE_FLIGHT.after_fork()
        keeper.after_fork()

    def _next(self) -> float:
        arrivals = [trip.arrives for trip in self.air]
        return min([*arrivals, self._worker_due if self.worker else float("inf")])

    def _happen(self) -> None:
        """Do all that is due by now."""
        while arrived := [trip for trip in self.air if trip.arrives <= self.now]:
            self.air.remove(arrived[0])
            self._leaving = arrived[0].left
            arrived[0].flight.run()
        if self.worker and (self.worker.woken.is_set() or self._worker_due <= self.now):
            self.looks += 1
            seconds = self.worker.step()
            if seconds is None:
                self.worker = None
            else:
                self._worker_due = self.now + max(seconds, 0.001)


def outage() -> TokenUnavailable:
    """The service cannot be reached."""
    return TokenUnavailable("No token.", "The service is down.", "Wait.")


def revoked() -> TokenRefused:
    """The service refuses the credentials."""
    return TokenRefused("No token.", "The App secret is wrong.", "Log in again.", status=401)


def too_many(seconds: float) -> Callable[[], TokenUnavailable]:
    """The service asks to be left alone for a while."""
    return lambda: TokenUnavailable("No token.", "Too many requests.", status=429, retry_after=seconds)
