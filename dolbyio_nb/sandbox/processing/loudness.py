"""How loud a sound is: programme loudness, range and peaks (ITU-R BS.1770, EBU R 128, Tech 3342)."""

from __future__ import annotations

from dataclasses import dataclass

from .filters import frames
from .peaks import SILENCE, decibels, sample_peaks, true_peaks
from .progress import Tell, part, silent
from .sound import Sound

GATE = -70.0
"""BS.1770's absolute gate: at or under it there was nothing to measure. LUFS."""


@dataclass(frozen=True)
class Loudness:
    """LUFS, LU and dB relative to full scale; `SILENCE` where there is none."""

    measured: float
    range: float
    sample_peak: float
    true_peak: float

    @property
    def silent(self) -> bool:
        return self.measured <= GATE


def measure(sound: Sound, tell: Tell = silent) -> Loudness:
    """Integrated loudness, range and peaks of the whole sound."""
    measured, spread = integrated(sound, part(tell, 0, 0.5))
    return Loudness(
        measured,
        spread,
        decibels(sample_peaks(sound).max()),
        decibels(true_peaks(sound, part(tell, 0.5, 1)).max()),
    )


def integrated(sound: Sound, tell: Tell = silent) -> tuple[float, float]:
    """Loudness in LUFS and its range in LU, by FFmpeg's `ebur128`."""
    last: dict[str, str] = {}
    for frame in frames(sound, [("ebur128", "metadata=1")], tell):
        last = frame.metadata or last  # the short frame at the end carries none
    measured = float(last.get("lavfi.r128.I", SILENCE))
    return (measured if measured > GATE else SILENCE), float(last.get("lavfi.r128.LRA", 0.0))
