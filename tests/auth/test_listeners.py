"""Who is told of a new token, and when."""

import threading
from typing import Any

import pytest

from dolbyio_nb.auth.background import Listeners
from dolbyio_nb.errors import TokenUnavailable

from .stage import Stage, outage


def test_listeners_hear_of_each_token_once_and_before_the_old_one_is_hard(stage: Stage) -> None:
    """Every renewal is told while the old value is still good."""
    keeper, told = stage.keeper(), list[Any]()
    keeper.subscribe(lambda token: told.append((token, stage.now)))
    keeper.before_cell()
    previous = keeper.state.cached
    for _ in range(3):
        stage.advance(previous.advisory_at - stage.now + 1)
        assert told[-1][1] < previous.mandatory_at
        assert told[-1][0] is keeper.token()
        previous = keeper.state.cached
    assert len(told) == len({token for token, _ in told}) == 4


def test_a_listener_that_fails_harms_nobody(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The token arrives, the other listeners are told, nothing is printed."""
    keeper, told = stage.keeper(), list[Any]()

    def fails(token: Any) -> None:
        raise RuntimeError(f"not with {token}")

    keeper.subscribe(fails)
    keeper.subscribe(told.append)
    token = keeper.token()
    stage.advance(1)
    assert told == [token]
    assert [record.levelname for record in caplog.records] in ([], ["DEBUG"])


def test_who_ends_the_subscription_is_not_told(stage: Stage) -> None:
    """Unsubscribing takes effect at once, and only for that subscription."""
    keeper, told = stage.keeper(), list[Any]()
    end = keeper.subscribe(told.append)
    keeper.subscribe(told.append)
    end()
    end()
    keeper.token()
    stage.advance(1)
    assert len(told) == 1


@pytest.mark.parametrize("has_threads", [True, False])
def test_listeners_hear_of_tokens_without_threads_too(stage: Stage, has_threads: bool) -> None:
    """Where no thread can start, the caller's own does everything."""
    stage.has_threads = has_threads
    keeper, told = stage.keeper(), list[Any]()
    keeper.subscribe(told.append)
    first = keeper.token()
    stage.advance(1)
    stage.suspend(stage.life)
    second = keeper.token()
    stage.advance(1)
    assert told == [first, second]
    assert len(stage.requests) == 2


def test_a_listener_may_ask_the_keeper(stage: Stage) -> None:
    """Asking for the token while being told of it is allowed."""
    keeper, told = stage.keeper(), list[Any]()
    keeper.subscribe(lambda token: told.append(keeper.token()))
    keeper.before_cell()
    stage.advance(1)
    assert told == [keeper.token()]


def test_a_listener_that_hangs_holds_up_no_cell_for_ever(stage: Stage) -> None:
    """Who waits for another thread's telling has an end to patience."""
    keeper, listeners = stage.keeper(), Listeners[Any]()
    keeper.token()
    begun, may_end = threading.Event(), threading.Event()
    listeners.add(lambda token: (begun.set(), may_end.wait(30)))  # type: ignore[func-returns-value]
    telling = threading.Thread(target=listeners.announce, args=[lambda: keeper.state.latest])
    telling.start()
    assert begun.wait(30)
    listeners.announce(lambda: keeper.state.latest, patience=0.01)
    assert telling.is_alive()
    may_end.set()
    telling.join(30)


def test_listeners_hear_of_each_trouble_once(stage: Stage) -> None:
    """Each failed renewal is told with its error; a renewal that succeeds is news of the other kind."""
    keeper, troubles, tokens = stage.keeper(), list[Any](), list[Any]()
    keeper.on_trouble(troubles.append)
    keeper.subscribe(tokens.append)
    keeper.before_cell()
    assert troubles == []
    before = len(stage.requests)
    stage.failing = outage
    stage.advance(keeper.state.cached.advisory_at - stage.now + 30)
    assert len(troubles) == len(stage.requests) - before >= 2
    assert all(isinstance(trouble, TokenUnavailable) for trouble in troubles)
    stage.repair()
    stage.advance(60)
    assert len(tokens) == 2
