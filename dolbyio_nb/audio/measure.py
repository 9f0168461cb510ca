"""Measurement of a file in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dolbyio_nb.audio.decode import FileVersion, opened_sound, version_of
from dolbyio_nb.audio.loudness import LoudnessMeter, Readings
from dolbyio_nb.audio.sound import Floats, Progress, Samples, no_progress, power_decibels

if TYPE_CHECKING:
    import pandas


POINTS = 4000
"""Stretches of a sound whose lowest and highest sample are kept, at least; a picture has fewer columns."""
LEVELS = 20
"""Levels a second: one for every 50 ms."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured in one file, by FFmpeg's `ebur128` (ITU-R BS.1770, EBU R 128) and NumPy.

    Attributes:
        path: the file.
        seconds, rate, channels: its length, its sampling rate in Hz, its channels.
        loudness: integrated, in LUFS; None when it is too short or too quiet for one.
        range: loudness range in LU; None likewise.
        true_peak: in dBTP; -120 for digital silence.
        times: when the momentary and short-term loudness were taken, in seconds, ten a second.
        momentary, short_term: over the last 0.4 s and 3 s, in LUFS.
        lows, highs: lowest and highest sample, over all channels, of equal stretches.
        levels: mean square of each 50 ms over all channels, in dB relative to full scale.
    """

    path: Path
    seconds: float
    rate: int
    channels: int
    loudness: float | None
    range: float | None
    true_peak: float
    times: Floats
    momentary: Floats
    short_term: Floats
    lows: Floats
    highs: Floats
    levels: Floats

    def __repr__(self) -> str:
        loudness = "no loudness" if self.loudness is None else f"{self.loudness:.1f} LUFS"
        return f"<{self.path.name}: {self.seconds:.1f} s, {loudness}, true peak {self.true_peak:.1f} dBTP>"

    @property
    def peak(self) -> float:
        """The highest absolute sample; full scale is 1."""
        return float(max(-self.lows.min(), self.highs.max()))

    def to_frame(self) -> pandas.DataFrame:
        """Give the loudness over time as a table: `time`, `momentary`, `short_term`."""
        import pandas

        columns = {"time": self.times, "momentary": self.momentary, "short_term": self.short_term}
        return pandas.DataFrame(columns)


def measure(path: str | Path, progress: Progress = no_progress) -> Measurement:
    """Read a whole file once and measure it; the same file is not read again until it changes.

    Raises:
        SoundError: it cannot be read as sound.
    """
    return _measured(version_of(Path(path), progress))


@lru_cache(maxsize=64)
def _measured(file: FileVersion) -> Measurement:
    with opened_sound(file.path) as track:
        loudness = LoudnessMeter(track.rate, track.decoded_channels, true_peak=True)
        outline = OutlineMeter(track.rate, track.seconds)
        for second in track.by_second(file.progress):
            loudness.take(second)
            outline.take(second)
        outlined = outline.found()
        return Measurement(
            file.path,
            outline.frames / track.rate,
            track.rate,
            track.channels,
            **_loudness(loudness.readings(), outlined),
            **outlined,
        )


def _loudness(readings: Readings, outlined: dict[str, Any]) -> dict[str, Any]:
    """Give the measures by their names in `Measurement`; the true peak is no lower than the samples'."""
    peak = max(-outlined["lows"].min(), outlined["highs"].max(), readings.true_peak)
    return {
        "loudness": readings.integrated,
        "range": readings.range,
        "true_peak": float(power_decibels(float(peak) ** 2)),
        "times": np.arange(1, len(readings.momentary) + 1) / 10,
        "momentary": readings.momentary,
        "short_term": readings.short_term,
    }


def quietest_tenth(reference: Measurement, sound: Measurement) -> tuple[float, float] | None:
    """Level of `sound` in the quietest tenth of `reference`, in dB, and how far that is under its mean level.

    Digital silence is left out. None when the lengths differ by more than 0.1 s: then places do not match.
    """
    if abs(reference.seconds - sound.seconds) > 0.1:
        return None
    common = min(len(reference.levels), len(sound.levels))
    heard = np.flatnonzero(reference.levels[:common] > -100)
    if len(heard) < 10:
        return None
    order = heard[np.argsort(reference.levels[heard], kind="stable")]
    powers = 10 ** (sound.levels / 10)
    quiet = float(power_decibels(powers[order[: len(order) // 10]].mean()))
    return quiet, float(power_decibels(powers.mean())) - quiet


class OutlineMeter:
    """Keeps the lowest and the highest sample of short stretches, and the level of each 50 ms."""

    def __init__(self, rate: int, seconds: float) -> None:
        points = max(1, min(rate, math.ceil(POINTS / max(seconds, 0.001))))
        self._edges = (np.arange(points) * rate) // points
        self._steps = (np.arange(LEVELS) * rate) // LEVELS
        self._found: list[tuple[Floats, Floats, Floats]] = []
        self.frames = 0

    def take(self, second: Samples) -> None:
        """Look at samples of shape (frames, channels), a whole second of them except at the end."""
        frames = len(second)
        edges, steps = self._edges[self._edges < frames], self._steps[self._steps < frames]
        lows = np.minimum.reduceat(second.min(axis=1), edges)
        highs = np.maximum.reduceat(second.max(axis=1), edges)
        powers = np.add.reduceat(np.square(second).mean(axis=1), steps) / np.diff(np.append(steps, frames))
        self._found.append((lows, highs, powers))
        self.frames += frames

    def found(self) -> dict[str, Any]:
        """Give the measures by their names in `Measurement`."""
        lows, highs, powers = (np.concatenate(each) for each in zip(*self._found, strict=True))
        return {"lows": lows, "highs": highs, "levels": power_decibels(powers)}
