"""What a keeper says about itself."""

import pickle

import pytest

from dolbyio_nb.errors import TokenRefused

from .stage import outage, revoked


def test_the_states_of_a_life(stage):
    """Logged out, renewing, fresh, stale, refused: each with its times."""
    keeper = stage.keeper()
    assert keeper.status().state == "logged out"
    keeper.token()
    fresh = keeper.status()
    assert fresh.state == "fresh"
    assert fresh.expires_at == pytest.approx(stage.start_of_time + stage.life + stage.wall_ahead)
    assert fresh.life == stage.life
    assert stage.wall() < fresh.renews_at < fresh.expires_at
    stage.failing = outage
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    stale = keeper.status()
    assert (stale.state, stale.renews_at) == ("stale", None)
    assert stale.next_try > stage.wall()
    assert "The service is down." in stale.last_error
    stage.failing = revoked
    stage.advance(200)
    assert keeper.status().state == "refused"


def test_a_request_in_the_air_shows(stage):
    """While a request is in the air, the state is renewing."""
    keeper = stage.keeper()
    keeper.token()
    stage.suspend(keeper.state.cached.advisory_at - stage.now)
    keeper.token()
    assert keeper.status().state == "renewing"


def test_a_lapsed_token_is_stale_without_an_error(stage):
    """Nobody needed it: that is no failure."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(20_000)
    status = keeper.status()
    assert (status.state, status.last_error, status.next_try) == ("stale", "", None)


def test_the_repr_tells_the_state_and_nothing_else(stage):
    """A keeper that is printed shows how it is doing."""
    keeper = stage.keeper()
    keeper.token()
    assert repr(keeper) == "<TokenKeeper: fresh>"


def test_a_pickled_keeper_carries_the_token_and_its_remaining_life(stage):
    """A copy hands the token out until it dies, then says why it has no other."""
    keeper = stage.keeper()
    token = keeper.token()
    stage.advance(400)
    copy = pickle.loads(pickle.dumps(keeper))
    assert copy.token() == token
    assert copy.token().seconds_left == pytest.approx(stage.life - 400 - stage.latency, abs=5)
    copy.reject(token)
    with pytest.raises(TokenRefused, match="App secret stays"):
        copy.token()


def test_a_keeper_pickled_without_a_token_says_why_it_has_none(stage):
    """A copy of nothing is an explanation."""
    copy = pickle.loads(pickle.dumps(stage.keeper()))
    with pytest.raises(TokenRefused, match="App secret stays"):
        copy.token()
