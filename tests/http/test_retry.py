"""What is sent again after a passing trouble, and how long an answer may take."""

import io
import pickle
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.http import retry
from dolbyio_nb.http.session import open_session
from dolbyio_nb.sandbox import Sandbox

from .conftest import LaterClock
from .server import Server


@pytest.fixture
def media(sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper) -> str:
    """The address of the list of jobs; the token is there already."""
    keeper.token()
    return f"{sandbox.media_url}/media/jobs"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_reading_outlasts_a_gateways_bad_moment(
    sandbox: Sandbox, session: requests.Session, media: str, status: int
) -> None:
    """GET is sent again."""
    sandbox.faults.fail(status, times=1, body="html")
    assert session.get(media).status_code == 200
    assert sandbox.requests.count("media") == 2


def test_reading_outlasts_a_dropped_connection(
    sandbox: Sandbox, session: requests.Session, media: str
) -> None:
    """GET is sent again when the connection breaks."""
    sandbox.faults.drop()
    assert session.get(media).status_code == 200
    assert sandbox.requests.count("media") == 2


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_other_answers_are_returned_at_once(
    sandbox: Sandbox, session: requests.Session, media: str, status: int
) -> None:
    """What waiting would not mend, or who asked for less, is not asked again."""
    sandbox.faults.fail(status)
    assert session.get(media).status_code == status
    assert sandbox.requests.count("media") == 1


def test_the_last_answer_is_returned_when_trouble_does_not_pass(
    sandbox: Sandbox, session: requests.Session, media: str
) -> None:
    """After the repeats the caller sees what the service says, not an error about tries."""
    for prefix in ("http://", "https://"):
        session.mount(prefix, retry.RetryAdapter(replace(retry.API, first_pause=0.01)))
    sandbox.faults.fail(503, times=None)
    assert session.get(media).status_code == 503
    assert sandbox.requests.count("media") == retry.API.attempts


@pytest.mark.parametrize("trouble", ["fail", "drop"])
def test_a_job_is_never_started_twice(
    sandbox: Sandbox, session: requests.Session, media: str, trouble: str
) -> None:
    """POST is sent once, whatever happens: it may have arrived."""
    getattr(sandbox.faults, trouble)()
    body = {"input": "dlb://in/a.wav", "output": "dlb://out/a.wav"}
    try:
        status = session.post(f"{sandbox.media_url}/media/enhance", json=body).status_code
    except requests.ConnectionError:
        status = None
    assert status == (503 if trouble == "fail" else None)
    assert sandbox.requests.count("media") == 1


def test_a_refused_connection_is_not_tried_again_for_a_post(
    session: requests.Session, keeper: TokenKeeper, sandbox: Sandbox
) -> None:
    """Only calls that may arrive twice are repeated, even if this one cannot have arrived."""
    keeper.token()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        session.post(f"{sandbox.media_url}/media/enhance", json={})


def test_a_body_that_can_be_read_once_is_sent_once(
    sandbox: Sandbox, session: requests.Session, media: str
) -> None:
    """A PUT from a generator would arrive short the second time."""
    sandbox.faults.fail(503)
    body = iter([b'{"callback": ', b'{"url": "http://127.0.0.1:9/"}}'])
    answer = session.put(f"{sandbox.media_url}/media/webhooks", params={"id": "x"}, data=body)
    assert answer.status_code == 503
    assert sandbox.requests.count("media") == 1


def test_a_file_is_sent_whole_again(server: Server, keeper: TokenKeeper) -> None:
    """A PUT from a file is rewound to where it started."""
    answers: Iterator[Any] = iter([(503, {}), (200, {})])
    server.answers["/"] = lambda _: next(answers)
    body = io.BytesIO(b"before, and the content")
    body.seek(12)
    with open_session(lambda request: request) as session:  # type: ignore[arg-type]
        assert session.put(server.url, data=body).status_code == 200
    assert [seen.body for seen in server.seen] == [b"the content"] * 2


NOON, A_SECOND_LATER = "Wed, 21 Oct 2099 12:00:00 GMT", "Wed, 21 Oct 2099 12:00:01 GMT"


@pytest.mark.parametrize("wish", [{"Retry-After": "1"}, {"Date": NOON, "Retry-After": A_SECOND_LATER}])
def test_retry_after_is_waited_for(server: Server, wish: dict[str, str]) -> None:
    """The service says when to come back, in seconds or as a date by its own clock, right or wrong."""
    times = []
    server.answers["/"] = lambda _: (
        times.append(time.monotonic()) or ((503, wish) if len(times) == 1 else (200, {}))  # type: ignore[func-returns-value]
    )
    with open_session(lambda request: request) as session:  # type: ignore[arg-type]
        assert session.get(server.url).status_code == 200
    assert times[1] - times[0] >= 1.0


@pytest.mark.parametrize("wish", ["31", "86400", "Wed, 21 Oct 2099 12:00:31 GMT"])
def test_nobody_waits_for_half_a_minute_and_more(server: Server, wish: str) -> None:
    """A long pause is reported, not slept through."""
    server.answers["/"] = (503, {"Date": NOON, "Retry-After": wish})
    with open_session(lambda request: request) as session:  # type: ignore[arg-type]
        assert session.get(server.url).status_code == 503
    assert len(server.seen) == 1


def test_a_retry_after_that_makes_no_sense_is_no_error(server: Server) -> None:
    """Garbage in the header counts as none."""
    answers = iter([(503, {"Retry-After": "soon"}), (200, {})])
    server.answers["/"] = lambda _: next(answers)
    with open_session(lambda request: request) as session:  # type: ignore[arg-type]
        assert session.get(server.url).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_request_has_a_time_limit(
    sandbox: Sandbox, session: requests.Session, media: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Without a `timeout` of its own, a request to a service that hangs ends."""
    monkeypatch.setattr(retry, "TIME_LIMITS", (3.05, 0.1))
    session.mount("http://", retry.RetryAdapter(retry.ONCE))
    sandbox.faults.hang(times=None)
    with pytest.raises(requests.Timeout):
        session.request(method, media)


def test_sending_again_after_a_401_has_a_time_limit_too(
    sandbox: Sandbox,
    session: requests.Session,
    media: str,
    later: LaterClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second try is no back door to waiting for ever."""
    monkeypatch.setattr(retry, "TIME_LIMITS", (3.05, 0.1))
    session.mount("http://", retry.RetryAdapter(retry.ONCE))
    later.added += 10
    sandbox.faults.fail(401)
    sandbox.faults.hang(times=None)
    with pytest.raises(requests.Timeout):
        session.get(media)


def test_a_limit_of_ones_own_is_respected(sandbox: Sandbox, session: requests.Session, media: str) -> None:
    """`timeout` with a request replaces the limits."""
    sandbox.faults.hang(times=None)
    with pytest.raises(requests.Timeout):
        session.post(media, timeout=0.05)


def test_the_service_learns_who_asks(sandbox: Sandbox, session: requests.Session, media: str) -> None:
    """The User-Agent names this package and requests."""
    session.get(media)
    agent = list(sandbox.requests)[-1].headers["user-agent"]
    assert agent.startswith("dolbyio_nb/")
    assert "python-requests/" in agent


def test_proxies_and_authorities_of_the_environment_count(
    session: requests.Session, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says about the way out is kept."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/some/bundle")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert session.get("http://nowhere.invalid/x").status_code == 200
    assert server.seen[0].path == "http://nowhere.invalid/x"
    assert session.merge_environment_settings("https://x", {}, None, None, None)["verify"] == "/some/bundle"


def test_a_session_can_be_pickled_without_its_secret(
    session: requests.Session, keeper: TokenKeeper, sandbox: Sandbox, media: str
) -> None:
    """A copy of the session works with the token that it took along."""
    data = pickle.dumps(session)
    assert sandbox.app_secret.encode() not in data
    assert pickle.loads(data).get(media).status_code == 200


def test_errors_hold_no_frames_that_hold_headers(
    session: requests.Session, keeper: TokenKeeper, sandbox: Sandbox, media: str
) -> None:
    """A broken connection is reported without urllib3's frames, in which the header stands."""
    sandbox.faults.drop(times=None)
    with pytest.raises(requests.ConnectionError) as caught:
        session.post(media)
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert not [name for name in names if "urllib3" in name]
