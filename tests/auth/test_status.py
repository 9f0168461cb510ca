"""What a keeper says about itself."""

import pickle
import time

import pytest

from dolbyio_nb.errors import TokenRefused

from .stage import Stage, outage, revoked


def test_the_states_of_a_life(stage: Stage) -> None:
    """Logged out, renewing, fresh, stale, refused: each with its times."""
    keeper = stage.keeper()
    assert keeper.status().state == "logged out"
    keeper.token()
    fresh = keeper.status()
    assert fresh.state == "fresh"
    assert fresh.expires_at == pytest.approx(stage.start_of_time + stage.life + stage.wall_ahead)
    assert fresh.life == stage.life
    assert stage.wall() < fresh.renews_at < fresh.expires_at  # type: ignore[operator]
    stage.failing = outage
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    stale = keeper.status()
    assert (stale.state, stale.renews_at) == ("stale", None)
    assert stale.next_try > stage.wall()  # type: ignore[operator]
    assert "The service is down." in stale.last_error
    stage.failing = revoked
    stage.advance(200)
    assert keeper.status().state == "refused"


def test_a_request_in_the_air_shows(stage: Stage) -> None:
    """While a request is in the air, the state is renewing."""
    keeper = stage.keeper()
    keeper.token()
    stage.suspend(keeper.state.cached.advisory_at - stage.now)
    keeper.token()
    assert keeper.status().state == "renewing"


def test_a_lapsed_token_is_stale_without_an_error(stage: Stage) -> None:
    """Nobody needed it: that is no failure."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(20_000)
    status = keeper.status()
    assert (status.state, status.last_error, status.next_try) == ("stale", "", None)


def test_the_repr_tells_the_state_and_nothing_else(stage: Stage) -> None:
    """A keeper that is printed shows how it is doing."""
    keeper = stage.keeper()
    keeper.token()
    assert repr(keeper) == "<TokenKeeper: fresh>"


def test_a_pickled_keeper_carries_the_token_and_its_remaining_life(stage: Stage) -> None:
    """A copy hands the token out until it dies, then says why it has no other."""
    keeper = stage.keeper()
    token = keeper.token()
    stage.wall_ahead = time.time() - stage.now
    copy = pickle.loads(pickle.dumps(keeper))
    assert copy.token() == token
    assert copy.token().seconds_left == pytest.approx(stage.life - stage.latency, abs=5)
    copy.reject(token)
    with pytest.raises(TokenRefused, match="App secret stays"):
        copy.token()


def test_a_keeper_pickled_without_a_token_says_why_it_has_none(stage: Stage) -> None:
    """A copy of nothing is an explanation."""
    stage.failing = outage
    copy = pickle.loads(pickle.dumps(stage.keeper()))
    with pytest.raises(TokenRefused, match="App secret stays"):
        copy.token()


def test_a_token_that_is_not_young_is_renewed_for_the_copy(stage: Stage) -> None:
    """A copy gets a whole life, also when the token has lapsed; a second copy costs nothing."""
    keeper = stage.keeper()
    stage.wall_ahead = time.time() - stage.now
    for age in (0, 400, 20_000):
        stage.suspend(age)
        copy = pickle.loads(pickle.dumps(keeper))
        assert copy.token() == keeper.token()
        assert copy.token().seconds_left > 0.99 * stage.life
        sent = len(stage.requests)
        pickle.dumps(keeper)
        assert len(stage.requests) == sent


def test_a_copy_of_a_copy_asks_for_nothing(stage: Stage) -> None:
    """A copy cannot renew: it is copied as it is, and stays usable."""
    stage.wall_ahead = time.time() - stage.now
    first = pickle.loads(pickle.dumps(stage.keeper()))
    second = pickle.loads(pickle.dumps(first))
    assert first.token() == second.token()
    assert first.status().state == "fresh"


def test_a_copy_that_was_stored_for_long_is_expired(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is a moment of the day: what lay in a file for an hour is not fresh when it is read."""
    stage.wall_ahead = time.time() - stage.now
    stored = pickle.dumps(stage.keeper())
    later = time.time() + stage.life
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(TokenRefused, match="App secret stays"):
        pickle.loads(stored).token()


def test_a_copy_does_not_believe_a_time_of_day_that_was_set_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives no longer than what was left of the token, whatever the other computer's clock says."""
    stage.wall_ahead = time.time() - stage.now
    stored = pickle.dumps(stage.keeper())
    earlier = time.time() - 3600
    monkeypatch.setattr(time, "time", lambda: earlier)
    assert pickle.loads(stored).token().seconds_left <= stage.life
