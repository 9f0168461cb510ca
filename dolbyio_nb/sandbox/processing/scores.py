"""Marks from 0 to 10 for noise and for quality. The formulas are ours; how the service does it is not known.

Noise, for every second: 0 where the voice stands 45 dB or more over the noise floor around it, 10 at 5 dB
or less, evenly in between; seconds of music get 0, since noise cannot be told from it here.
Quality, for every second: 10, less 0.6 of the noise mark, less 3 where it is clipped, and less up to 3 for
a bandwidth under 7 kHz (all 3 at 3.5 kHz, that is, one octave less). Never under 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .noise import tracker
from .sections import Section
from .spectrum import Powers, to_decibels
from .speech import Content

CLEAR, PER_MARK = 45.0, 4.0  # dB
NOISE_WEIGHT, CLIPPING_COST, BAND_COST, FULL_BAND = 0.6, 3.0, 3.0, 7000.0
ROWS = 10
SEGMENT = 5  # seconds


@dataclass(frozen=True, eq=False)
class Marks:
    """One mark a second; the last second may be short."""

    values: Powers
    seconds: float

    @property
    def weights(self) -> Powers:
        """How long each second is."""
        return np.clip(self.seconds - np.arange(len(self.values)), 0, 1)

    @property
    def average(self) -> float:
        return round(float(np.average(self.values, weights=self.weights)), 1)

    def over(self, section: Section) -> float:
        """The mean mark of a stretch."""
        return round(float(self.values[int(section.start) : int(np.ceil(section.end))].mean()), 2)

    def distribution(self) -> list[dict[str, float]]:
        """Ten rows: how much of the time each mark was given."""
        row = np.minimum(self.values.astype(int), ROWS - 1)
        durations = [float(self.weights[row == lower].sum()) for lower in range(ROWS)]
        return [
            {
                "lower_bound": lower,
                "upper_bound": lower + 1,
                "duration": round(duration, 2),
                "percentage": round(100 * duration / self.seconds, 1),
            }
            for lower, duration in enumerate(durations)
        ]

    def worst(self) -> dict[str, float]:
        """The five seconds with the lowest marks."""
        length = min(SEGMENT, len(self.values))
        means = np.convolve(self.values, np.ones(length) / length, mode="valid")
        start = int(np.argmin(means))
        end = round(min(start + length, self.seconds), 2)
        return {"start": float(start), "end": end, "score": round(float(means[start]), 1)}

    def report(self) -> dict[str, Any]:
        return {"average": self.average, "distribution": self.distribution()}


def noise_marks(content: Content, seconds: float) -> Marks:
    """The noise mark of every second."""
    spectrum = content.spectrum
    floors = to_decibels(tracker(spectrum).sum(axis=1))
    speaking = content.busy if content.busy.any() else np.ones_like(content.busy)
    programme = float(to_decibels(spectrum.powers[speaking].sum(axis=1).mean()))
    frames = np.clip((CLEAR - (programme - floors)) / PER_MARK, 0, ROWS)
    marks = _by_second(frames, spectrum.hop, seconds)
    for section in content.music:
        marks[int(section.start) : int(np.ceil(section.end))] = 0
    return Marks(marks, seconds)


def quality_marks(noise: Marks, clipping: list[Section], bandwidth: float) -> Marks:
    """The quality mark of every second."""
    narrow = BAND_COST * np.clip(np.log2(FULL_BAND / max(bandwidth, 1.0)), 0, 1)
    marks = ROWS - NOISE_WEIGHT * noise.values - narrow
    for section in clipping:
        marks[int(section.start) : int(section.end) + 1] -= CLIPPING_COST
    return Marks(np.clip(marks, 0, ROWS), noise.seconds)


def _by_second(frames: Powers, hop: float, seconds: float) -> Powers:
    count = max(1, int(np.ceil(seconds)))
    second = np.minimum((np.arange(len(frames)) * hop).astype(int), count - 1)
    sums, sizes = np.bincount(second, frames, count), np.bincount(second, minlength=count)
    return np.asarray(np.where(sizes, sums / np.maximum(sizes, 1), frames[-1]))
