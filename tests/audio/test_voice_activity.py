"""Voice activity and marks: a voice is found in noise, and more noise never earns a better mark."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.restoration import clipped
from dolbyio_nb.audio.sound import Sound, share
from dolbyio_nb.audio.spectrum import bandwidth
from dolbyio_nb.audio.voice_activity import listen
from dolbyio_nb.sandbox.operations.report import noise_marks, quality_marks

Voices = tuple[Any, Any]
Row = tuple[Any, ...]
RATE, SECONDS = 16_000, 7
FRAMES = RATE * SECONDS
TIME = np.arange(FRAMES) / RATE
SLACK = 0.3
LEVELS = (-30, -20, -12, -6, 0)  # dB of the noise beside the voice


@pytest.fixture(scope="module")
def recorded(media: Path) -> Voices:
    """A voice and a piece of music at 16 kHz, as arrays."""
    voice, music = (
        resampled(read_sound(media / name), RATE).samples.mean(axis=1)
        for name in ("voice.flac", "music.flac")
    )
    return voice, music


def _hum(mains: float, random: Any) -> Any:
    return sum(np.sin(2 * np.pi * mains * n * TIME + random.uniform(0, 6)) / n for n in range(1, 9))


def _coloured(random: Any, low: float = 1.0, high: float = RATE / 2, slope: float = 0.5) -> Any:
    spectrum = np.fft.rfft(random.normal(size=FRAMES))
    frequency = np.fft.rfftfreq(FRAMES, 1 / RATE)
    spectrum *= (frequency >= low) & (frequency <= high)
    spectrum[1:] /= frequency[1:] ** slope
    return np.fft.irfft(spectrum, FRAMES)


def _street(random: Any) -> Any:
    gusts = 10 ** (random.uniform(-12, 6, SECONDS * 2) / 20)
    return _coloured(random) * np.interp(TIME, np.linspace(0, SECONDS, len(gusts)), gusts)


def _babble(voice: Any, random: Any) -> Any:
    starts = random.integers(0, len(voice) - FRAMES, 8)
    return sum(voice[start : start + FRAMES] for start in starts)


def _crackle(random: Any) -> Any:
    clicks = (random.random(FRAMES) < 15 / RATE) * random.normal(size=FRAMES)
    return np.convolve(clicks, np.exp(-np.arange(40) / 8) * np.cos(np.arange(40)), "same")


def _fan(random: Any) -> Any:
    blades = 1 + 0.3 * np.sin(2 * np.pi * 23 * TIME)
    return _coloured(random, 20, 1500) * blades


def noises(recorded: Voices, random: Any) -> dict[str, Any]:
    """Noise by its kind."""
    voice, music = recorded
    return {
        "hum 50": _hum(50, random),
        "hum 60": _hum(60, random),
        "white": random.normal(size=FRAMES),
        "pink": _coloured(random),
        "street": _street(random),
        "babble": _babble(voice, random),
        "music": music[:FRAMES],
        "crackle": _crackle(random),
        "fan": _fan(random),
        "narrow band": _coloured(random, 900, 1200, 0),
    }


KINDS = list(noises((np.ones(2 * FRAMES), np.ones(FRAMES)), np.random.default_rng(0)))


def _rms(samples: Any) -> Any:
    return np.sqrt(np.mean(np.square(samples)))


def judged(samples: Any) -> Row:
    """Quality, noise, and the shares of speech and music in percent."""
    sound = Sound(np.asarray(samples, np.float32)[:, None], RATE)
    content = listen(sound)
    noise = noise_marks(content, sound.seconds)
    quality = quality_marks(noise, clipped(sound), bandwidth(sound))
    parts = (share(found, sound.seconds) for found in (content.speech, content.music))
    return quality.average, noise.average, *parts


def assert_monotone(rows: list[Row]) -> None:
    marks = [row for row in rows if row[0] is not None]
    for (quality, noise, *_), (worse, louder, *_) in pairwise(marks):
        assert worse <= quality + SLACK
        assert louder >= noise - SLACK
    assert marks[-1][0] <= marks[0][0] + SLACK


@pytest.mark.parametrize("kind", KINDS)
def test_more_noise_earns_no_better_mark(recorded: Voices, kind: str) -> None:
    """From -30 dB up to the voice's own level, and the voice is still found at 6 dB."""
    voice = recorded[0][3 * RATE : 3 * RATE + FRAMES]
    noise = noises(recorded, np.random.default_rng(3))[kind]
    noise *= _rms(voice) / _rms(noise)
    rows = [judged(voice + noise * 10 ** (level / 20)) for level in LEVELS]
    assert_monotone(rows)
    assert all(row[0] is not None for row in rows[:-1])
    clean = judged(voice)[2]
    assert all(row[2] > clean - 20 for row in rows[:-1])


def test_more_clipping_earns_no_better_mark(recorded: Voices) -> None:
    """The kind that is no sound of its own."""
    voice = recorded[0][3 * RATE : 3 * RATE + FRAMES]
    tops = np.abs(voice).max() * 10 ** (-np.arange(0, 19, 3) / 20)
    assert_monotone([judged(np.clip(voice, -top, top)) for top in tops])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "babble"])
def test_what_is_no_voice_is_not_judged(recorded: Voices, kind: str) -> None:
    """No mark at all, rather than a perfect one; and hum is no music."""
    noise = noises(recorded, np.random.default_rng(4))[kind]
    quality, _, speech, music = judged(0.1 * noise / _rms(noise))
    assert quality is None
    assert speech < 10
    assert (music > 50) == (kind == "music")


def test_a_voice_out_of_phase_is_heard(recorded: Voices) -> None:
    """Its two channels cancel each other out in their sum."""
    voice = recorded[0][:FRAMES].astype(np.float32)
    found = listen(Sound(np.stack([voice, -voice], axis=1), RATE)).speech
    assert share(found, SECONDS) > 50
