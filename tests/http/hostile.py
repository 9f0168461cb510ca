"""Servers that misbehave, on this computer, and names that lead to them."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests
from requests.auth import AuthBase

Answer = Callable[[socket.socket], None]
LIMIT = 30  # seconds that nothing here comes near


def _request(connection: socket.socket) -> bytes:
    """Read a whole request: to close with a part unread would break the connection."""
    asked = b""
    while not _is_whole(asked) and (piece := connection.recv(65536)):
        asked += piece
    return asked


def _is_whole(asked: bytes) -> bool:
    head, ended, body = asked.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if b"chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    if asked[:1] == b"\x16":  # of TLS, which this server does not speak
        return True
    return bool(ended) and len(body) >= int(length[1] if length else 0)


class Hostile:
    """Hands each connection, once something was asked, to `answer`; knows those that are open."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._answer, self._tls = answer, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[bytes] = []
        self._open = 0
        self._changed = threading.Condition()

    def run(self) -> None:
        """Serve until it is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._count(1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as talk:
                if asked := _request(talk):
                    self.asked.append(asked)
                    self._answer(talk)
        except OSError:
            pass
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._changed:
            self._open += more
            self._changed.notify_all()

    def is_quiet(self) -> bool:
        """Wait until no connection is open; False when one stays."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, LIMIT)

    def close(self) -> None:
        """Take no further connection."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class NoAuth(AuthBase):
    """Authentication that adds nothing."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


@contextmanager
def hostile(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Run such a server."""
    server = Hostile(answer, tls)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(LIMIT)


def says(answer: bytes) -> Answer:
    """Say one thing, and close."""
    return lambda connection: connection.sendall(answer)


def page(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Write a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def lead_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name under `.test` lead to this computer, but `unknown.test`; no other name is asked for."""
    ask = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in ("127.0.0.1", "localhost"):
            return ask(host, *arguments, **options)
        if str(host) == "unknown.test" or not str(host).endswith(".test"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
