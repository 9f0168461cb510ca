"""What an ask gets, by the age of the token."""

from typing import Any

import pytest

from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.refresh_state import NOTHING, CachedToken
from dolbyio_nb.errors import NotLoggedIn, TokenRefused, TokenUnavailable

from .stage import Stage, outage, revoked, too_many


def held(keeper: TokenKeeper) -> CachedToken:
    """The present token with its windows."""
    return keeper.state.cached


def test_fresh_tokens_are_handed_out_without_a_request(stage: Stage) -> None:
    """While a token is fresh, asking costs nothing."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(held(keeper).advisory_at - stage.now - 1)
    assert keeper.token() is first
    assert len(stage.requests) == 1


def test_the_first_ask_makes_one_request_and_waits_for_it(stage: Stage) -> None:
    """Nothing is asked before it is needed; then one round trip."""
    keeper = stage.keeper()
    assert stage.requests == []
    keeper.token()
    assert stage.now == pytest.approx(stage.start_of_time + stage.latency)


def test_soft_tokens_are_handed_out_while_one_request_is_in_the_air(stage: Stage) -> None:
    """A token due for renewal is handed out at once, and asked for only once."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.suspend(held(keeper).advisory_at - stage.now)
    before = stage.now
    assert [keeper.token() for _ in range(5)] == [first] * 5
    assert stage.now == before
    assert len(stage.requests) == 2
    stage.advance(1)
    assert keeper.token() != first


def test_hard_tokens_wait_until_the_request_is_two_seconds_old(stage: Stage) -> None:
    """Near its end a token is handed out after a short wait, if no new one came."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.suspend(held(keeper).mandatory_at - stage.now)
    stage.latency = 10.0
    before = stage.now
    assert keeper.token() is first
    assert stage.now == pytest.approx(before + 2.0)
    assert keeper.token() is first
    assert stage.now == pytest.approx(before + 2.0)


def test_hard_tokens_give_way_to_a_new_one_that_comes_in_time(stage: Stage) -> None:
    """Near its end a token is replaced if the new one is there within two seconds."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.suspend(held(keeper).mandatory_at - stage.now)
    assert keeper.token() != first


def test_a_token_is_dead_from_the_first_moment_on(stage: Stage) -> None:
    """At the very moment of `dead`, a token is not handed out any more."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.now = held(keeper).expires_at
    assert keeper.token() != first


def test_a_token_just_before_dead_is_handed_out(stage: Stage) -> None:
    """Until `dead`, a token is good when there is nothing better."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.failing = outage
    stage.now = held(keeper).expires_at - 1e-6
    assert keeper.token() is first


def test_life_counts_from_before_the_request(stage: Stage) -> None:
    """The time that the answer took has been lived already."""
    stage.latency = 8.0
    keeper = stage.keeper()
    keeper.token()
    assert held(keeper).expires_at == pytest.approx(stage.start_of_time + stage.life - 5)


def test_without_a_token_the_cause_is_raised_when_patience_ends(stage: Stage) -> None:
    """A caller waits as long as it said, then learns why there is no token."""
    stage.failing = outage
    keeper = stage.keeper()
    with pytest.raises(TokenUnavailable, match="The service is down"):
        keeper.token(timeout=20)
    assert stage.now - stage.start_of_time <= 20.1


def test_a_short_outage_costs_a_waiting_caller_nothing_but_time(stage: Stage) -> None:
    """A caller without a valid token outlasts an outage shorter than its patience."""
    stage.failing = outage
    keeper = stage.keeper()
    attempts = iter([stage.repair])
    stage.failing = lambda: next(attempts, lambda: None)() or outage()
    assert keeper.token()
    assert len(stage.requests) == 2


def test_a_pause_longer_than_patience_fails_at_once(stage: Stage) -> None:
    """Nobody waits for something that cannot come in time."""
    stage.failing = too_many(120)
    keeper = stage.keeper()
    with pytest.raises(TokenUnavailable):
        keeper.token()
    before = stage.now
    with pytest.raises(TokenUnavailable, match="Too many"):
        keeper.token()
    assert stage.now == before


def test_a_hanging_service_ends_in_an_error(stage: Stage) -> None:
    """A request that never ends is given up, and the caller learns it."""
    stage.latency = float("inf")
    keeper = stage.keeper()
    with pytest.raises(TokenUnavailable, match="15 s"):
        keeper.token()
    assert stage.now - stage.start_of_time <= 30.1


def test_each_raised_error_is_a_new_one_without_the_history_of_others(stage: Stage) -> None:
    """An error that is raised again drags no frames of earlier callers along."""
    stage.failing = revoked
    keeper = stage.keeper()
    with pytest.raises(TokenRefused) as first:
        keeper.token()
    with pytest.raises(TokenRefused) as second:
        keeper.token()
    assert first.value is not second.value
    assert second.value.__context__ is None
    assert str(first.value) == str(second.value) == "No token.\nThe App secret is wrong.\nLog in again."
    assert second.value.status == 401


def test_refresh_brings_a_new_token_although_the_old_is_fresh(stage: Stage) -> None:
    """A person may renew by hand."""
    keeper = stage.keeper()
    first = keeper.token()
    assert keeper.refresh() != first
    assert len(stage.requests) == 2


def test_refresh_raises_at_the_first_failure_and_keeps_the_old_token(stage: Stage) -> None:
    """Renewing by hand does not wait for better days."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(10)
    stage.failing = outage
    before = stage.now
    with pytest.raises(TokenUnavailable):
        keeper.refresh()
    assert stage.now - before < 1
    assert keeper.token() is first


def test_a_tokens_life_shorter_than_its_answer_takes_is_an_error_not_a_loop(stage: Stage) -> None:
    """Tokens that are dead on arrival end in an error."""
    stage.life, stage.latency = 1.0, 5.0
    keeper = stage.keeper()
    with pytest.raises(TokenUnavailable):
        keeper.token()


def test_refresh_never_returns_a_token_that_died_on_its_way(stage: Stage) -> None:
    """If the computer slept while the request was in the air, the next request counts."""
    stage.life = 3.0
    keeper = stage.keeper()
    keeper.token()
    stage.suspend(5)
    with pytest.raises(TokenUnavailable):
        keeper.token(timeout=0)
    stage.suspend(5)
    assert keeper.refresh().seconds_left > 0


def test_closed_keepers_have_nothing_left(stage: Stage) -> None:
    """After the log-out nobody gets a token, and nothing is remembered."""
    keeper = stage.keeper()
    keeper.token()
    keeper.close()
    with pytest.raises(NotLoggedIn, match=r"Log in: dolbyio_nb\.login\(\)"):
        keeper.token()
    with pytest.raises(NotLoggedIn):
        keeper.refresh()
    assert keeper.status().state == "logged out"
    assert held(keeper) is NOTHING


def test_closing_ends_the_wait_of_others(stage: Stage) -> None:
    """A log-out while somebody waits for a token ends the wait."""
    stage.latency = 5.0
    keeper = stage.keeper()
    stage.failing = lambda: keeper.close() or outage()  # type: ignore[func-returns-value]
    with pytest.raises(NotLoggedIn):
        keeper.token()


def test_an_answer_to_a_request_that_was_given_up_counts_no_more(stage: Stage) -> None:
    """After 15 seconds the next request is the one that counts, however late the first answer comes."""
    keeper = stage.keeper()
    stage.latency = 40.0
    with pytest.raises(TokenUnavailable):
        keeper.token(timeout=16)
    stage.repair()
    token = keeper.token()
    stage.advance(60)
    assert len(stage.issued) == len(stage.requests) > 1
    assert keeper.token() is token


@pytest.mark.parametrize("seed", range(10))
def test_tokens_of_three_seconds_hold_nobody_up(stage: Stage, seed: Any) -> None:
    """With short lives and an answer in 100 ms, no ask after the first takes 50 ms."""
    stage.life = 3.0
    keeper = stage.keeper(seed)
    keeper.token()
    for _ in range(3000):
        stage.advance(0.01)
        before = stage.now
        assert keeper.token().seconds_left > 0
        assert stage.now - before < 0.05
    assert len(stage.requests) <= 1 + 30 / (0.6 * stage.life)
