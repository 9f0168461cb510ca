"""A sandbox, the Media APIs logged in to it, and time that moves when it is told to."""

import math
import struct
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.sandbox import Sandbox


class MovedTime:
    """Time that passes only in `sleep`, which remembers every pause and can do something in it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []
        self.on_nap: Callable[[int], None] = lambda count: None

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds
        self.on_nap(len(self.naps))


@pytest.fixture
def time() -> MovedTime:
    return MovedTime()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def auth(sandbox: Sandbox) -> Iterator[BearerAuth]:
    request = TokenRequest(AppCredentials(sandbox.app_key, sandbox.app_secret, "the test"), sandbox.auth_url)
    keeper = TokenKeeper(request, identity=request.identity)
    yield BearerAuth(keeper, (sandbox.auth_url, sandbox.media_url))
    keeper.close()


@pytest.fixture
def schedule(time: MovedTime) -> PollSchedule:
    return PollSchedule(clock=time.clock, sleep=time.sleep)


@pytest.fixture
def media(sandbox: Sandbox, auth: BearerAuth, schedule: PollSchedule) -> Media:
    return Media(open_session(auth), sandbox.media_url, schedule=schedule)


@pytest.fixture
def impatient(sandbox: Sandbox, auth: BearerAuth, schedule: PollSchedule) -> Media:
    """The same over a session that repeats nothing, to see what is left to this layer."""
    session = requests.Session()
    session.auth = auth
    return Media(session, sandbox.media_url, schedule=schedule)


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """Three seconds of a 440 Hz tone, as a WAV file."""
    path = tmp_path / "tone.wav"
    rate = 16_000
    samples = (round(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(3 * rate))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


class StrangeService(BaseHTTPRequestHandler):
    """Answers every question about a job with a status that nobody documents."""

    def do_GET(self) -> None:
        body = b'{"status": "Postponed", "progress": 3}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def strange_service(schedule: PollSchedule) -> Iterator[Media]:
    with ThreadingHTTPServer(("127.0.0.1", 0), StrangeService) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield Media(requests.Session(), f"http://127.0.0.1:{server.server_port}", schedule=schedule)
        server.shutdown()
        thread.join()


SIGNATURE = "5ca1ab1e5ca1ab1e"


class Presigning:
    """An API that gives one address for every file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, body: object) -> dict[str, str]:
        return {"url": f"{self._url}/bucket/talk.wav?X-Amz-Signature={SIGNATURE}"}
