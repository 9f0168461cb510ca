"""A folder with recordings, and a shell that is logged in, for the examples of the documents."""

import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from dolbyio_nb import Dolby, login
from dolbyio_nb.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """What the examples work on: tones for a talk, for music, and in a folder; and a clip."""
    (tmp_path / "recordings").mkdir()
    shutil.copy(ROOT / "notebooks/media/clip.mp4", tmp_path)
    for name, pitch in (("talk", 220), ("music", 440), ("recordings/one", 330), ("recordings/two", 550)):
        write_tone(tmp_path / f"{name}.wav", pitch)
    return tmp_path


def write_tone(path: Path, frequency: float, seconds: float = 2.5, rate: int = 16000) -> None:
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(1).standard_normal(len(time))
    samples = 0.2 * np.sin(2 * np.pi * frequency * time) + 0.002 * noise
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture
def dolby(sandbox: Sandbox, environment: pytest.MonkeyPatch, recordings: Path) -> Iterator[Dolby]:
    """A log-in at the sandbox."""
    with login() as dolby:
        yield dolby


@pytest.fixture
def shell(
    dolby: Dolby, recordings: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> Iterator[InteractiveShell]:
    """A shell in which `%load_ext dolbyio_nb` and `%dolby_login` were run."""
    monkeypatch.setenv("IPYTHONDIR", str(recordings / "ipython"))
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "dolbyio_nb")
    shell.run_line_magic("dolby_login", "")
    yield shell
    shell.run_line_magic("unload_ext", "dolbyio_nb")
    shell.history_manager.end_session()  # type: ignore[union-attr]
