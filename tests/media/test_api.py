"""What an error of the service looks like to a person."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from dolbyio_nb.errors import (
    ApiError,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    TokenRefused,
    TransferError,
    Unauthorized,
)
from dolbyio_nb.media import Media
from dolbyio_nb.media.api import Api
from dolbyio_nb.sandbox import Sandbox


def posts(sandbox: Sandbox, path: str) -> int:
    return sum(seen.method == "POST" and seen.path == path for seen in sandbox.requests)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (403, Unauthorized),
        (404, NotFound),
        (409, InvalidRequest),
        (429, RateLimited),
        (500, ServiceUnavailable),
        (503, ServiceUnavailable),
    ],
)
@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_every_status_has_its_error_whatever_the_body(
    sandbox: Sandbox, impatient: Media, status: int, kind: Any, body: Any
) -> None:
    """Problem JSON, a gateway's page and an empty body all end in one to three lines."""
    sandbox.faults.fail(status, at="/media/jobs", body=body)
    with pytest.raises(kind) as error:
        list(impatient.jobs())
    assert error.value.status == status
    assert 2 <= len(str(error.value).splitlines()) <= 3
    assert "<" not in str(error.value)


def test_a_validation_error_names_the_field(sandbox: Sandbox, media: Media) -> None:
    """Title, detail, type, status and request id are there to read."""
    with pytest.raises(InvalidRequest) as error:
        media.enhance("dlb://a.wav", output="dlb://b.wav", extra={"on_complete": 3})
    assert "on_complete must be an object with url" in str(error.value)
    assert error.value.type == "/problems/validation-error"
    assert error.value.title == "Your request parameters didn't validate"
    assert error.value.detail.startswith("on_complete")
    assert error.value.request_id


def test_a_second_401_is_an_error_with_the_usual_cause(sandbox: Sandbox, media: Media) -> None:
    """The session has renewed once by then; nothing loops."""
    sandbox.faults.fail(401, at="/media/jobs", times=None)
    with pytest.raises(Unauthorized) as error:
        list(media.jobs())
    assert error.value.type == "/problems/access-token-expired"
    assert "Log in again" in error.value.next_step


@pytest.mark.parametrize("token", ["eyJhbGciOiJIUzI1NiJ9.e30.x", "made-up"])
def test_a_client_access_token_is_named_as_the_usual_mistake(sandbox: Sandbox, token: str) -> None:
    """The token of the dashboard does not work with the Media APIs."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    with pytest.raises(Unauthorized, match="copied from the dashboard") as error:
        Api(session, sandbox.media_url).get("/media/jobs")
    assert token not in str(error.value)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A host that is not the Media API: it gives one fixed answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def http(status: str, body: bytes, kind: Any = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_the_wrong_host_is_named() -> None:
    """The Streaming API answers a Media call with its own 403."""
    answer = http("403 Forbidden", b'{"data":{"message":"Unauthorized"},"status":"fail"}')
    with answering(answer) as origin, pytest.raises(Unauthorized) as error:
        Api(requests.Session(), origin).get("/media/jobs")
    assert "https://api.dolby.com" in error.value.next_step
    assert origin.removeprefix("http://") in error.value.next_step
    assert error.value.detail == "Unauthorized"


def test_a_page_in_place_of_json_is_no_answer() -> None:
    """A sign-in page of a network answers 200 to everything."""
    answer = http("200 OK", b"<html><body>Welcome to the hotel</body></html>", "text/html")
    with answering(answer) as origin, pytest.raises(ServiceUnavailable) as error:
        Api(requests.Session(), origin).get("/media/jobs")
    assert "Welcome to the hotel" in str(error.value)
    assert "DOLBYIO_MEDIA_URL" in error.value.next_step


Break = Callable[[Sandbox], None]


@pytest.mark.parametrize(
    "fault",
    [
        lambda sandbox: sandbox.faults.drop(at="/media/diagnose"),
        lambda sandbox: sandbox.faults.cut(5, at="/media/diagnose"),
        lambda sandbox: sandbox.faults.fail(503, at="/media/diagnose"),
        lambda sandbox: sandbox.faults.fail(504, at="/media/diagnose", body="html"),
    ],
    ids=["dropped", "cut", "503", "504"],
)
def test_a_start_that_may_have_happened_is_not_repeated(sandbox: Sandbox, media: Media, fault: Break) -> None:
    """One POST leaves, and the error says that a job may be running."""
    fault(sandbox)
    with pytest.raises(ServiceUnavailable, match="not known whether the job") as error:
        media.diagnose("dlb://a.wav")
    assert "dolby.media.jobs()" in error.value.next_step
    assert posts(sandbox, "/media/diagnose") == 1


def test_a_start_that_cannot_have_happened_says_so(sandbox: Sandbox, media: Media) -> None:
    """Nothing listens, so there is no job to look for."""
    sandbox.stop()
    with pytest.raises(ApiError) as error:
        Api(requests.Session(), sandbox.media_url).start("/media/diagnose", {"input": "dlb://a.wav"})
    assert "not known" not in str(error.value)
    assert "Nothing on this computer answers" in str(error.value)


def test_a_start_that_was_refused_with_401_is_repeated_with_a_new_token(
    sandbox: Sandbox, media: Media
) -> None:
    """A refusal is safe to repeat: no job was started."""
    list(media.jobs())
    sandbox.faults.revoke()
    job = media.diagnose("dlb://a.wav")
    assert [one.job_id for one in sandbox.jobs] == [job.id]
    assert posts(sandbox, "/media/diagnose") == 2


@pytest.mark.parametrize("has_token", [False, True])
def test_a_refused_log_in_is_told_in_its_own_words(sandbox: Sandbox, media: Media, has_token: bool) -> None:
    """What the token service says is what people read: no certificate, proxy or network is blamed."""
    if has_token:
        list(media.jobs())
        sandbox.faults.revoke()
    sandbox.faults.fail(403, at="/v1/auth/token", times=None)
    with pytest.raises(TokenRefused, match="refuses the App key and App secret") as error:
        media.diagnose("dlb://a.wav")
    assert len(str(error.value).splitlines()) == 3
    secretive = requests.Response | requests.PreparedRequest | requests.RequestException
    assert not [one for one in objects_of(error.value) if isinstance(one, secretive)]


def test_what_cannot_be_written_is_not_sent(sandbox: Sandbox, media: Media) -> None:
    """A number that is no number is the caller's error, not the network's."""
    with pytest.raises(InvalidRequest, match="not sent"):
        media.enhance("dlb://a.wav", extra={"newer": float("nan")})
    assert posts(sandbox, "/media/enhance") == 0


def objects_of(error: BaseException | None) -> Iterator[object]:
    """Everything that the frames of an error and of what led to it hold."""
    while error is not None:
        frame = error.__traceback__
        while frame:
            yield from frame.tb_frame.f_locals.values()
            frame = frame.tb_next
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("at", ["/media/jobs", "/media/input", "storage"])
@pytest.mark.parametrize("fault", ["fail", "drop"])
def test_no_frame_of_an_error_holds_a_secret(sandbox: Sandbox, impatient: Media, at: str, fault: str) -> None:
    """A debugger or an error report finds neither a request with the token nor a presigned address."""
    getattr(sandbox.faults, fault)(at=at, times=None)
    with pytest.raises((ApiError, TransferError)) as error:
        next(impatient.jobs()) if at == "/media/jobs" else impatient.upload(b"x")
    inside = list(objects_of(error.value))
    secretive = requests.Response | requests.PreparedRequest | requests.RequestException
    assert not [one for one in inside if isinstance(one, secretive)]
    assert not [one for one in inside if isinstance(one, str) and "X-Amz-Signature" in one]
