"""How loud a sound is: programme loudness, range and peaks (ITU-R BS.1770, EBU R 128, Tech 3342)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .filters import frames
from .peaks import SILENCE, decibels, sample_peaks, true_peaks
from .progress import Tell, silent
from .sound import Sound
from .spectrum import Powers

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


def meter(sound: Sound, tell: Tell = silent) -> Readings:
    """FFmpeg's `ebur128` over the whole sound."""
    shown = [f.metadata for f in frames(sound, [("ebur128", "metadata=1")], tell)]
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


def measure_peaks(sound: Sound, tell: Tell = silent) -> Peaks:
    """Sample peak and true peak of the whole sound."""
    sample = decibels(sample_peaks(sound).max())
    return Peaks(sample, max(sample, decibels(true_peaks(sound, tell).max())))
