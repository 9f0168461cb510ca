"""What happens when the service does not give a token."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.refresh import failed, sent
from dolbyio_nb.auth.refresh_state import NOTHING, RefreshState
from dolbyio_nb.errors import TokenRefused, TokenUnavailable

from .stage import Stage, outage, revoked, too_many

EIGHT = range(8)


def failures_of(error: TokenUnavailable, left: float, times: int = 1, seed: int = 1) -> list[Any]:
    """Some failures in a row at the moment 0, with a token that lives until `left`."""
    state, failures, rng = RefreshState(cached=NOTHING.until(left)), [], Random(seed)
    for _ in range(times):
        state = failed(sent(state, 0.0), error, 0.0, rng)
        failures.append(state.failure)
    return failures


def use(stage: Stage, keeper: TokenKeeper, seconds: int, pause: float = 0.1) -> list[Any]:
    """Let eight callers ask for a while; returns what they got, errors included."""
    got, end = [], stage.now + seconds
    while stage.now < end:
        for _ in EIGHT:
            try:
                got.append(keeper.token(timeout=0))
            except (TokenRefused, TokenUnavailable) as error:
                got.append(error)  # type: ignore[arg-type]
        stage.advance(pause)
    return got


@pytest.mark.parametrize("life", [100, 600, 1800])
@pytest.mark.parametrize("seed", range(5))
def test_an_outage_of_eight_seconds_costs_no_errors_and_at_most_six_requests(
    stage: Stage, life: int, seed: Any
) -> None:
    """With a good token at hand an outage is not noticed."""
    stage.life = life
    keeper = stage.keeper(seed)
    keeper.token()
    stage.advance(keeper.state.cached.advisory_at - stage.now - 0.05)
    stage.failing, before = outage, len(stage.requests)
    got = use(stage, keeper, 8)
    assert not [item for item in got if isinstance(item, Exception)]
    assert 1 <= len(stage.requests) - before <= 6
    assert keeper.status().state in ("stale", "renewing")


def test_after_the_outage_the_token_is_fresh_within_one_back_off(stage: Stage) -> None:
    """Once the service is back, the next try succeeds."""
    stage.life = 60
    keeper = stage.keeper()
    keeper.token()
    stage.failing = outage
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    next_try = keeper.status().next_try
    stage.repair()
    stage.advance(next_try - stage.wall() + 1)  # type: ignore[operator]
    assert keeper.status().state == "fresh"
    assert keeper.status().last_error == ""


def test_a_refused_secret_costs_at_most_two_requests_and_fails_at_once(stage: Stage) -> None:
    """After a refusal the remembered error is raised, without asking and without waiting."""
    keeper = stage.keeper()
    stage.failing = revoked
    with pytest.raises(TokenRefused):
        keeper.token()
    before = stage.now
    assert all(isinstance(item, TokenRefused) for item in use(stage, keeper, 3))
    assert stage.now - before == pytest.approx(3, abs=0.11)
    assert len(stage.requests) <= 2


def test_a_refusal_keeps_the_old_token_until_it_is_dead(stage: Stage) -> None:
    """What was given stays good, although there will be no more."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.failing = revoked
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    assert keeper.status().state == "refused"
    assert keeper.token() is first
    stage.now = keeper.state.cached.expires_at
    with pytest.raises(TokenRefused):
        keeper.token()


def test_a_refusal_is_not_tried_again_by_itself(stage: Stage) -> None:
    """The worker leaves refused credentials alone; an ask probes once a minute."""
    keeper = stage.keeper()
    keeper.token()
    stage.failing = revoked
    stage.advance(keeper.state.cached.advisory_at - stage.now + 1)
    before = len(stage.requests)
    stage.advance(100)
    assert len(stage.requests) == before
    use(stage, keeper, 130)
    assert len(stage.requests) - before <= 3


@pytest.mark.parametrize("asked_for", [3, 45, 300])
def test_no_request_is_sent_inside_retry_after(stage: Stage, asked_for: int) -> None:
    """The service's wish to be left alone is a floor, up to five minutes."""
    keeper = stage.keeper()
    keeper.token()
    stage.failing = too_many(asked_for)
    stage.advance(keeper.state.cached.advisory_at - stage.now + 0.2)
    failed, sent = stage.now, len(stage.requests)
    stage.repair()
    use(stage, keeper, asked_for - 1)
    with pytest.raises(TokenUnavailable, match="Too many"):
        keeper.refresh()
    keeper.reject(keeper.state.cached.token)
    assert len(stage.requests) == sent
    stage.advance(asked_for + 61)
    keeper.token()
    assert stage.requests[sent] >= failed + asked_for - 0.2


def test_an_endless_retry_after_ends_after_five_minutes(stage: Stage) -> None:
    """A day's wish is taken for a mistake."""
    assert failures_of(too_many(86_400)(), left=1000.0)[0].retry_at == 300.0


def test_a_hand_may_insist_during_the_keepers_own_back_off(stage: Stage) -> None:
    """`refresh()` does not wait for the keeper's own back-off, only for a second's rest."""
    keeper = stage.keeper()
    keeper.token()
    stage.failing = outage
    stage.advance(keeper.state.cached.advisory_at - stage.now + 0.2)
    stage.repair()
    stage.advance(1)
    before = stage.now
    keeper.refresh()
    assert stage.now - before < 1


@given(
    failures=st.integers(0, 50),
    left=st.floats(-1e4, 1e4),
    asked=st.none() | st.floats(0, 1e5),
    seed=st.integers(),
)
def test_waits_have_a_floor_and_a_ceiling(failures: int, left: float, asked: float | None, seed: int) -> None:
    """A next try comes after a second at least; after a minute at most, unless the service asks for more."""
    error = TokenUnavailable("No token.", retry_after=asked)
    failure = failures_of(error, left, failures + 1, seed)[-1]
    wish = min(asked or 0.0, 300.0)
    assert failure.not_before == wish
    assert max(1.0, wish) <= failure.waiting_at <= max(5.0, wish)
    assert max(1.0, wish) <= failure.retry_at <= max(60.0, wish)


def test_waits_double(stage: Stage) -> None:
    """5, 10, 20, 40, 60 seconds, and not all of it."""
    waits = [failure.retry_at for failure in failures_of(outage(), left=1e6, times=6)]
    assert all(limit / 2 <= wait <= limit for wait, limit in zip(waits, [5, 10, 20, 40, 60, 60], strict=True))


def test_a_token_near_its_end_is_tried_for_more_often() -> None:
    """A third of what is left, so that there are tries before it dies."""
    assert failures_of(outage(), left=6.0)[0].retry_at <= 2.0


def test_requests_are_never_less_than_a_second_apart(stage: Stage) -> None:
    """Whatever happens, one request a second is the limit."""
    keeper = stage.keeper()
    for _ in range(20):
        keeper.reject(keeper.token())
        stage.advance(0.2)
    gaps = [later - earlier for earlier, later in zip(stage.requests, stage.requests[1:], strict=False)]
    assert min(gaps) >= 1.0


def test_anything_that_a_request_can_raise_is_a_passing_failure(stage: Stage) -> None:
    """A surprise inside the request reaches callers as an error for people, without its text."""
    stage.failing = lambda: RuntimeError("with a secret in it")
    keeper = stage.keeper()
    with pytest.raises(TokenUnavailable) as caught:
        keeper.token(timeout=3)
    assert "RuntimeError" in str(caught.value)
    assert "secret" not in str(caught.value)
