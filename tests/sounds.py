"""Sound fixtures: sounds with known truths, a real voice, and a second loudness meter."""

import ctypes
import ctypes.util
import os
from collections.abc import Callable
from ctypes import CDLL
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.sound import Sound, no_progress

MEDIA = Path(__file__).parents[1] / "notebooks" / "media"
RATE = 48_000


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of sample sounds."""
    return MEDIA


@pytest.fixture(scope="session")
def voice() -> Sound:
    """The recorded voice at 48 kHz."""
    return resampled(read_sound(MEDIA / "voice.flac", no_progress), RATE)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Makers of sounds; levels in dB relative to full scale, of the peak for tones, of the RMS for noise."""

    def tone(
        seconds: Any,
        level: float = -20.0,
        frequency: float = 1000.0,
        *,
        rate: int = RATE,
        channels: int = 2,
        phase: float = 0.0,
    ) -> Sound:
        time = np.arange(round(seconds * rate)) / rate
        wave = 10 ** (level / 20) * np.sin(2 * np.pi * frequency * time + phase)
        return sound(np.repeat(wave[:, None], channels, axis=1), rate)

    def noise(
        frames: Any, level: float = -20.0, *, rate: int = RATE, channels: int = 1, seed: int = 1
    ) -> Sound:
        random = np.random.default_rng(seed)
        return sound(10 ** (level / 20) * random.normal(size=(frames, channels)), rate)

    def sound(samples: np.ndarray, rate: int = RATE) -> Sound:
        return Sound(np.asarray(samples, np.float32), rate)

    def joined(*sounds: Any) -> Sound:
        return sound(np.concatenate([one.samples for one in sounds]), sounds[0].rate)

    def mixed(one: Any, other: Any) -> Sound:
        return sound(one.samples + other.samples, one.rate)

    return SimpleNamespace(tone=tone, noise=noise, sound=sound, joined=joined, mixed=mixed)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Any]:
    """Writes a sound to a file of the given name."""

    def save(sound: Any, name: str = "in.wav") -> Path:
        write_sound(sound, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture(scope="session")
def heard() -> Callable[..., Sound]:
    """Reads a file back as a sound."""
    return lambda path: read_sound(path, no_progress)


@pytest.fixture(scope="session")
def si_sdr() -> Callable[..., Any]:
    """Scale-invariant signal-to-distortion ratio in dB of a mono sound against the clean one."""

    def ratio(clean: Any, sound: Any) -> Any:
        clean, estimate = (np.array(one.samples[:, 0], np.float64) for one in (clean, sound))
        target = clean * (clean @ estimate) / (clean @ clean)
        return 10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target)))

    return ratio


@pytest.fixture(scope="session")
def second_meter() -> Callable[..., Any]:
    """libebur128, an independent meter: loudness, range and true peak of a sound."""
    name = ctypes.util.find_library("ebur128")
    if name is None:
        message = "needs libebur128 (Debian: apt-get install libebur128-1)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return lambda sound: _ebur128(ctypes.CDLL(name), sound)


PLACES_OF_7_1 = (1, 2, 3, 0, 13, 14, 11, 12)
"""libebur128's names for left, right, centre, none, 135 degrees back, 90 degrees to the sides."""


def _ebur128(library: CDLL, sound: Any) -> SimpleNamespace:
    momentary = 1
    short_term = momentary | 1 << 1
    mode = short_term | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5  # I, LRA, sample peak, true peak
    library.ebur128_init.restype = ctypes.c_void_p
    state = ctypes.c_void_p(library.ebur128_init(sound.channels, ctypes.c_ulong(sound.rate), mode))
    for number, place in enumerate(PLACES_OF_7_1 if sound.channels == 8 else ()):
        library.ebur128_set_channel(state, ctypes.c_uint(number), place)
    samples = np.ascontiguousarray(sound.samples)
    pointer = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    assert library.ebur128_add_frames_float(state, pointer, ctypes.c_size_t(sound.frames)) == 0
    value = ctypes.c_double()

    def read(function: Any, *arguments: Any) -> float:
        assert function(state, *arguments, ctypes.byref(value)) == 0
        return value.value

    peaks = [read(library.ebur128_true_peak, ctypes.c_uint(number)) for number in range(sound.channels)]
    result = SimpleNamespace(
        integrated=read(library.ebur128_loudness_global),
        range=read(library.ebur128_loudness_range),
        true_peak=20 * np.log10(max(peaks)),
    )
    library.ebur128_destroy(ctypes.byref(state))
    return result
