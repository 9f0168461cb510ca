"""A log-in to a sandbox, in an empty folder, with recordings."""

import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dolbyio_nb import Dolby, TokenRefused
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.retry import POLL
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.sandbox import Sandbox

QUICK = PollSchedule(replace(POLL, first_pause=0.01, longest_pause=0.05))


@pytest.fixture
def auth(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BearerAuth]:
    """A log-in to a sandbox, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    request = TokenRequest(AppCredentials(sandbox.app_key, sandbox.app_secret, "the test"), sandbox.auth_url)
    keeper = TokenKeeper(request, identity=request.identity)
    yield BearerAuth(keeper, (sandbox.auth_url, sandbox.media_url))
    keeper.close()


@pytest.fixture
def media(sandbox: Sandbox, auth: BearerAuth) -> Media:
    """The Media APIs of a sandbox, looked at often."""
    return Media(open_session(auth), sandbox.media_url, schedule=QUICK)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., list[Path]]:
    """Writes recordings, each of another length: `record("a", "b")`."""

    def write(*names: str, seconds: float = 0.5) -> list[Path]:
        return [sound(tmp_path / f"{name}.wav", seconds + count / 100) for count, name in enumerate(names)]

    return write


def sound(path: Path, seconds: float = 0.5) -> Path:
    """Write a recording of a low hum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x10\x00\x20\x01" * int(4000 * seconds))
    return path


def asked(sandbox: Sandbox, method: str, path: str) -> int:
    """Count the requests that the sandbox had."""
    return sum(one.method == method and one.path == path for one in sandbox.requests)


def use(dolby: Dolby) -> tuple[int, str]:
    """Ask the service something, then renew the token."""
    jobs = sum(1 for _ in dolby.media.jobs())
    try:
        dolby.refresh()
    except TokenRefused as refused:
        return jobs, f"{refused} {dolby.status()}"
    return jobs, "renewed"
