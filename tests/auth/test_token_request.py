"""The token request over real sockets: what it follows, how much it reads, and when it stops."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import TokenUnavailable

LIMIT = 30  # seconds that nothing here comes near
OPENINGS = {
    "by its end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
    "by its length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
}


@contextmanager
def server(answer: Callable[..., Any]) -> Iterator[Any]:
    """A server that hands each connection to `answer`; gives its address, and what tells of broken pipes."""
    done = threading.Semaphore(0)

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    answer(connection)
                except OSError:
                    done.release()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", done
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(LIMIT)


def request(url: Any, **options: Any) -> TokenRequest:
    """A token request there."""
    return TokenRequest(AppCredentials("key-of-the-test", "secret-of-the-test"), url, **options)


@pytest.mark.parametrize("framing", OPENINGS)
def test_an_endless_answer_is_read_up_to_a_megabyte(framing: str) -> None:
    """Then the connection is closed: the server cannot go on sending."""
    sent: list[Any] = []

    def flood(connection: Any) -> None:
        connection.sendall(OPENINGS[framing])
        piece = b" " * 65536
        while len(sent) < 10_000:
            connection.sendall(b"10000\r\n" + piece + b"\r\n" if framing == "in chunks" else piece)
            sent.append(1)

    with server(flood) as (url, done):
        with pytest.raises(TokenUnavailable, match="larger than 1 MiB"):
            request(url)()
        assert done.acquire(timeout=LIMIT)
    assert len(sent) * 65536 < 64 << 20


@pytest.mark.parametrize("part", ["nothing", "headers", *OPENINGS])
def test_an_answer_that_trickles_is_given_up_in_time(part: str) -> None:
    """A byte now and then outlasts every time limit for one read; the limit in all ends it, and closes."""
    begins = {"nothing": b"", "headers": b"HTTP/1.1 200 OK\r\nX-Slow: "}.get(part) or OPENINGS.get(part, b"")
    stop = threading.Event()

    def trickle(connection: Any) -> None:
        connection.sendall(begins)
        while not stop.wait(0.02):
            connection.sendall(b"" if part == "nothing" else b"1\r\n \r\n" if part == "in chunks" else b" ")
            if part == "nothing" and connection.recv(1) == b"":
                raise OSError

    with server(trickle) as (url, done):
        with pytest.raises(TokenUnavailable, match=r"No whole answer within 0\.3 s"):
            request(url, time_limit=0.3)()
        assert done.acquire(timeout=LIMIT)
        stop.set()


def test_no_redirect_is_followed() -> None:
    """The Basic header goes nowhere else; a portal's redirect is named."""
    asked = []

    def token(connection: Any) -> None:
        asked.append(1)
        connection.sendall(
            b'HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n{"access_token": "xxxxxxxxxxxxxxxx"}'
        )

    with server(token) as (elsewhere, _):

        def redirect(connection: Any) -> None:
            connection.sendall(
                f"HTTP/1.1 307 Go\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n".encode()
            )

        with server(redirect) as (url, _), pytest.raises(TokenUnavailable, match="captive portal"):
            request(url)()
    assert not asked


def test_nothing_is_sent_twice() -> None:
    """A POST that gets no answer is not repeated by itself."""
    asked = []

    def drop(connection: Any) -> None:
        asked.append(1)

    with server(drop) as (url, _), pytest.raises(TokenUnavailable, match=r"connection to 127\.0\.0\.1 broke"):
        request(url)()
    assert len(asked) == 1
