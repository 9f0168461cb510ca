"""What happens when the API refuses a token that the client sent."""

import io
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.errors import DolbyError, NotLoggedIn, TokenRefused
from dolbyio_nb.sandbox import Sandbox

from .conftest import LaterClock

ASKS_FOR_A_PLACE = json.dumps({"url": "dlb://in/talk.wav", "note": "x" * 200_000}).encode()
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def revoked(sandbox: Sandbox, keeper: TokenKeeper, later: LaterClock) -> AccessToken:
    """The keeper's token worked, and is revoked now."""
    token = keeper.token()
    keeper.accept(token)
    later.added += 10
    sandbox.faults.revoke()
    sandbox.requests.clear()
    return token


def post(session: requests.Session, sandbox: Sandbox, body: Any) -> requests.Response:
    """Send a body to the API; the answer is 200 only if it arrived whole."""
    return session.post(f"{sandbox.media_url}/media/input", data=body, headers=JSON)


def test_the_token_goes_with_every_request(sandbox: Sandbox, session: requests.Session) -> None:
    """A request to the API is let in."""
    assert session.get(f"{sandbox.media_url}/media/jobs").status_code == 200


def test_it_works_with_requests_alone(sandbox: Sandbox, auth: BearerAuth, revoked: AccessToken) -> None:
    """`auth` does the same in a request without the session."""
    answer = requests.get(f"{sandbox.media_url}/media/jobs", auth=auth, timeout=10)
    assert answer.status_code == 200
    assert [old.status_code for old in answer.history] == [401]


def test_sixteen_threads_with_one_revoked_token(
    sandbox: Sandbox, session: requests.Session, revoked: AccessToken
) -> None:
    """Sixteen answers of 200, and one token request."""
    together = threading.Barrier(16)

    def call(_: Any) -> int:
        together.wait()
        return session.get(f"{sandbox.media_url}/media/jobs").status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(call, range(16)))
    assert answers == [200] * 16
    assert sandbox.requests.count("token") == 1


@pytest.mark.parametrize("kind", [bytes, bytearray, io.BytesIO, lambda body: body.decode()])
def test_bodies_that_can_be_replayed_arrive_whole_twice(
    sandbox: Sandbox,
    session: requests.Session,
    revoked: AccessToken,
    kind: Callable[..., Any] | Callable[..., BytesIO],
) -> None:
    """Text, bytes and files are sent again after a 401."""
    assert post(session, sandbox, kind(ASKS_FOR_A_PLACE)).status_code == 200
    assert sandbox.requests.count("media") == 2


def test_files_are_rewound_to_where_they_started(
    sandbox: Sandbox, session: requests.Session, revoked: AccessToken, tmp_path: Path
) -> None:
    """Not to their beginning: the part before was not in the body."""
    path = tmp_path / "body"
    path.write_bytes(b"not in the body" + ASKS_FOR_A_PLACE)
    with path.open("rb") as file:
        file.seek(len(b"not in the body"))
        answer = post(session, sandbox, file)
    assert answer.status_code == 200
    assert answer.history[0].status_code == 401


def test_generators_get_the_401_and_the_renewal_happens(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, revoked: AccessToken
) -> None:
    """A body that is gone is never sent short: the 401 is returned, and the next call works."""
    body = (ASKS_FOR_A_PLACE[start : start + 1000] for start in range(0, len(ASKS_FOR_A_PLACE), 1000))
    assert post(session, sandbox, body).status_code == 401
    assert sandbox.requests.count("media") == 1
    assert sandbox.requests.wait("token", 1)
    assert post(session, sandbox, ASKS_FOR_A_PLACE).status_code == 200
    assert sandbox.requests.count("token") == 1


def test_pipes_get_the_401(sandbox: Sandbox, session: requests.Session, revoked: AccessToken) -> None:
    """What cannot be rewound is not sent again."""
    out, into = os.pipe()
    os.write(into, b'{"url": "dlb://in/talk.wav"}')
    os.close(into)
    with open(out, "rb") as pipe:
        assert post(session, sandbox, pipe).status_code == 401
    assert sandbox.requests.count("media") == 1


class Tape(io.BytesIO):
    """Looks like a file until it has been read: then it cannot be rewound."""

    def seek(self, *place: Any) -> int:
        if self.tell():
            raise OSError("This tape runs forward only.")
        return super().seek(*place)


def test_a_body_that_cannot_go_back_after_all_gets_the_401(
    sandbox: Sandbox, session: requests.Session, revoked: AccessToken
) -> None:
    """What turns out not to be rewindable is not sent short."""
    assert post(session, sandbox, Tape(ASKS_FOR_A_PLACE)).status_code == 401
    assert sandbox.requests.count("media") == 1


def test_a_token_that_is_refused_twice_is_not_the_trouble(
    sandbox: Sandbox, session: requests.Session, later: LaterClock
) -> None:
    """When new tokens do not help, the 401 is returned, and no more tokens are asked for."""
    sandbox.faults.fail(401, times=None)
    later.added += 10
    answers = [session.get(f"{sandbox.media_url}/media/jobs").status_code for _ in range(5)]
    assert answers == [401] * 5
    assert sandbox.requests.count("token") == 2
    assert sandbox.requests.count("media") == 2 + 4


def test_the_keeper_hears_of_the_second_401_too(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, later: LaterClock
) -> None:
    """One call whose two tokens are refused is enough to know that no token will help."""
    keeper.token()
    later.added += 10
    sandbox.faults.fail(401, times=2, at="media")
    assert session.get(f"{sandbox.media_url}/media/jobs").status_code == 401
    assert keeper.state.rejections.ignore_401_until > 0


def test_the_keeper_hears_of_the_second_answer_that_is_good(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, revoked: AccessToken
) -> None:
    """A new token that was let in counts as proven."""
    assert session.get(f"{sandbox.media_url}/media/jobs").ok
    assert keeper.state.rejections.accepted == keeper.state.cached.generation


class Recorder(requests.adapters.HTTPAdapter):
    """Writes down what each request was sent with."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send, as told."""
        self.seen.append(options)
        return super().send(request, **options)


def test_what_is_sent_again_keeps_its_limits(
    sandbox: Sandbox, session: requests.Session, revoked: AccessToken
) -> None:
    """Time limits, certificates, proxies and streaming of the first request hold for the second one."""
    recorder = Recorder()
    session.mount("http://", recorder)
    assert session.get(f"{sandbox.media_url}/media/jobs", timeout=(3, 7), verify="here", stream=True).ok
    first, second = recorder.seen
    assert first == second
    assert second["timeout"] == (3, 7)


def test_a_403_is_returned_as_it_is(sandbox: Sandbox, session: requests.Session) -> None:
    """Forbidden is not expired."""
    sandbox.faults.fail(403)
    assert session.get(f"{sandbox.media_url}/media/jobs").status_code == 403
    assert sandbox.requests.count("token") == 1
    assert sandbox.requests.count("media") == 1


def test_a_revoked_app_says_so(sandbox: Sandbox, session: requests.Session, revoked: AccessToken) -> None:
    """When the new token is refused as well, the error names the credentials and not the call."""
    sandbox.faults.disable_app()
    sandbox.faults.fail(401, at="media")
    with pytest.raises(TokenRefused, match="App key and App secret"):
        session.get(f"{sandbox.media_url}/media/jobs")


def test_after_the_log_out_nothing_is_sent(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper
) -> None:
    """A session outlives its log-in only to say so."""
    keeper.close()
    with pytest.raises(NotLoggedIn):
        session.get(f"{sandbox.media_url}/media/jobs")
    assert sandbox.requests.count("media") == 0


@pytest.mark.parametrize("header", ["Bearer %s", b"Bearer %s"])
@pytest.mark.parametrize("name", ["Authorization", "X-Token"])
def test_a_mask_sent_by_mistake_fails_in_the_client(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, header: bytes | str, name: str
) -> None:
    """A header with a mask in it is not sent, and the error shows what to write."""
    value = header % (str(keeper.token()) if isinstance(header, str) else str(keeper.token()).encode())
    with pytest.raises(DolbyError, match=r"(?s)holds a mask.*f\"Bearer \{dolby_token\}\""):
        session.get(f"{sandbox.media_url}/media/jobs", headers={name: value})
    assert sandbox.requests.count("media") == 0
