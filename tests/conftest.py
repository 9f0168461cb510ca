"""What all tests share: a sandbox, and an environment with nothing of the developer's own in it."""

import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from dolbyio_nb.http.redact import SECRETS
from dolbyio_nb.sandbox import Sandbox

OURS = ("DOLBYIO_", "APP_KEY", "APP_SECRET", "BINDER_")
LOOKS_SECRET = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|Basic [\w+/=-]{20}|[\w-]{43}=")
settings.register_profile("dolbyio_nb", deadline=None)
settings.load_profile("dolbyio_nb")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C works here and in child processes, though a shell's background jobs start with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def secrets_of_one_test() -> Iterator[None]:
    """The secrets of one test are hidden no longer than it: thousands would slow all that follow."""
    before = SECRETS.live()
    yield
    SECRETS.forget(set(SECRETS.live()) - set(before))


@pytest.fixture(autouse=True)
def nothing_leaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does, no log record of any level holds a token or a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.records:
        assert not LOOKS_SECRET.search(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")


@pytest.fixture(autouse=True, scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No ledger is kept in the user's own state folder, nor by kernels that live longer than one test."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, state_folder: Path, tmp_path: Path) -> None:
    """No credentials and no settings leak in from outside, and each test has a ledger of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state_folder / tmp_path.name))
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setitem(sys.modules, "keyring", None)  # as if it were not installed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An empty working directory, and an environment with the sandbox's credentials and origins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOLBYIO_APP_KEY", sandbox.app_key)
    monkeypatch.setenv("DOLBYIO_APP_SECRET", sandbox.app_secret)
    monkeypatch.setenv("DOLBYIO_AUTH_URL", sandbox.auth_url)
    monkeypatch.setenv("DOLBYIO_MEDIA_URL", sandbox.media_url)
    return monkeypatch
