"""A sandbox, the Media APIs logged in to it, and time that moves when it is told to."""

import math
import struct
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dolbyio_nb.credentials import AppCredentials
from dolbyio_nb.keeper import TokenKeeper
from dolbyio_nb.media import Media
from dolbyio_nb.pace import Pace
from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.session import BearerAuth, open_session
from dolbyio_nb.tokens import TokenRequest


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
def open_media(time: MovedTime) -> Iterator[Callable[[Sandbox], Media]]:
    keepers = []

    def opened(sandbox: Sandbox, media_url: str | None = None) -> Media:
        request = TokenRequest(
            AppCredentials(sandbox.app_key, sandbox.app_secret, "the test"), sandbox.auth_url
        )
        keepers.append(TokenKeeper(request, identity=request.identity))
        origin = media_url or sandbox.media_url
        session = open_session(BearerAuth(keepers[-1], (sandbox.auth_url, origin)))
        return Media(session, origin, pace=Pace(clock=time.clock, sleep=time.sleep))

    yield opened
    for keeper in keepers:
        keeper.close()


@pytest.fixture
def media(sandbox: Sandbox, open_media: Callable[[Sandbox], Media]) -> Media:
    return open_media(sandbox)


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
