"""Where jobs read and write: storage and this machine; everything else is refused in words."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox import job_files as locations

from .conftest import Caller, FileServer


def error_of(caller: Caller, url: Any, **more: Any) -> Any:
    answer = caller.run("/media/diagnose", {"input": url, **more})
    assert answer["status"] == "Failed", answer
    return answer["error"]


@pytest.mark.parametrize(
    "url",
    ["https://example.com/x.wav", "http://192.168.0.1/x.wav", "http://10.0.0.1:80/x", "http://0.0.0.0/x",
     "http://169.254.169.254/latest/meta-data", "http://localhost.evil.example/x", "http://127.0.0.1@evil.example/",
     "http://[::ffff:8.8.8.8]/x", "http://2130706433.example/x", "http:///x", "http://127.0.0.1:99999/x",
     "http://[::1/x", "//example.com/x"],
)  # fmt: skip
def test_another_machine_is_not_reached(caller: Caller, url: Any) -> None:
    """The job fails and says that the sandbox stays at home."""
    assert error_of(caller, url)["type"] == "/problems/input-file-access"


@pytest.mark.parametrize(
    "url",
    ["s3://bucket/x.wav", "file:///etc/passwd", "/etc/passwd", "gs://b/x", "ftp://127.0.0.1/x", "concat:a|b",
     "pipe:0", "data:audio/wav;base64,AAAA", "dlb://../../etc/passwd", "dlb:///etc/passwd", "dlb://",
     "x.wav"],
)  # fmt: skip
def test_another_scheme_is_refused(caller: Caller, url: str) -> None:
    """Cloud stores, local files and FFmpeg's own protocols: refused in words, nothing is opened."""
    error = error_of(caller, url)
    assert error["type"] == "/problems/input-file-access"
    assert "dlb://" in error["detail"]


@pytest.mark.parametrize("field", ["output", "on_complete"])
def test_an_output_elsewhere_is_refused_before_any_work(
    caller: Caller, make_tone: Callable[..., bytes], field: str
) -> None:
    """Not after ten minutes of processing."""
    caller.upload("dlb://x.wav", make_tone())
    body = {"input": "dlb://x.wav", "output": "dlb://y.wav"}
    elsewhere = {"output": "s3://bucket/y.wav", "on_complete": {"url": "https://example.com/done"}}
    answer = caller.run("/media/enhance", {**body, field: elsewhere[field]})
    assert (answer["status"], answer["progress"]) == ("Failed", 0)


def test_a_file_of_a_server_on_this_machine_is_an_input(
    caller: Caller, server: FileServer, make_tone: Callable[..., bytes]
) -> None:
    """Plain http on loopback, with Basic auth where given, and without the caller's token."""
    server.files["/my%20tone.wav?a=b"] = make_tone()
    place = {"url": f"{server.url}/my tone.wav?a=b", "auth": {"username": "u", "password": "p"}}
    assert caller.run("/media/diagnose", {"input": place})["status"] == "Success"
    assert server.seen[0][2]["Authorization"] == "Basic dTpw"


def test_a_presigned_url_is_an_input(caller: Caller, make_tone: Callable[..., bytes]) -> None:
    """The sandbox's own storage can be named by URL, too."""
    caller.upload("dlb://x.wav", make_tone())
    assert caller.run("/media/diagnose", {"input": caller.download_url("dlb://x.wav")})["status"] == "Success"


def test_an_output_is_put_to_a_server_on_this_machine(
    caller: Caller, server: FileServer, make_tone: Callable[..., bytes]
) -> None:
    """The file arrives whole, with its length told."""
    caller.upload("dlb://x.wav", make_tone(2.5))
    answer = caller.run("/media/enhance", {"input": "dlb://x.wav", "output": f"{server.url}/out.wav"})
    assert answer["status"] == "Success", answer
    assert server.files["/out.wav"].startswith(b"RIFF")


@pytest.mark.parametrize("path", ["/missing.wav", "/redirect"])
def test_what_the_server_refuses_fails_the_job(caller: Caller, server: FileServer, path: str) -> None:
    """The HTTP status is in the words; redirects are not followed."""
    assert "404" in error_of(caller, server.url + path)["detail"]


def test_a_server_that_is_not_there_fails_the_job(caller: Caller) -> None:
    """Connection refused is told as such."""
    assert "ConnectionRefused" in error_of(caller, "http://127.0.0.1:1/x.wav")["detail"]


def test_an_input_has_a_limit(
    caller: Caller, server: FileServer, make_tone: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the limit is refused in words, from storage and from a server alike."""
    monkeypatch.setattr(locations, "LARGEST_INPUT", 1000)
    server.files["/x.wav"] = make_tone()
    caller.upload("dlb://x.wav", make_tone())
    for url in ("dlb://x.wav", f"{server.url}/x.wav"):
        assert error_of(caller, url)["type"] == "/problems/input-limit"


def test_nothing_is_left_behind_by_a_job(
    sandbox: Sandbox,
    caller: Caller,
    server: FileServer,
    make_tone: Callable[..., bytes],
    files: Callable[[], list[Path]],
) -> None:
    """Inputs that were fetched and outputs that were not delivered are removed."""
    server.files["/x.wav"] = make_tone(2.5)
    caller.run("/media/diagnose", {"input": f"{server.url}/x.wav"})
    caller.run("/media/enhance", {"input": f"{server.url}/x.wav", "output": f"{server.url}/out.wav"})
    error_of(caller, f"{server.url}/missing.wav")
    assert files() == []


class Dripping(BaseHTTPRequestHandler):
    """Sends the head of its answer, or a byte now and then, for as long as somebody listens."""

    def do_GET(self) -> None:
        if self.path == "/short.wav":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            return
        if self.path == "/body.wav":
            self.send_response(200)
            self.end_headers()
        with suppress(OSError):
            while not self.server.ended.wait(0.02):  # type: ignore[attr-defined]
                self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def dripping() -> Iterator[str]:
    """The address of a server that drips."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        server.ended = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.ended.set()  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.parametrize("path", ["/body.wav", "/head.wav"])
def test_a_server_that_drips_does_not_hold_a_job_for_ever(
    caller: Caller, dripping: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every single read is in time, and the whole is not."""
    monkeypatch.setattr(locations, "WHOLE_TIMEOUT", 0.3)
    assert "longer than" in error_of(caller, dripping + path)["detail"]


def test_a_job_whose_input_drips_can_be_cancelled(sandbox: Sandbox, caller: Caller, dripping: str) -> None:
    """It is felt at the next byte."""
    job_id = caller.start("/media/diagnose", {"input": f"{dripping}/body.wav"})
    caller.post("/media/jobs/cancel", {}, job_id=job_id)
    assert sandbox.wait_for_job(job_id, 10).status == "Cancelled"


def test_an_input_that_breaks_off_fails_the_job(caller: Caller, dripping: str) -> None:
    """Fewer bytes than were told are not taken for the whole."""
    assert "broke off" in error_of(caller, f"{dripping}/short.wav")["detail"]
