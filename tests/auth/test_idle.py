"""Renewal ahead of time, and when it stops."""

from math import inf
from typing import Any

import pytest

from dolbyio_nb.auth.background import LONGEST_SLEEP

from .stage import Stage, outage, revoked, too_many


def test_a_used_token_is_renewed_before_anybody_has_to_wait(stage: Stage) -> None:
    """Who asks now and then always finds a fresh token."""
    keeper = stage.keeper()
    keeper.token()
    for _ in range(50):
        stage.advance(100)
        before = stage.now
        keeper.token()
        assert stage.now == before
        assert keeper.status().state == "fresh"


def test_an_idle_kernel_makes_one_request_at_most(stage: Stage) -> None:
    """After the last use there is one renewal, then none."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(50)
    keeper.token()
    before = len(stage.requests)
    stage.advance(20_000)
    assert len(stage.requests) - before <= 1


def test_an_idle_kernel_that_was_used_just_before_renewal_makes_one_request(stage: Stage) -> None:
    """The renewal that the last use set off is the only one."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(keeper.state.cached.advisory_at - stage.now - 0.01)
    keeper.token()
    before = len(stage.requests)
    stage.advance(20_000)
    assert len(stage.requests) - before == 1


def test_the_first_call_after_a_night_takes_one_round_trip(stage: Stage) -> None:
    """A lapsed token is replaced by the first ask, in the time of one request."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(8 * 3600)
    before, sent = stage.now, len(stage.requests)
    keeper.token()
    assert stage.now - before <= 2 * stage.latency
    assert len(stage.requests) - sent == 1


def test_a_long_cell_that_only_reads_the_name_never_sees_a_dead_token(stage: Stage) -> None:
    """While a cell runs the token is renewed although nobody asks the keeper."""
    keeper = stage.keeper()
    names = {"dolby_token": keeper.token()}
    keeper.subscribe(lambda token: names.update(dolby_token=token))
    keeper.before_cell()
    for _ in range(3000):
        stage.advance(1)
        assert names["dolby_token"].seconds_left > 5
    keeper.after_cell()
    assert len(stage.issued) >= 4


def test_a_forked_child_that_only_reads_the_name_never_sees_a_dead_token(stage: Stage) -> None:
    """A child outlives the token that it was born with: it has a worker of its own."""
    keeper = stage.keeper()
    names = {"dolby_token": keeper.token()}
    keeper.subscribe(lambda token: names.update(dolby_token=token))
    keeper.before_cell()
    stage.advance(1)
    stage.fork(keeper)
    for _ in range(3000):
        stage.advance(1)
        assert names["dolby_token"].seconds_left > 5


def test_after_the_cell_the_token_may_lapse(stage: Stage) -> None:
    """A cell that has ended keeps nothing alive."""
    keeper = stage.keeper()
    keeper.before_cell()
    stage.advance(5000)
    keeper.after_cell()
    before = len(stage.requests)
    stage.advance(20_000)
    assert len(stage.requests) - before <= 1


def test_touching_counts_as_use(stage: Stage) -> None:
    """Whoever says that somebody is at work keeps the token alive."""
    keeper = stage.keeper()
    keeper.token()
    for _ in range(50):
        stage.advance(100)
        keeper.touch()
    assert keeper.status().state == "fresh"


def test_a_cell_starts_with_a_valid_token_under_the_name(stage: Stage) -> None:
    """Before a cell runs, a dead token is replaced and those who listen are told."""
    keeper, told = stage.keeper(), list[Any]()
    keeper.token()
    keeper.subscribe(told.append)
    stage.suspend(8 * 3600)
    keeper.before_cell()
    assert told[-1].seconds_left > 0
    assert told[-1] is keeper.token()


def test_a_cell_is_held_up_for_two_seconds_at_most(stage: Stage) -> None:
    """If no token comes, the cell runs and says itself what it misses."""
    stage.latency = float("inf")
    keeper = stage.keeper()
    before = stage.now
    keeper.before_cell()
    assert stage.now - before <= 2.01


def test_a_cell_is_not_held_up_when_waiting_is_useless(stage: Stage) -> None:
    """During a back-off or after a refusal, cells start at once."""
    for reason in (outage, revoked):
        stage.failing = reason
        keeper = stage.keeper()
        keeper.before_cell()
        before = stage.now
        keeper.before_cell()
        assert stage.now == before


def test_a_cell_starts_a_renewal_that_is_due(stage: Stage) -> None:
    """A lapsed but living token is renewed by the first cell."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    stage.advance(1500)
    keeper.before_cell()
    stage.advance(1)
    assert keeper.token() != first
    assert keeper.status().state == "fresh"


def test_cells_after_the_log_out_run(stage: Stage) -> None:
    """A closed keeper holds up no cell and raises nothing in its way."""
    keeper = stage.keeper()
    keeper.close()
    keeper.before_cell()
    keeper.after_cell()


@pytest.mark.parametrize("reason", [outage, too_many(7), too_many(400), revoked, RuntimeError])
@pytest.mark.parametrize("life", [1.0, 3.0, 60.0, 1800.0])
@pytest.mark.parametrize("latency", [0.01, 3.0, inf])
def test_trouble_keeps_no_core_busy(reason: Any, life: float, latency: float) -> None:
    """Between two tries the worker sleeps, before the token has expired and after: a few looks a request."""
    stage = Stage(life=life)
    keeper = stage.keeper(seed=3)
    keeper.token()
    keeper.before_cell()
    stage.failing, stage.latency = reason, latency
    stage.advance(life + 600)
    assert stage.looks <= 6 * len(stage.requests) + (life + 600) / LONGEST_SLEEP + 5
