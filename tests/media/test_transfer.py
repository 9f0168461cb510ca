"""Files on their way to and from storage."""

import errno
import io
import os
import shutil
import signal
import threading
import traceback
from collections import namedtuple
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from dolbyio_nb.errors import DolbyError, NotFound, RateLimited, ServiceUnavailable, TransferError
from dolbyio_nb.http.session import PlainSession
from dolbyio_nb.media import Media
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import CHUNK, read_content
from dolbyio_nb.media.transfer import Storage, whole_or_nothing
from dolbyio_nb.sandbox import Sandbox
from tests.http.hostile import hostile, says

from .conftest import MovedTime, Presigning


def at_storage(sandbox: Sandbox, method: str) -> list[Any]:
    return [seen for seen in sandbox.requests if seen.at == "storage" and seen.method == method]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(os.urandom(CHUNK + 7))
    return path


def test_what_goes_up_comes_down(media: Media, file: Path, tmp_path: Path) -> None:
    """Every byte, in the file that was named."""
    address = media.upload(file)
    assert address.startswith("dlb://in/")
    assert address.endswith("/talk.wav")
    assert media.download(address, tmp_path / "new" / "back.wav") == tmp_path / "new" / "back.wav"
    assert (tmp_path / "new" / "back.wav").read_bytes() == file.read_bytes()


def test_a_folder_keeps_the_name(media: Media, file: Path, tmp_path: Path) -> None:
    """A folder that is there is where the file goes."""
    (tmp_path / "sounds").mkdir()
    assert media.download(media.upload(file), tmp_path / "sounds") == tmp_path / "sounds" / "talk.wav"


def test_an_upload_can_be_named(media: Media) -> None:
    """Bytes get a file name, or a whole address of one's own."""
    assert media.upload(b"x", "a b.wav").endswith("/a-b.wav")
    assert media.upload(b"x", "dlb://mine/a.wav") == "dlb://mine/a.wav"


def test_storage_hears_nothing_but_the_bytes(
    sandbox: Sandbox, media: Media, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token, no .netrc, no multipart form: a length and the bytes."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    media.download(media.upload(file), tmp_path / "back.wav")
    put, get = *at_storage(sandbox, "PUT"), *at_storage(sandbox, "GET")
    assert put.authorization is None
    assert get.authorization is None
    assert put.headers["content-length"] == str(file.stat().st_size)
    assert "transfer-encoding" not in put.headers


def test_a_redirect_adds_no_header_either(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a redirect, requests would put a password from .netrc into the header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    heard: list[Any] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, self.headers["Authorization"]))
            self.send_response(307 if self.path == "/here" else 200)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server, PlainSession() as session:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        session.get(f"http://127.0.0.1:{server.server_port}/here", timeout=5)
        server.shutdown()
    assert heard == [("/here", None), ("/there", None)]


def test_transfers_share_a_connection_and_no_cookie() -> None:
    """One after the other on one kept connection; what storage wants remembered is not told to it again."""
    heard: list[Any] = []

    class Keeping(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.client_address, self.headers["Cookie"]))
            self.send_response(200)
            self.send_header("Set-Cookie", "who=ann")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        storage = Storage(cast(Api, Presigning(f"http://127.0.0.1:{server.server_port}/in")))
        for _ in range(3):
            storage.upload(read_content(b"sound"), "dlb://in/talk.wav")
        storage.session.close()
        server.shutdown()
    assert len(heard) == 3
    assert len(set(heard)) == 1
    assert heard[0][1] is None


def test_an_upload_that_breaks_is_tried_again_with_a_new_address(
    sandbox: Sandbox, media: Media, file: Path, time: MovedTime
) -> None:
    """To send a file twice does no harm, and the address lives an hour only."""
    sandbox.faults.drop(at="storage")
    sandbox.faults.fail(403, at="storage")
    media.upload(file)
    assert len([seen for seen in sandbox.requests if seen.path == "/media/input"]) == 3
    assert time.naps == [1.0, 4.0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda faults: faults.fail(403, at="storage", times=None), "answered 403 AccessDenied"),
        (lambda faults: faults.fail(503, at="storage", times=None, body="html"), "answered 503"),
        (lambda faults: faults.drop(at="storage", times=None), "connection to .* broke"),
    ],
    ids=["403", "503", "dropped"],
)
def test_an_upload_that_does_not_arrive_is_an_error_without_the_address(
    sandbox: Sandbox, media: Media, file: Path, fault: Callable[..., Any], words: str
) -> None:
    """The signature in the address is a password: not in the message, not in the traceback."""
    fault(sandbox.faults)
    with pytest.raises(TransferError, match=words) as error:
        media.upload(file)
    assert "X-Amz" not in "".join(traceback.format_exception(error.value))


def test_a_file_that_shrinks_on_the_way_is_an_error_at_once(sandbox: Sandbox, media: Media) -> None:
    """Fewer bytes than were announced: not a broken connection, and not tried again."""

    class Shrinking(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) + (100 if whence == os.SEEK_END else 0)

    with pytest.raises(DolbyError, match="became shorter"):
        media.upload(Shrinking(b"four" * 20_000))  # more than goes out in one piece
    assert sandbox.requests.wait("storage", 1)
    assert len(at_storage(sandbox, "PUT")) == 1


def test_what_storage_will_never_take_is_not_sent_again(sandbox: Sandbox, media: Media, file: Path) -> None:
    """A 400 stays a 400."""
    sandbox.faults.fail(400, at="storage", times=None)
    with pytest.raises(TransferError, match="400"):
        media.upload(file)
    assert len(at_storage(sandbox, "PUT")) == 1


def test_a_broken_download_leaves_nothing(sandbox: Sandbox, media: Media, file: Path, tmp_path: Path) -> None:
    """No half file, no scrap of one; what was there before stays."""
    address = media.upload(file)
    folder = tmp_path / "down"
    folder.mkdir()
    (folder / "old.wav").write_bytes(b"old")
    sandbox.faults.cut(1000, at="storage", times=None)
    for name in ("new.wav", "old.wav"):
        with pytest.raises(TransferError):
            media.download(address, folder / name)
    assert [path.name for path in folder.iterdir()] == ["old.wav"]
    assert (folder / "old.wav").read_bytes() == b"old"


def test_a_download_that_breaks_once_is_fetched_again(
    sandbox: Sandbox, media: Media, file: Path, tmp_path: Path
) -> None:
    """From the beginning, under a new address."""
    address = media.upload(file)
    sandbox.faults.cut(1000, at="storage")
    media.download(address, tmp_path / "back.wav")
    assert (tmp_path / "back.wav").read_bytes() == file.read_bytes()


def test_an_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    """A person who stops the cell finds no half file."""

    def fetch() -> None:
        with whole_or_nothing(tmp_path / "back.wav") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_not_found(media: Media, tmp_path: Path) -> None:
    """Temporary files are gone after a day, which the error says."""
    with pytest.raises((NotFound, TransferError)) as error:
        media.download("dlb://never/was.wav", tmp_path / "a.wav")
    assert "never/was.wav" in str(error.value) or "kept for a day" in str(error.value)
    assert not (tmp_path / "a.wav").exists()


def test_other_stores_are_left_to_their_own_tools(media: Media, tmp_path: Path) -> None:
    """Only dlb:// can be fetched from here."""
    with pytest.raises(TransferError, match=r"s3://bucket/a\.wav cannot be fetched"):
        media.download("s3://bucket/a.wav", tmp_path / "a.wav")


def test_an_api_in_trouble_is_asked_again_for_an_address(
    sandbox: Sandbox, impatient: Media, file: Path
) -> None:
    """To ask for an address twice does no harm."""
    sandbox.faults.fail(503, at="/media/input", times=2)
    impatient.upload(file)
    sandbox.faults.fail(503, at="/media/input", times=None)
    with pytest.raises(ServiceUnavailable):
        impatient.upload(file)


def test_nothing_is_printed_when_nobody_watches(
    media: Media, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Progress bars are for people."""
    media.download(media.upload(file), tmp_path / "back.wav")
    assert capsys.readouterr() == ("", "")


def test_a_place_that_takes_no_file_is_an_error_in_words(media: Media, file: Path, tmp_path: Path) -> None:
    """What the system says is passed on, with the place, and there is no second try."""
    address = media.upload(file)
    for place in (file / "under-a-file.wav", tmp_path / ("x" * 300)):
        with pytest.raises(TransferError, match="was not fetched") as error:
            media.download(address, place)
        assert len(str(error.value).splitlines()) == 3
    with pytest.raises(TransferError, match="null character"):
        media.download(address, "a\0b.wav")


def dolby_token(sandbox: Sandbox) -> str:
    """A token of its own, for a session that is none of ours."""
    pair = (sandbox.app_key, sandbox.app_secret)
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{sandbox.auth_url}/v1/auth/token", data=form, auth=pair)
    return str(answer.json()["access_token"])


def test_no_log_shows_a_signature(
    sandbox: Sandbox, media: Media, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 writes down each address it calls: not its signature, also not for another session."""
    caplog.set_level(1)
    media.download(media.upload(file), tmp_path / "back.wav")
    headers = {"Authorization": f"Bearer {dolby_token(sandbox)}"}
    question = {"url": media.upload(file)}
    url = requests.post(f"{sandbox.media_url}/media/output", json=question, headers=headers).json()["url"]
    requests.get(url)
    assert "X-Amz-Signature" in url
    assert 'talk.wav?… HTTP/1.1" 200' in caplog.text
    assert "X-Amz-" not in caplog.text


@pytest.mark.parametrize("at", ["storage", "media"])
def test_an_interrupt_holds_no_address_and_no_token(
    sandbox: Sandbox, media: Media, file: Path, at: str
) -> None:
    """Ctrl-C is one line; the frames of its traceback hold neither the signed address nor the token."""
    sandbox.faults.hang(at=at)
    before = sandbox.requests.count(at)  # type: ignore[arg-type]
    thread = threading.Thread(
        target=lambda: sandbox.requests.wait(at, before + 1) and os.kill(os.getpid(), signal.SIGINT)  # type: ignore[arg-type,func-returns-value]
    )
    thread.start()
    with pytest.raises(KeyboardInterrupt) as error:
        media.upload(file)
    thread.join()
    assert error.value._render_traceback_() == ["KeyboardInterrupt: stopped."]  # type: ignore[attr-defined]
    variables = [repr(frame.f_locals) for frame, _ in traceback.walk_tb(error.value.__traceback__)][1:]
    assert not [text for text in variables if "X-Amz" in text or "Bearer" in text]
    assert error.value.__context__ is None


def test_who_is_told_to_wait_for_long_is_told_at_once(
    sandbox: Sandbox, media: Media, file: Path, time: MovedTime
) -> None:
    """An hour is not waited for, and half a minute would be too short: the error says how long."""
    sandbox.faults.rate_limit(3600, at="/media/input", times=None)
    with pytest.raises(RateLimited, match="3600 seconds"):
        media.upload(file)
    assert time.naps == []


Usage = namedtuple("Usage", "total used free")


def fill_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let a file that is being fetched be full after so many bytes, as the system says it."""

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    opened = Path.open

    def open_it(path: Path, *given: Any, **more: Any) -> Any:
        return (Full if path.name.startswith(".dolby-") else opened)(path, *given, **more)

    monkeypatch.setattr(Path, "open", open_it)


@pytest.mark.parametrize("after", [0, 1000, CHUNK])
def test_a_disk_that_fills_up_is_told_in_three_lines(
    sandbox: Sandbox, media: Media, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """There is no second try, no scrap, what was there stays, and the file can be fetched to elsewhere."""
    address, folder = media.upload(file), tmp_path / "down"
    folder.mkdir()
    (folder / "old.wav").write_bytes(b"old")
    with monkeypatch.context() as full:
        fill_disk(full, after)
        with pytest.raises(TransferError, match="No space left") as error:
            media.download(address, folder / "old.wav")
    assert len(str(error.value).splitlines()) == 3
    assert "another place" in str(error.value)
    assert len(at_storage(sandbox, "GET")) == 1
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("old.wav", b"old")]
    assert media.download(address, tmp_path / "back.wav").read_bytes() == file.read_bytes()


def test_a_result_that_finds_no_room_is_not_lost(
    sandbox: Sandbox, media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is done and paid for: its id brings the result to another place."""
    job = media.enhance(tone, output=tmp_path / "better.wav")
    with monkeypatch.context() as full:
        fill_disk(full, 10)
        with pytest.raises(TransferError, match="No space left") as error:
            job.result()
    assert not (tmp_path / "better.wav").exists()
    assert f'dolby.media.job("{job.id}", output=' in str(error.value)
    assert len(str(error.value).splitlines()) == 3
    media.job(job.id, output=tmp_path / "again.wav").result()
    job.result()
    assert (tmp_path / "again.wav").read_bytes() == (tmp_path / "better.wav").read_bytes()
    assert len(sandbox.jobs) == 1


@pytest.mark.parametrize("size", [8 << 30, 1 << 50, 101])
def test_a_file_larger_than_the_disk_is_refused_before_it_comes(
    media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """By the length that storage announces: nothing is written."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 100, 100))
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    with hostile(says(head + b"x" * 99)) as server:
        storage = Storage(cast(Api, Presigning(server.url)), lambda seconds: None)
        with pytest.raises(TransferError, match="No space left for") as error:
            storage.download("dlb://out/talk.wav", tmp_path / "new" / "talk.wav")
    assert len(str(error.value).splitlines()) == 3
    assert len(server.asked) == 1
    assert not list((tmp_path / "new").iterdir())
