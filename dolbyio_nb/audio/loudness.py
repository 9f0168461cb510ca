"""Loudness and peaks by ITU-R BS.1770."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.filters import array_of, frames, resampler
from dolbyio_nb.audio.sound import Interval, Progress, Samples, Sound, collect, no_progress, share
from dolbyio_nb.audio.spectrum import Powers

GATE = -70.0
"""BS.1770's absolute gate: at or under it there was nothing to measure. LUFS."""
STEP = 0.1
"""Seconds from one of the meter's readings to the next."""
WARM_UP = 3
"""Momentary readings that do not yet see their whole 400 ms."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What a meter shows: momentary and short-term LUFS ten times a second; at the end LUFS and LU."""

    momentary: Powers
    short_term: Powers
    integrated: float
    range: float

    def ungated(self, start: float, end: float) -> float:
        """Mean loudness between two times in seconds, nothing left out; `SILENCE` if nothing was heard."""
        first = max(WARM_UP, round(start / STEP))
        heard = self.momentary[first : max(first + 1, round(end / STEP))]
        power = np.mean(10 ** (heard / 10)) if len(heard) else 0.0
        return max(SILENCE, float(10 * np.log10(power))) if power > 0 else SILENCE


@dataclass(frozen=True)
class Peaks:
    """The highest points in dB relative to full scale."""

    sample: float
    true: float


def meter(sound: Sound, progress: Progress = no_progress) -> Readings:
    """FFmpeg's `ebur128` over the whole sound."""
    shown = [f.metadata for f in frames(sound, [("ebur128", "metadata=1")], progress)]
    full = [reading for reading in shown if reading]  # the short frame at the end carries none
    last = full[-1] if full else {}
    integrated = float(last.get("lavfi.r128.I", SILENCE))
    return Readings(
        _shown(full, "lavfi.r128.M"),
        _shown(full, "lavfi.r128.S"),
        integrated if integrated > GATE else SILENCE,
        float(last.get("lavfi.r128.LRA", 0.0)),
    )


def _shown(readings: list[dict[str, str]], name: str) -> Powers:
    """FFmpeg shows digital silence as something that is no number."""
    shown = np.array([float(reading[name]) for reading in readings])
    return np.where(np.isnan(shown), SILENCE, shown)


def measure_peaks(sound: Sound, progress: Progress = no_progress) -> Peaks:
    """Sample peak and true peak of the whole sound."""
    sample = decibels(sample_peaks(sound).max())
    return Peaks(sample, max(sample, decibels(true_peaks(sound, progress).max())))


SILENCE = -120.0
"""What stands for minus infinity in every level: JSON has no infinity. dB or LUFS."""


def decibels(amplitude: float) -> float:
    """An amplitude relative to full scale, in dB; never under `SILENCE`."""
    return max(SILENCE, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE


def sample_peaks(sound: Sound) -> NDArray[np.float32]:
    """The largest absolute sample of every second, the last one may be short."""
    return np.array([np.abs(block).max() for block in sound.blocks(sound.rate)], np.float32)


def true_peaks(sound: Sound, progress: Progress = no_progress) -> NDArray[np.float32]:
    """The largest absolute value of every second at four times the rate, as BS.1770-4 Annex 2 asks.

    Above 96 kHz twice the rate is enough, as the same annex says.
    """
    rate = sound.rate * (4 if sound.rate < 96_000 else 2)
    finer = (array_of(frame) for frame in frames(sound, [resampler(rate)], progress))
    return _by_second(finer, rate, len(sample_peaks(sound)))


def _by_second(blocks: Iterable[Samples], rate: int, seconds: int) -> NDArray[np.float32]:
    peaks = np.zeros(seconds, np.float32)
    for start, block in _numbered(blocks):
        second = min(start // rate, seconds - 1)
        split = (second + 1) * rate - start
        for index, piece in ((second, block[:split]), (min(second + 1, seconds - 1), block[split:])):
            if len(piece):
                peaks[index] = max(peaks[index], float(np.abs(piece).max()))
    return peaks


def _numbered(blocks: Iterable[Samples]) -> Iterator[tuple[int, Samples]]:
    start = 0
    for block in blocks:
        yield start, block
        start += len(block)


SHORTEST = 1.0  # seconds of speech in all that are enough to measure
Gate = Sequence[Interval]
"""Where to measure; empty for the whole sound."""


def speech_gate(speech: list[Interval], seconds: float, threshold: float) -> Gate:
    """The speech, if it takes at least `threshold` percent of the time."""
    enough = sum(section.duration for section in speech) >= SHORTEST
    return speech if enough and share(speech, seconds) >= threshold else []


def gated(sound: Sound, gate: Gate, progress: Progress = no_progress) -> float:
    """Loudness in LUFS inside the gate."""
    heard = collect(_inside(sound, gate), sound.rate, sound.channels) if gate else sound
    return meter(heard, progress).integrated


def _inside(sound: Sound, gate: Gate) -> Iterator[Samples]:
    for section in gate:
        yield from sound.cut(section.start, section.end).blocks()
