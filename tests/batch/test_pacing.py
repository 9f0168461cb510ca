"""One pause for everybody, a limit of each kind, and starts that are never repeated on a guess."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from requests.auth import AuthBase

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.batch import State, moves, reconcile
from dolbyio_nb.batch.pacing import CommonPause, LookPace
from dolbyio_nb.errors import (
    ErrorResponse,
    RateLimited,
    ServiceUnavailable,
    TokenRefused,
    TokenUnavailable,
    Unauthorized,
)
from dolbyio_nb.http.retry import POLL
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import QUICK
from tests.waiting import eventually


class MovedTime:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def limited(seconds: float | None) -> RateLimited:
    return RateLimited("Too many.", ErrorResponse(429, retry_after=seconds))


def test_a_pause_holds_as_long_as_was_asked() -> None:
    """429 with Retry-After pauses everybody for that long; a second one that was under way adds nothing."""
    moved = MovedTime()
    pause = CommonPause(moved)
    assert pause.failed(limited(30.0))
    assert pause.failed(limited(30.0))
    assert pause.left == 30.0
    moved.now += 30.0
    assert pause.left == 0.0


def test_a_service_out_of_reach_ends_the_run_after_minutes() -> None:
    """Failures without an answer pause longer and longer, and end the run after five minutes in a row."""
    moved = MovedTime()
    pause, error = CommonPause(moved), ServiceUnavailable("Gone.", ErrorResponse(0))
    lasted = 0
    while pause.failed(error):
        moved.now += max(pause.left, 0.01)
        lasted += 1
        assert lasted < 1000
    assert moved.now - 100.0 >= POLL.patience
    pause.succeeded()
    assert pause.failed(error)


def test_looks_slow_down_while_nothing_ends() -> None:
    """Every second while jobs end, and up to ten seconds apart for long ones."""
    moved = MovedTime()
    pace = LookPace(moved)
    naps = []
    for _ in range(12):
        moved.now += pace.left
        pace.looked(False)
        naps.append(pace.left)
    assert naps == sorted(naps)
    assert (1.0 <= naps[0] <= 2.0, naps[-1]) == (True, 10.0)
    pace.looked(True)
    assert pace.left == 1.0


def test_a_429_is_waited_for_and_nothing_is_lost(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """Calls of every stage that are told to wait come again, and each file has one job."""
    record(*"abcd")
    for path in ("/media/input", "/media/diagnose", "/media/jobs"):
        sandbox.faults.rate_limit(0, at=path, times=2)
    batch = media.batch("*.wav", "diagnose")
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 4


@pytest.mark.parametrize("fault", ["drop", "fail"])
def test_a_lost_answer_is_looked_into_and_not_repeated(
    media: Media,
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    """When the answer of a start is lost, its output proves the job; without one the item is unsure."""
    monkeypatch.setattr(reconcile, "SETTLED", 0.3)
    monkeypatch.setattr(moves, "LOOK_AGAIN", 0.02)
    record("a", "b")
    getattr(sandbox.faults, fault)(at="/media/diagnose")
    batch = media.batch("*.wav", "diagnose", uploads=1)
    batch.run()
    assert sorted(item.state for item in batch.items) == [State.DONE, State.UNSURE]
    assert len(sandbox.jobs) == 1


def test_a_lost_answer_of_a_job_that_ran_is_found_by_its_output(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start whose answer was cut off has run: its output is fetched, and no second job is started."""
    monkeypatch.setattr(moves, "LOOK_AGAIN", 0.02)
    record("a")
    sandbox.faults.cut(at="/media/enhance")
    batch = media.batch("*.wav", "enhance", output="better/{name}")
    batch.run()
    assert batch.items[0].state == State.DONE
    assert os.path.isfile(batch.items[0].path or "")
    assert len(sandbox.jobs) == 1


def test_in_flight_is_a_limit(media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]) -> None:
    """No more jobs are at the service at once than may be in flight."""
    record(*(f"{number}" for number in range(9)))
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose", in_flight=3)
    batch.begin()
    eventually(lambda: looks(sandbox) >= 6)  # at three jobs that go on
    assert len(sandbox.jobs) == 3
    sandbox.faults.release_jobs()
    batch.run()
    assert len(sandbox.jobs) == 9


def looks(sandbox: Sandbox) -> int:
    return sum(one.path == "/media/jobs" for one in sandbox.requests)


def test_a_refused_log_in_stops_the_run(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """A token that is refused is the same for every file: the run ends, and each file stays to be done."""
    record("a", "b")
    sandbox.faults.fail(403, at="/media/input", times=4)
    batch = media.batch("*.wav", "diagnose")
    with pytest.raises(Unauthorized):
        batch.run()
    assert {item.state for item in batch.items} == {State.NEW}
    sandbox.faults.clear()
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}


def test_a_log_in_that_is_refused_from_the_start_stops_the_run_at_once(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """Without any token yet, the token service's refusal ends the run, in its own three lines."""
    record("a", "b")
    sandbox.faults.disable_app()
    batch = media.batch("*.wav", "diagnose")
    with pytest.raises(TokenRefused, match="refuses the App key") as told:
        batch.run()
    assert len(str(told.value).splitlines()) == 3
    assert {item.state for item in batch.items} == {State.NEW}
    assert not [one for one in sandbox.requests if one.path.startswith("/media")]
    sandbox.faults.clear()


def test_a_log_in_that_is_refused_later_stops_the_run(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """So does a refusal while jobs run; the next run picks them up, and starts none twice."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")
    batch.begin()
    eventually(lambda: len(sandbox.jobs) == 2)
    sandbox.faults.disable_app()
    with pytest.raises((TokenRefused, Unauthorized)) as told:
        batch.run()
    assert len(str(told.value).splitlines()) == 3
    sandbox.faults.clear()
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


class InTrouble(AuthBase):
    """Authentication that has no token for its first requests, as if its service were out of reach."""

    def __init__(self, auth: AuthBase, times: int) -> None:
        self.auth, self.left = auth, times

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self.left -= 1
        if self.left >= 0:
            raise TokenUnavailable("No token.", "It cannot be reached.", "Wait a little.")
        return self.auth(request)


def test_a_token_service_out_of_reach_is_waited_for(
    sandbox: Sandbox, auth: BearerAuth, record: Callable[..., list[Path]]
) -> None:
    """It may come back: everybody pauses, no file fails, and each has one job."""
    record("a", "b", "c")
    troubled = InTrouble(auth, 12)
    batch = Media(open_session(troubled), sandbox.media_url, schedule=QUICK).batch("*.wav", "diagnose")
    batch.run()
    assert troubled.left < 0
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 3
