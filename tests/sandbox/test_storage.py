"""Temporary storage: presigned URLs that let one object be written or read for an hour."""

import re
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from dolbyio_nb.sandbox import Sandbox

from .conftest import Caller, Clock


def code(answer: requests.Response) -> str | Any:
    assert answer.headers["Content-Type"] == "application/xml"
    return re.search("<Code>(.*)</Code>", answer.text)[1]  # type: ignore[index]


def test_what_is_put_can_be_got(caller: Caller) -> None:
    """The bytes come back by POST /media/output and by the redirect of GET /media/output."""
    caller.upload("dlb://in/a b/ü.wav", b"\x00\xffsound")
    assert caller.download("dlb://in/a b/ü.wav") == b"\x00\xffsound"
    redirected = caller.get("/media/output", url="dlb://in/a b/ü.wav")
    assert redirected.content == b"\x00\xffsound"
    assert [step.status_code for step in redirected.history] == [302]


def test_a_presigned_url_looks_like_one_of_s3(sandbox: Sandbox, caller: Caller) -> None:
    """Absolute, on another origin than the API, with the observed query."""
    url = urlsplit(caller.upload_url("dlb://x.wav"))
    assert f"{url.scheme}://{url.netloc}" != sandbox.media_url
    query = parse_qs(url.query)
    assert set(query) == {
        "X-Amz-Algorithm", "X-Amz-Content-Sha256", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-SignedHeaders", "x-id",
    }  # fmt: skip
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["x-id"] == ["PutObject"]


def test_a_presigned_url_lives_an_hour(caller: Caller, clock: Clock) -> None:
    """Whatever the token's life: good until 3600 s, then 403 in XML."""
    url = caller.upload_url("dlb://x.wav")
    clock.move(3599)
    assert requests.put(url, data=b"1", timeout=10).status_code == 200
    clock.move(1)
    late = requests.put(url, data=b"2", timeout=10)
    assert (late.status_code, code(late)) == (403, "AccessDenied")
    assert "expired" in late.text


def test_an_authorization_header_is_refused(caller: Caller) -> None:
    """Storage answers 400 to a client that carries its token there, as S3 does, and stores nothing."""
    url = caller.upload_url("dlb://x.wav")
    answer = requests.put(url, data=b"1" * 3_000_000, headers={"Authorization": "Bearer x"}, timeout=10)
    assert (answer.status_code, code(answer)) == (400, "InvalidArgument")
    assert caller.get("/media/output", url="dlb://x.wav").status_code == 404


@pytest.mark.parametrize("change", ["path", "method", "date", "signature", "nothing"])
def test_a_url_allows_only_what_was_signed(caller: Caller, change: str) -> None:
    """Another object, another method, another date: 403."""
    caller.upload("dlb://x.wav", b"1")
    url = caller.download_url("dlb://x.wav")
    altered = {
        "path": url.replace("/x.wav", "/y.wav"),
        "method": url,
        "date": re.sub(r"X-Amz-Date=\d+", "X-Amz-Date=20990101", url),
        "signature": url.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
        "nothing": url.partition("?")[0],
    }[change]
    answer = requests.request("PUT" if change == "method" else "GET", altered, data=b"", timeout=10)
    assert answer.status_code == 403
    assert code(answer) in ("SignatureDoesNotMatch", "AccessDenied")


def test_a_chunked_upload_is_refused(caller: Caller) -> None:
    """S3 wants to know the length: 411, and the connection stays in step."""
    with requests.Session() as session:
        url = caller.upload_url("dlb://x.wav")
        answer = session.put(url, data=iter([b"one", b"two"]), timeout=10)
        assert (answer.status_code, code(answer)) == (411, "MissingContentLength")
        assert session.put(url, data=b"three", timeout=10).status_code == 200


def test_writing_again_replaces(caller: Caller) -> None:
    """The same name holds what was written last."""
    caller.upload("dlb://x.wav", b"first")
    caller.upload("dlb://x.wav", b"second")
    assert caller.download("dlb://x.wav") == b"second"


def test_an_empty_object_is_an_object(caller: Caller) -> None:
    """Nothing in, nothing out, and no 404."""
    caller.upload("dlb://empty", b"")
    assert caller.download("dlb://empty") == b""


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=0-", 200, b"0123456789"),
        ("bytes=1-2,4-5", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=10-", 416, None),
        ("bytes=5-2", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_a_player_may_ask_for_a_range(caller: Caller, wanted: str, status: int, body: bytes | None) -> None:
    """One range is served, more than one is answered whole, one outside is 416."""
    caller.upload("dlb://x", b"0123456789")
    answer = requests.get(caller.download_url("dlb://x"), headers={"Range": wanted}, timeout=10)
    assert answer.status_code == status
    if body is not None:
        assert answer.content == body
    if status == 206:
        assert re.fullmatch(r"bytes \d-\d/10", answer.headers["Content-Range"])


@pytest.mark.parametrize(
    "name",
    ["x.wav", "s3://x.wav", "dlb://", "dlb:///etc/passwd", "dlb://../x", "dlb://a/../../x", "dlb://a//b",
     "dlb://a/.", "dlb://a\nb", "dlb://\u0000", "dlb://" + "a" * 1025, None, 7, ["dlb://x"]],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/media/input", "/media/output"])
def test_a_name_that_is_none_is_refused(caller: Caller, path: str, name: Any) -> None:
    """Not dlb://, empty, too long, or with parts that climb: 400 before anything is signed."""
    answer = caller.post(path, {"url": name})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/validation-error")


def test_what_was_not_uploaded_is_not_found(caller: Caller) -> None:
    """404 with either way of asking."""
    assert caller.get("/media/output", url="dlb://none").status_code == 404
    assert caller.post("/media/output", {"url": "dlb://none"}).status_code == 404


def test_another_apps_object_is_not_there(caller: Caller, other: Caller) -> None:
    """The same name means another object to another app."""
    caller.upload("dlb://x", b"mine")
    assert other.post("/media/output", {"url": "dlb://x"}).status_code == 404
    other.upload("dlb://x", b"theirs")
    assert caller.download("dlb://x") == b"mine"


def test_a_download_is_not_disturbed_by_a_new_upload(caller: Caller) -> None:
    """Who has begun to read reads the old bytes to their end."""
    old = b"o" * 8_000_000
    caller.upload("dlb://x", old)
    with requests.get(caller.download_url("dlb://x"), stream=True, timeout=10) as reading:
        first = reading.raw.read(1000)
        caller.upload("dlb://x", b"new")
        assert first + reading.raw.read() == old


def test_an_upload_that_breaks_off_stores_nothing(
    sandbox: Sandbox,
    caller: Caller,
    connect: Callable[[int], socket.socket],
    eventually: Callable[[Callable[[], object]], None],
    files: Callable[[], list[Path]],
) -> None:
    """Half a file is no object, and leaves no file behind."""
    url = urlsplit(caller.upload_url("dlb://x"))
    with connect(url.port) as connection:  # type: ignore[arg-type]
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 99\r\n\r\n"
        connection.sendall(head.encode() + b"half")
        eventually(lambda: files())
    eventually(lambda: not files())
    assert caller.get("/media/output", url="dlb://x").status_code == 404


def test_files_are_gone_when_the_sandbox_stops(
    call: type[Caller], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects live in a temporary directory that is removed at stop."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox() as second:
        call(second).upload("dlb://x", b"1")
        assert len(list(tmp_path.glob("*/files/*"))) == 1
    assert list(tmp_path.iterdir()) == []
