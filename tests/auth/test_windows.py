"""The four ages of a token, drawn from its life."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh_state import Age, CachedToken


def windows(life: float, seed: float = 0) -> CachedToken:
    """The windows of a token born at 0."""
    return CachedToken.of(AccessToken("x" * 20, lifetime=life, issued_at=0.0), 1, Random(seed))


@given(life=st.floats(0.1, 1e6), seed=st.integers())
def test_the_ages_follow_each_other(life: float, seed: int) -> None:
    """Every token is soft before hard, hard before dead, and dead before it expires."""
    held = windows(life, seed)
    assert 0.6 * life <= held.advisory_at <= 0.85 * life
    assert held.advisory_at <= held.mandatory_at + 1e-9 * life
    assert held.mandatory_at < held.expires_at < life


@pytest.mark.parametrize(
    ("life", "hard", "dead"), [(1800, 1765, 1795), (86400, 86365, 86395), (30, 25.5, 27), (3, 2.55, 2.7)]
)
def test_the_windows_are_a_share_of_short_lives_and_seconds_of_long_ones(
    life: int, hard: float, dead: int
) -> None:
    """The numbers, for a day, half an hour and a few seconds."""
    held = windows(life)
    assert (held.mandatory_at, held.expires_at) == pytest.approx((hard, dead))


def test_each_age_begins_at_its_moment() -> None:
    """A boundary belongs to the older age."""
    held = CachedToken(AccessToken("x"), advisory_at=1.0, mandatory_at=2.0, expires_at=3.0, generation=1)
    ages = [held.age(moment) for moment in (0.9, 1.0, 1.9, 2.0, 2.9, 3.0)]
    assert ages == [Age.FRESH, Age.ADVISORY, Age.ADVISORY, Age.MANDATORY, Age.MANDATORY, Age.EXPIRED]


def test_a_hub_of_a_thousand_kernels_does_not_renew_in_step() -> None:
    """Kernels that start within one second never ask more than 12 times in a second afterwards."""
    rng = Random(7)
    asks: Counter[str] = Counter()
    for _ in range(1000):
        moment = rng.random()
        for _ in range(4):
            moment += windows(1800, rng.random()).advisory_at
            asks[int(moment)] += 1  # type: ignore[index]
    assert max(asks.values()) <= 12


def test_a_due_token_is_still_good_and_an_invalidated_one_is_not() -> None:
    """Due asks for renewal first; invalidated forbids handing out."""
    held = windows(1800)
    assert held.due(1.0).age(1.0) is Age.MANDATORY
    assert held.due(1.0).expires_at == held.expires_at
    assert held.invalidated().age(0.0) is Age.EXPIRED
