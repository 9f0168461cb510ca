"""Server on loopback: sockets turned into requests, and responses into bytes."""

import io
import os
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from dolbyio_nb.sandbox.http_error import MISDIRECTED, VALIDATION, HttpError, row_for
from dolbyio_nb.sandbox.http_messages import (
    SILENCE_TIMEOUT,
    Body,
    ChunkedBody,
    FilePart,
    PacedSocket,
    Place,
    PlainBody,
    Request,
    Response,
)

Handle = Callable[[Request], Response]
Refuse = Callable[[HttpError, Request], Response]
MOST_CONNECTIONS = 256  # at one port, each with a thread; a quarter of what the process may open, if less
ROOM_TIMEOUT = 5.0  # seconds that a connection waits for its place while all others are at work
HANG_UP_TIMEOUT = 1.0  # seconds that a client gets to hear the last answer
LARGEST_DRAIN = 1024**3  # bytes of a refused body that are read so that the client hears the refusal
BLOCK = 1024 * 1024


class Server(ThreadingHTTPServer):
    """One loopback port; every connection has a daemon thread, and their number has an end.

    Beyond it the connection that has idled longest makes room for the next.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would let two servers share a port
    request_queue_size = 128  # connections that may come at once; five, the default, makes the sixth wait

    def __init__(
        self, at: Place, port: int, handle: Handle, refuse: Refuse, clock: Callable[[], float]
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.at: Place = at
        self.handle = handle
        self.refuse = refuse
        self.clock = clock
        self._open: set[socket.socket] = set()
        self._idle: dict[socket.socket, None] = {}  # longest first
        self._most = most_connections()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name=f"sandbox-{at}", daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close every connection, also those in the middle of something."""
        self._stopping.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.server_port), timeout=1):
            self._thread.join(1)  # the connection wakes it; waiting costs nothing until then
        self.server_close()
        with self._changed:
            for connection in self._open:
                _shut(connection)
            self._changed.wait_for(lambda: not self._open, timeout=1)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            self.handle_request()

    def allows(self, host: str) -> bool:
        """Whether a Host header names this server: a page that rebinds a name to loopback does not."""
        return host.lower() in (f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}")

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._make_room()
            has_room = len(self._open) < self._most
            self._open.add(request)
        if has_room:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def _make_room(self) -> None:
        if len(self._open) >= self._most:
            self._changed.wait_for(lambda: self._idle or len(self._open) < self._most, ROOM_TIMEOUT)
        if len(self._open) >= self._most and self._idle:
            longest = next(iter(self._idle))
            del self._idle[longest]
            _shut(longest)
            self._changed.wait_for(lambda: len(self._open) < self._most, ROOM_TIMEOUT)

    def idles(self, connection: socket.socket, idle: bool) -> None:
        """Note whether a connection waits for its next request or is at work."""
        with self._changed:
            self._idle.pop(connection, None)
            if idle:
                self._idle[connection] = None
                self._changed.notify_all()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._idle.pop(request, None)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no event in somebody's notebook."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = SILENCE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = BLOCK  # so that the head and a small body leave in one packet

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._pace = PacedSocket(self.connection)
        self.rfile = io.BufferedReader(self._pace)

    def handle_one_request(self) -> None:
        self.server.idles(self.connection, True)
        self._pace.expect_head()
        super().handle_one_request()

    def answer(self) -> None:
        """Serve one request; the names that http.server looks for are below."""
        self.server.idles(self.connection, False)
        self._pace.expect_body()
        request = Request(self.server.at, self.command, "")
        try:
            request = self._request()
            self._check_host()
            response = self.server.handle(request)
        except HttpError as error:
            self.close_connection = True
            response = self.server.refuse(error, request)
        if response.dropped:
            self._drop()
        else:
            self._finish(request.body, response)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer  # noqa: N815

    def _request(self) -> Request:
        path, _, query = self.path.partition("?")
        body, length = self._body()
        return Request(
            self.server.at,
            self.command,
            unquote(path, errors="replace"),
            dict(parse_qsl(query, keep_blank_values=True, errors="replace")),
            {name.lower(): value for name, value in self.headers.items()},
            body,
            length,
        )

    def _check_host(self) -> None:
        if not self.server.allows(self.headers.get("Host", "")):
            raise HttpError(MISDIRECTED, "The Host header does not name this sandbox")

    def _body(self) -> tuple[Body | None, int | None]:
        lengths = self.headers.get_all("Content-Length", [])
        encodings = self.headers.get_all("Transfer-Encoding", [])
        if encodings and (lengths or [value.strip().lower() for value in encodings] != ["chunked"]):
            raise HttpError(VALIDATION, "The length of the request is told in two ways, or in an unknown one")
        if encodings:
            return ChunkedBody(self.rfile), None
        if len(lengths) > 1 or (lengths and not re.fullmatch(r"[0-9]{1,15}", lengths[0].strip())):
            raise HttpError(VALIDATION, "Content-Length is not one whole number")
        if not lengths:
            return None, (None if self.command == "PUT" else 0)
        return PlainBody(self.rfile, int(lengths[0])), int(lengths[0])

    def _finish(self, body: Body | None, response: Response) -> None:
        try:
            self._send(response)
            self._drain(body)
            if self.close_connection:
                self._hang_up()
        finally:
            if isinstance(response.body, FilePart):
                response.body.file.close()

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(response.length))
        if self.close_connection or response.cut_after is not None:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(response)
        self.wfile.flush()

    def _send_body(self, response: Response) -> None:
        count = response.length if response.cut_after is None else min(response.length, response.cut_after)
        if isinstance(response.body, FilePart):
            self.wfile.flush()
            if count:  # sendfile takes 0 for everything
                self.connection.sendfile(response.body.file, response.body.offset, count)
        else:
            self.wfile.write(response.body[:count])

    def _drain(self, body: Body | None) -> None:
        """Read what is left of a request, or the client may never hear the answer."""
        left = LARGEST_DRAIN
        try:
            while body and left > 0 and (block := body.read(BLOCK)):
                left -= len(block)
        except HttpError:
            left = 0
        if left <= 0:
            self.close_connection = True

    def _hang_up(self) -> None:
        """Close without losing the answer: unread bytes would make the system reset the connection."""
        self.connection.settimeout(HANG_UP_TIMEOUT)
        self.connection.shutdown(socket.SHUT_WR)
        left = BLOCK
        while left > 0 and (block := self.connection.recv(left)):
            left -= len(block)

    def _drop(self) -> None:
        self.close_connection = True
        _shut(self.connection)

    def handle_expect_100(self) -> bool:
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, such as a garbled request line, in the service's own words."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        error = HttpError(row_for(int(code)), message or "The request cannot be read")
        self._finish(None, self.server.refuse(error, Request(self.server.at, self.command, "")))

    def version_string(self) -> str:
        return "dolbyio_nb-sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.server.clock() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def most_connections() -> int:
    """How many connections a port takes: enough files stay for whatever else the process opens."""
    try:
        import resource
    except ImportError:  # on Windows, where sockets are no files
        return MOST_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if files < 0 else max(8, min(MOST_CONNECTIONS, files // 4))


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)
