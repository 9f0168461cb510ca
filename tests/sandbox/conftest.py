"""A running sandbox, a clock to move, and a caller that speaks HTTP to it."""

import io
import math
import socket
import struct
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from dolbyio_nb.sandbox import App, Sandbox
from tests import waiting


class Clock:
    """Seconds since 1970 that a test moves by hand."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


class Caller:
    """One app's way to the service, over real sockets, without the package under test."""

    def __init__(self, sandbox: Sandbox, app: App | None = None) -> None:
        self.sandbox = sandbox
        self.pair = (app.app_key, app.app_secret) if app else (sandbox.app_key, sandbox.app_secret)
        self.token = self.log_in()

    def log_in(self, **form: str) -> str:
        return str(self.ask_token(**form).json()["access_token"])

    def ask_token(self, **form: str) -> requests.Response:
        data = {"grant_type": "client_credentials", **form}
        return requests.post(f"{self.sandbox.auth_url}/v1/auth/token", data, auth=self.pair, timeout=10)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(
            method, self.sandbox.media_url + path, params=query, json=body, headers=headers, timeout=10
        )

    def get(self, path: str, **query: str) -> requests.Response:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any, **query: str) -> requests.Response:
        return self.call("POST", path, body, **query)

    def upload_url(self, name: str) -> str:
        return str(self.post("/media/input", {"url": name}).json()["url"])

    def download_url(self, name: str) -> str:
        return str(self.post("/media/output", {"url": name}).json()["url"])

    def upload(self, name: str, data: bytes) -> None:
        requests.put(self.upload_url(name), data=data, timeout=10).raise_for_status()

    def download(self, name: str) -> bytes:
        answer = requests.get(self.download_url(name), timeout=10)
        answer.raise_for_status()
        return answer.content

    def start(self, path: str, body: Any) -> str:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def run(self, path: str, body: Any) -> dict[str, Any]:
        """Start a job, wait for its end, and give the polling answer."""
        job_id = self.start(path, body)
        self.sandbox.wait_for_job(job_id)
        return dict(self.get(path, job_id=job_id).json())


def tone(seconds: float = 0.5, *, rate: int = 16000, level: float = 0.25) -> bytes:
    """A sine in a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        values = (round(32767 * level * math.sin(i * 0.3)) for i in range(round(seconds * rate)))
        writer.writeframes(b"".join(struct.pack("<h", value) for value in values))
    return file.getvalue()


class FileServer(HTTPServer):
    """Somebody's own server: serves files, takes files, remembers what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def wait(self, count: int) -> list[tuple[str, str, dict[str, str], bytes]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen) >= count, 10)
            return self.seen


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def _note(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.arrived:
            self.server.seen.append((self.command, self.path, dict(self.headers.items()), body))
            self.server.arrived.notify_all()
        return body

    def do_GET(self) -> None:
        self._note()
        data = self.server.files.get(self.path)
        self._answer(200 if data is not None else 404, data or b"")

    def do_PUT(self) -> None:
        self.server.files[self.path] = self._note()
        self._answer(200, b"")

    def do_POST(self) -> None:
        self._note()
        self._answer(302 if self.path == "/redirect" else 200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "http://example.com/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The computer's folder for temporary files, for this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def sandbox(clock: Clock, temporary: Path) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def files(sandbox: Sandbox, temporary: Path) -> Callable[[], list[Path]]:
    """Lists the files that the sandbox keeps."""
    return lambda: list(temporary.glob("*/files/*"))


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def other(sandbox: Sandbox) -> Caller:
    """A second app of the same sandbox."""
    return Caller(sandbox, sandbox.add_app())


@pytest.fixture(scope="session")
def make_tone() -> Callable[..., bytes]:
    return tone


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until something is so, at most ten seconds."""
    return waiting.eventually


@pytest.fixture(scope="session")
def connect() -> Callable[[int], socket.socket]:
    """A raw connection to a port of this machine."""
    return lambda port: socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.fixture(scope="session")
def call() -> type[Caller]:
    """Makes a caller for a sandbox, or for one app of it."""
    return Caller


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()
