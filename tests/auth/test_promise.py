"""The keeper's promise, against everything that can happen in any order."""

import math
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dolbyio_nb._util.clock import LARGEST_GAIN
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh import SHORTEST_INTERVAL
from dolbyio_nb.auth.refresh_state import Age
from dolbyio_nb.errors import TokenError
from dolbyio_nb.http.redact import SECRETS

from .stage import Stage, outage, revoked, too_many

LIVES = (3.0, 60.0, 1800.0)


class AnythingCanHappen(RuleBasedStateMachine):
    """One keeper on a stage where time, clocks, service and process misbehave."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(life=1800.0)
        self.keeper = self.stage.keeper(seed=1)
        self.tokens: list[Any] = []
        self.sleeps_unseen = 0
        self.hidden_before = set(SECRETS.live())

    def take(self, timeout: Any) -> AccessToken | None:
        """Ask for a token, which may fail; what is handed out must be valid."""
        try:
            token = self.keeper.token(timeout)
        except TokenError:
            return None
        assert self.stage.now < self.stage.issued[token] + token.lifetime
        assert token.seconds_left > 0
        self.tokens.append(token)
        return token

    def teardown(self) -> None:
        """Leave nothing to hide: thousands of tokens would slow the runs that follow."""
        SECRETS.forget(set(SECRETS.live()) - self.hidden_before)

    @rule(seconds=st.sampled_from([0.05, 0.5, 2, 31, 400, 2000]) | st.floats(0, 4000))
    def time_passes(self, seconds: Any) -> None:
        self.stage.advance(seconds)

    @rule(seconds=st.floats(1, 8000))
    def the_computer_sleeps(self, seconds: Any) -> None:
        self.stage.suspend(seconds)

    @rule(seconds=st.sampled_from([-3600, -40, 40, 3600]))
    def the_wall_clock_is_set(self, seconds: Any) -> None:
        self.stage.wall_ahead += seconds
        self.sleeps_unseen += seconds > LARGEST_GAIN

    @rule(timeout=st.sampled_from([0, 2, 30]))
    def somebody_asks(self, timeout: Any) -> None:
        before = self.stage.now
        self.take(timeout)
        assert self.stage.now - before <= timeout + 2.01  # for a hard token, 2 seconds whatever the timeout

    @rule()
    def a_person_renews(self) -> None:
        try:
            token = self.keeper.refresh()
        except TokenError:
            return
        assert self.stage.now < self.stage.issued[token] + token.lifetime

    @rule()
    def a_cell_runs(self) -> None:
        before = self.stage.now
        self.keeper.before_cell()
        assert self.stage.now - before <= 2.2

    @rule()
    def the_cell_ends(self) -> None:
        self.keeper.after_cell()

    @precondition(lambda self: self.tokens)
    @rule(which=st.integers(0, 100))
    def the_api_refuses(self, which: Any) -> None:
        self.keeper.reject(self.tokens[-1 - which % len(self.tokens)])

    @precondition(lambda self: self.tokens)
    @rule()
    def the_api_accepts(self) -> None:
        self.keeper.accept(self.tokens[-1])

    @rule(life=st.sampled_from(LIVES))
    def the_service_gives_other_lives(self, life: Any) -> None:
        self.stage.life = life

    @rule(reason=st.sampled_from([outage, revoked, too_many(7), too_many(400), RuntimeError]))
    def the_service_fails(self, reason: Any) -> None:
        self.stage.failing = reason

    @rule(latency=st.sampled_from([0.01, 1.0, 9.0, math.inf]))
    def the_service_is_slow_or_hangs(self, latency: Any) -> None:
        self.stage.latency = latency

    @rule()
    def the_process_forks(self) -> None:
        self.stage.fork(self.keeper)

    @rule()
    def the_service_is_repaired(self) -> None:
        """Fresh again within one back-off of the repair."""
        self.stage.life = 1800.0
        self.stage.repair()
        self.stage.advance(16)  # what hangs is given up
        trouble = self.keeper.state.failure
        if trouble:
            self.stage.advance(max(0.0, trouble.retry_at - self.stage.now))
        assert self.take(30)
        self.stage.advance(1.5)
        assert self.take(30)
        assert self.keeper.state.cached.age(self.stage.now) in (Age.FRESH, Age.ADVISORY)

    @invariant()
    def one_flight_at_most(self) -> None:
        """Those that were given up do not count: their answers do not, either."""
        flying = [trip for trip in self.stage.air if not trip.flight.done.is_set()]
        assert len(flying) <= 1

    @invariant()
    def requests_are_bounded(self) -> None:
        """One a second, and one more each time that the clock stood still while time passed."""
        elapsed = self.stage.now - self.stage.start_of_time
        assert len(self.stage.requests) <= 1 + elapsed / SHORTEST_INTERVAL + self.sleeps_unseen

    @invariant()
    def nothing_dead_is_told_to_be_fresh(self) -> None:
        status, held = self.keeper.status(), self.keeper.state.cached
        assert status.state != "fresh" or self.stage.now < held.expires_at


class TestPromise(AnythingCanHappen.TestCase):  # type: ignore[valid-type,misc] # made by Hypothesis
    """300 runs of up to 50 steps: more than 10 000 steps in all."""

    settings = settings(max_examples=300, stateful_step_count=50, suppress_health_check=list(HealthCheck))
