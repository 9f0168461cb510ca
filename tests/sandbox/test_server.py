"""The traps of serving HTTP from inside somebody's process, a test for each."""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox.server import Handler

from .conftest import Caller


def talk(connection: socket.socket, text: Any) -> bytes:
    """Send raw bytes and read until the server closes."""
    connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)
    return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
def port(sandbox: Sandbox) -> int:
    return int(urlsplit(sandbox.media_url).port or 0)


def head(port: int, method: str = "GET", path: str = "/media/jobs", **headers: Any) -> str:
    lines = {"Host": f"127.0.0.1:{port}", **headers}
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{fields}\r\n"


def test_it_listens_on_loopback_only(sandbox: Sandbox, caller: Caller) -> None:
    """Neither port is open to the network."""
    me = psutil.Process()
    ports = {urlsplit(sandbox.media_url).port, urlsplit(caller.upload_url("dlb://x")).port}
    listening = {one.laddr for one in me.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening if address.port in ports} == {"127.0.0.1"}
    assert sandbox.auth_url == sandbox.media_url
    assert sandbox.media_url.startswith("http://127.0.0.1:")


def test_a_refused_body_is_read_so_that_the_refusal_is_heard(
    port: int, connect: Callable[[int], socket.socket]
) -> None:
    """Eight megabytes to a call that is not allowed: the client gets its 401 and the connection lives on."""
    refused = head(port, "POST", "/media/input", Content_Length=8_000_000) + "x" * 8_000_000
    with connect(port) as connection:
        answer = talk(connection, refused + head(port, Connection="close"))
    assert answer.count(b"HTTP/1.1 401") == 2


def test_a_message_has_a_limit(caller: Caller) -> None:
    """A JSON body of more than a megabyte is answered 413."""
    assert caller.post("/media/input", {"url": "x" * 2_000_000}).status_code == 413


def test_a_chunked_message_is_decoded(caller: Caller) -> None:
    """Clients may send JSON in chunks."""
    answer = requests.post(
        f"{caller.sandbox.media_url}/media/input",
        data=iter([b'{"url": ', b'"dlb://x.wav"}']),
        headers={"Authorization": f"Bearer {caller.token}"},
        timeout=10,
    )
    assert answer.status_code == 200


def test_requests_on_one_connection_stay_apart(
    caller: Caller, port: int, connect: Callable[[int], socket.socket]
) -> None:
    """Two pipelined requests with bodies get two answers, in order."""
    token = f"Bearer {caller.token}"
    first = head(port, "POST", "/media/input", Authorization=token, Content_Length=2) + "{}"
    second = head(port, Authorization=token, Connection="close")
    with connect(port) as connection:
        answer = talk(connection, first + second)
    assert answer.index(b"400 Bad Request") < answer.index(b"200 OK")


@pytest.mark.parametrize(
    "fields",
    [
        {"Content_Length": "-1"},
        {"Content_Length": "1_0"},
        {"Content_Length": "x"},
        {"Content_Length": "9" * 30},
        {"Content_Length": "3", "Transfer_Encoding": "chunked"},
        {"Transfer_Encoding": "gzip"},
        {"Content_Length": "1\r\nContent-Length: 2"},
    ],
)
def test_a_length_told_twice_or_wrongly_is_refused_and_the_connection_closed(
    port: int, connect: Callable[[int], socket.socket], fields: dict[str, str]
) -> None:
    """Where a request ends must not be open to argument."""
    with connect(port) as connection:
        answer = talk(connection, head(port, "POST", "/media/input", **fields) + "GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_the_last_answer_is_heard_whatever_is_still_coming(
    port: int, connect: Callable[[int], socket.socket]
) -> None:
    """Closing with unread bytes would reset the connection while the client is still sending."""
    with connect(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        answer = talk(connection, head(port, "POST", Content_Length="x") + "x" * 900_000)
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_first_is_told_to_go_on(
    caller: Caller, port: int, connect: Callable[[int], socket.socket]
) -> None:
    """curl holds a large body back for a second unless it hears `100 Continue` at once."""
    fields = {"Authorization": f"Bearer {caller.token}", "Content_Length": 2, "Expect": "100-continue"}
    with connect(port) as connection:
        connection.sendall(head(port, "POST", "/media/input", Connection="close", **fields).encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert talk(connection, "{}").startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("chunks", ["zz\r\n", "\r\n", "2\r\nabcdef\r\n0\r\n\r\n", "1" * 2000, "-1\r\n\r\n"])
def test_garbled_chunks_are_refused(
    caller: Caller, port: int, connect: Callable[[int], socket.socket], chunks: str
) -> None:
    """400, then the connection is closed."""
    token = f"Bearer {caller.token}"
    text = head(port, "POST", "/media/input", Authorization=token, Transfer_Encoding="chunked") + chunks
    with connect(port) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"hunk" in answer


@pytest.mark.parametrize("text", ["[" * 100_000, '{"url": NaN}', '{"url": 1e999}', "{'url': 1}", '{"a":'])
def test_json_that_is_none_is_refused(caller: Caller, text: str) -> None:
    """Endless nesting, numbers that JSON does not have, and what Python alone would read."""
    url, headers = f"{caller.sandbox.media_url}/media/input", {"Authorization": f"Bearer {caller.token}"}
    answer = requests.post(url, data=text.encode(), headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["detail"]) == (400, "Request body contains invalid json")


@pytest.mark.parametrize(
    "line",
    [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1 x\r\n\r\n",
     b"G" * 70000 + b" / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n"],
)  # fmt: skip
def test_what_is_not_http_is_refused_in_json(
    port: int, connect: Callable[[int], socket.socket], line: bytes
) -> None:
    """Garbled request lines and endless headers end with an error, not with silence."""
    with connect(port) as connection:
        answer = talk(connection, line)
    assert b'"type": "/problems/' in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "HEAD", "BREW"])
def test_other_methods_are_refused(
    caller: Caller, port: int, connect: Callable[[int], socket.socket], method: str
) -> None:
    """405 or 501, and never a header that lets other pages in."""
    fields = {
        "Authorization": f"Bearer {caller.token}",
        "Origin": "https://evil.example",
        "Connection": "close",
    }
    text = head(port, method, **fields)
    with connect(port) as connection:
        answer = talk(connection, text)
    assert answer.startswith((b"HTTP/1.1 405", b"HTTP/1.1 501"))
    assert b"access-control" not in answer.lower()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused(caller: Caller, host: str) -> None:
    """A page that rebinds its name to loopback gets nothing."""
    headers = {"Host": host, "Authorization": f"Bearer {caller.token}"}
    answer = requests.get(f"{caller.sandbox.media_url}/media/jobs", headers=headers, timeout=10)
    assert answer.status_code == 421


def test_localhost_is_this_host(caller: Caller, port: int) -> None:
    """Both spellings of this machine are fine."""
    url = f"http://localhost:{port}/media/jobs"
    assert requests.get(url, headers={"Authorization": f"Bearer {caller.token}"}, timeout=10).ok


def test_no_answer_lets_a_web_page_read_it(sandbox: Sandbox, caller: Caller) -> None:
    """There are no CORS headers, on either port."""
    caller.upload("dlb://x", b"1")
    answers = [
        caller.ask_token(),
        caller.get("/media/jobs"),
        requests.get(caller.download_url("dlb://x"), headers={"Origin": "https://evil.example"}, timeout=10),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_answers_carry_a_request_id_and_the_sandboxs_own_name(caller: Caller) -> None:
    """What a user would quote when asking for help; and no pretending to be Dolby."""
    answer = caller.get("/media/jobs")
    assert len(answer.headers["Apigw-Requestid"]) == 16
    assert answer.headers["Server"] == "dolbyio_nb-sandbox"
    assert answer.headers["Content-Type"] == "application/json"


def test_small_answers_are_not_delayed(sandbox: Sandbox) -> None:
    """Nagle's algorithm is off: it would hold small answers for 40 ms."""
    assert Handler.disable_nagle_algorithm
    assert Handler.timeout


def test_a_kept_alive_connection_is_closed_at_stop(
    sandbox: Sandbox, port: int, connect: Callable[[int], socket.socket]
) -> None:
    """Whoever waits on an idle connection is told that it is over."""
    with connect(port) as connection:
        connection.sendall(head(port).encode())
        assert connection.recv(65536).endswith(b"}")
        sandbox.stop()
        assert connection.recv(1) == b""


@pytest.fixture
def bystanders() -> set[Any]:
    """The threads of other sandboxes, which tests of other things may have left running."""
    return set(threading.enumerate())


def test_stop_ends_a_download_in_the_middle(bystanders: set[Any], sandbox: Sandbox, caller: Caller) -> None:
    """A client that reads slowly does not keep the sandbox alive."""
    caller.upload("dlb://x", b"1" * 20_000_000)
    answer = requests.get(caller.download_url("dlb://x"), stream=True, timeout=10)
    answer.raw.read(1000)
    sandbox.stop()
    left = set(threading.enumerate()) - bystanders
    assert not [thread for thread in left if thread.name.startswith("sandbox-")]
    answer.close()


def test_stop_and_start_again_on_the_same_ports(sandbox: Sandbox, caller: Caller) -> None:
    """An outage: the apps and tokens are still known, the objects are gone, twice is once."""
    url = sandbox.media_url
    caller.upload("dlb://x", b"1")
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        caller.get("/media/jobs")
    assert sandbox.start().start().media_url == url
    assert caller.get("/media/jobs").status_code == 200
    assert caller.get("/media/output", url="dlb://x").status_code == 404
    caller.upload("dlb://x", b"2")


def test_a_taken_port_is_an_error_and_leaves_nothing_behind(sandbox: Sandbox, port: int) -> None:
    """Two sandboxes do not share a port."""
    before = threading.active_count()
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port).start()
    assert threading.active_count() == before


def test_a_sandbox_that_was_not_started_has_no_address() -> None:
    """The error says what to do."""
    with pytest.raises(RuntimeError, match="start"):
        Sandbox().auth_url  # noqa: B018


def test_nothing_is_printed(
    sandbox: Sandbox,
    caller: Caller,
    port: int,
    connect: Callable[[int], socket.socket],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not for errors, not for clients that go away in the middle."""
    with connect(port) as connection:
        connection.sendall(head(port, "POST", Content_Length=10).encode() + b"12")
    with connect(port) as connection:
        talk(connection, b"\x00\r\n\r\n")
    caller.get("/nowhere")
    sandbox.stop()
    assert capfd.readouterr() == ("", "")


def test_many_clients_are_served_at_once(caller: Caller) -> None:
    """Thirty-two threads, each with a connection of its own."""
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: caller.get("/media/jobs"), range(64)))
    assert {answer.status_code for answer in answers} == {200}


def test_an_error_of_its_own_is_a_500_in_words(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a bug of the sandbox answers with an error."""
    monkeypatch.setattr("dolbyio_nb.sandbox.service.page", lambda *_: 1 / 0)
    answer = caller.get("/media/jobs")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")


def test_a_large_file_is_not_held_in_memory(sandbox: Sandbox, caller: Caller) -> None:
    """64 MB up and down again, and the process has not grown by half of that."""
    me = psutil.Process()
    block = os.urandom(1 << 20)
    url = caller.upload_url("dlb://large")
    before = me.memory_info().rss
    parts = (block for _ in range(64))
    with requests.Session() as session:
        request = requests.Request("PUT", url, data=parts).prepare()
        del request.headers["Transfer-Encoding"]
        request.headers["Content-Length"] = str(64 << 20)
        assert session.send(request, timeout=30).status_code == 200
        with session.get(caller.download_url("dlb://large"), stream=True, timeout=30) as answer:
            size = sum(len(part) for part in answer.iter_content(1 << 20))
    assert size == 64 << 20
    assert me.memory_info().rss - before < 32 << 20
