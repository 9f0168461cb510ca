"""What the keeper does when the API refuses a token."""

import pytest

from .stage import Stage


def test_a_refused_token_is_not_handed_out_again(stage: Stage) -> None:
    """After a 401 everybody gets another token."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(10)
    assert keeper.reject(first)
    assert keeper.token() != first


def test_the_first_of_many_refusals_starts_the_only_request(stage: Stage) -> None:
    """Sixteen answers of 401 to the same token cost one request."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(10)
    assert all(keeper.reject(first) for _ in range(16))
    keeper.token()
    assert all(keeper.reject(first) for _ in range(16))
    stage.advance(10)
    assert len(stage.requests) == 2


def test_a_late_refusal_of_an_old_token_leaves_the_new_one_alone(stage: Stage) -> None:
    """A 401 counts against the token that was sent, not against the one that came since."""
    keeper = stage.keeper()
    first = keeper.token()
    stage.advance(10)
    second = keeper.refresh()
    assert keeper.reject(first)
    assert keeper.token() is second
    assert len(stage.requests) == 2


def test_two_refused_tokens_that_were_never_accepted_make_deaf_for_a_minute(stage: Stage) -> None:
    """If new tokens do not help, the trouble is not the token: stop asking for more."""
    keeper = stage.keeper()
    stage.advance(10)
    assert keeper.reject(keeper.token())
    second = keeper.token()
    stage.advance(10)
    assert not keeper.reject(second)
    assert keeper.token() is second
    stage.advance(50)
    assert not keeper.reject(second)
    assert len(stage.requests) == 2
    stage.advance(11)
    assert keeper.reject(second)
    assert keeper.token() != second


def test_an_accepted_token_makes_a_refusal_believable(stage: Stage) -> None:
    """Tokens that worked until they were revoked are renewed each time."""
    keeper = stage.keeper()
    for _ in range(5):
        token = keeper.token()
        keeper.accept(token)
        stage.advance(10)
        assert keeper.reject(token)
        assert keeper.token() != token


@pytest.mark.parametrize("never_its_own", ["", "something else"])
def test_a_token_that_the_keeper_never_had_changes_nothing(stage: Stage, never_its_own: str) -> None:
    """A foreign token in a foreign header is no news about this one."""
    keeper = stage.keeper()
    first = keeper.token()
    keeper.reject(never_its_own)
    keeper.accept(never_its_own)
    assert keeper.token() is first


def test_after_the_log_out_a_refusal_is_nobodys_business(stage: Stage) -> None:
    """A 401 that comes after the log-out is returned as it is."""
    keeper = stage.keeper()
    token = keeper.token()
    keeper.close()
    assert not keeper.reject(token)
