"""Sounds whose every value is known."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Write = Callable[..., Path]


@pytest.fixture
def wav(tmp_path: Path) -> Write:
    """wav(name, samples, rate): a 16-bit file of samples of shape (frames,) or (frames, channels)."""

    def write(name: str, samples: np.ndarray, rate: int = 48_000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = np.atleast_2d(samples.T).T
        with wave.open(str(path), "wb") as file:
            file.setnchannels(sound.shape[1])
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
        return path

    return write


def tone(hertz: float, seconds: float, peak: float = 1.0, rate: int = 48_000, phase: float = 0) -> np.ndarray:
    """A sine of so many hertz, its highest point at `peak`."""
    return peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate + phase)
