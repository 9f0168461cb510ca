"""Clocks that are set, and computers that sleep."""

import subprocess
import sys

import pytest

from dolbyio_nb.auth.keeper import TokenKeeper

from .stage import Stage

HOUR = 3600.0


def used_until_fresh(stage: Stage) -> TokenKeeper:
    """A keeper whose token is fresh, and in use."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(1)
    keeper.token()
    return keeper


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_wall_clock_that_is_set_costs_one_request_at_most(stage: Stage, step: float) -> None:
    """Clock back, clock forward, daylight saving: the token's age is not touched."""
    keeper = used_until_fresh(stage)
    stage.wall_ahead += step
    stage.advance(60)
    assert keeper.token().seconds_left > 0
    assert len(stage.requests) <= 2


def test_an_hour_of_sleep_ends_the_token_not_the_promise(stage: Stage) -> None:
    """After the computer slept through a token's life, the next ask brings a new one."""
    keeper = used_until_fresh(stage)
    stage.suspend(HOUR)
    assert keeper.token().seconds_left > 0
    assert len(stage.requests) == 2


def test_sleep_that_the_clock_did_not_see_renews_the_token_once(stage: Stage) -> None:
    """Where the clock stops during sleep, the wall clock's gain gives it away."""
    keeper = used_until_fresh(stage)
    first = keeper.token()
    stage.wall_ahead += 300
    stage.advance(31)
    assert keeper.token() != first
    stage.advance(120)
    assert len(stage.requests) == 2


def test_sleep_that_the_clock_did_not_see_right_after_a_renewal(stage: Stage) -> None:
    """The next cell gets another token although, by the clock, the last request was a moment ago."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.wall_ahead += HOUR
    keeper.before_cell()
    assert keeper.token() != first
    assert len(stage.requests) == 2


def test_a_wall_clock_that_is_steered_changes_nothing(stage: Stage) -> None:
    """Small gains are no sleep."""
    keeper = used_until_fresh(stage)
    for _ in range(10):
        stage.wall_ahead += 2.0
        stage.advance(30)
    assert keeper.token()
    assert len(stage.requests) == 1


def test_daylight_saving_both_ways(stage: Stage) -> None:
    """An hour back and an hour forward: one extra request in all."""
    keeper = used_until_fresh(stage)
    for step in (-HOUR, HOUR):
        stage.wall_ahead += step
        stage.advance(60)
        assert keeper.token().seconds_left > 0
    assert len(stage.requests) <= 2


@pytest.mark.skipif(sys.platform != "linux", reason="the suspend-aware clock of Linux")
def test_the_default_clock_goes_on_while_the_computer_sleeps() -> None:
    """On Linux the keeper's clock is the one that counts suspended time."""
    script = (
        "import time; from dolbyio_nb.auth import TokenKeeper as K;"
        "k = K(None); a = time.clock_gettime(time.CLOCK_BOOTTIME); b = k._clock();"
        "c = time.clock_gettime(time.CLOCK_BOOTTIME); assert a <= b <= c"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_no_decision_looks_at_the_time_of_day(stage: Stage) -> None:
    """A wall clock that lies by ten years changes no answer, only what people are shown."""
    keeper = stage.keeper()
    stage.wall_ahead -= 10 * 365 * 24 * HOUR
    first = keeper.token()
    stage.advance(keeper.state.cached.advisory_at - stage.now - 1)
    assert keeper.token() is first
    assert len(stage.requests) == 1
