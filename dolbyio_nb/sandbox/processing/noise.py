"""The noise under a recording: how loud it is, of what colour, and where one hears only it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .sections import Mask, widened
from .spectrum import Powers, Spectrum, to_decibels

QUANTILE = 0.1
WINDOW = 6.0  # seconds
"""The noise tracker: in each band the 10 % quantile of six seconds."""

BEST = 6
EXCESS = 6.0
"""A frame is foreground when its best six bands stand on average 6 dB above the tracker."""

MARGINS = (0.1, 0.0)
"""Seconds kept away from the foreground: as long as that leaves any pauses, then none."""

FEWEST_PAUSES = 0.3  # seconds of pauses that are enough to measure in
DIGITAL_SILENCE = -100.0  # dB


@dataclass(frozen=True, eq=False)
class Noise:
    """Mean squares per band, and whether real pauses were there to measure them in."""

    powers: Powers
    in_pauses: bool

    @property
    def level(self) -> float:
        """dB relative to full scale."""
        return float(to_decibels(self.powers.sum()))


def tracker(spectrum: Spectrum) -> Powers:
    """The noise floor around every frame, shape (frames, bands)."""
    count = len(spectrum.powers)
    half, step = round(WINDOW / 2 / spectrum.hop), max(1, round(1 / spectrum.hop))
    floors = [
        np.quantile(spectrum.powers[max(0, middle - half) : middle + half], QUANTILE, axis=0)
        for middle in range(step // 2, count + step // 2, step)
    ]
    return np.repeat(np.array(floors), step, axis=0)[:count]


def foreground(spectrum: Spectrum) -> Mask:
    """Where something stands out of the noise: in a recording of one voice, where it speaks."""
    steady = replace(spectrum, powers=_smoothed(spectrum.powers))
    speech_bands = (spectrum.centres > 100) & (spectrum.centres < 8000)
    excess = to_decibels(steady.powers) - np.maximum(to_decibels(tracker(steady)), DIGITAL_SILENCE)
    best = np.sort(excess[:, speech_bands], axis=1)[:, -BEST:]
    return np.asarray((best.mean(axis=1) > EXCESS) & (spectrum.levels > DIGITAL_SILENCE))


def _smoothed(powers: Powers) -> Powers:
    """Each frame with its two neighbours: the chance ups of pure noise do not stand out then."""
    padded = np.pad(powers, ((1, 1), (0, 0)), mode="edge")
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def measure_noise(spectrum: Spectrum, busy: Mask) -> Noise:
    """The median of every band over the pauses; where there are none, the tracker's lowest."""
    audible = spectrum.levels > DIGITAL_SILENCE
    for margin in MARGINS:
        quiet = audible & ~widened(busy, round(margin / spectrum.hop))
        if quiet.sum() * spectrum.hop >= FEWEST_PAUSES:
            return Noise(np.median(spectrum.powers[quiet], axis=0), True)
    return Noise(np.quantile(spectrum.powers, QUANTILE / 2, axis=0), False)


def signal_to_noise(spectrum: Spectrum, busy: Mask, noise: Noise) -> float:
    """How far the foreground stands over the noise, in dB; 0 where there is no foreground."""
    if not busy.any():
        return 0.0
    foreground_power = spectrum.powers[busy].sum(axis=1).mean() - noise.powers.sum()
    return max(0.0, float(to_decibels(foreground_power)) - noise.level)
