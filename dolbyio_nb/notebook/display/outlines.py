"""From thousands of measurements to as many as a picture has columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dolbyio_nb.notebook.display.decoding import Floats
from dolbyio_nb.notebook.display.sound import Sound, decibels

COLUMNS = 800


def columns(lows: Floats, highs: Floats, share: float) -> tuple[Floats, Floats, float]:
    """Give the lowest and highest value of each column, and how wide a column is.

    The values fill `share` of the picture's `COLUMNS`; a column holds one value at least.
    """
    wide = COLUMNS * share
    count = max(1, min(len(lows), round(wide)))
    edges = (np.arange(count) * len(lows)) // count
    return np.minimum.reduceat(lows, edges), np.maximum.reduceat(highs, edges), wide / count


def scale_of(sounds: Sequence[Sound]) -> float:
    """Choose what amplitude fills a waveform's height: full scale, or less when all are quiet."""
    peak = max(sound.peak for sound in sounds)
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if peak <= step), max(1.0, peak))


def loudness_curve(sound: Sound, brief: bool) -> tuple[Floats, Floats]:
    """Give times and loudness: momentary when brief, else short-term, once the window is full."""
    window, values = (0.4, sound.momentary) if brief else (3.0, sound.short_term)
    full = sound.times >= min(window, sound.seconds / 2) - 0.01
    return sound.times[full], values[full]


def loudness_limits(curves: list[Floats], extra: list[float]) -> tuple[float, float]:
    """Choose the loudness at the bottom and at the top: what is heard, and at most 50 LU of it."""
    heard = np.concatenate([*curves, np.array(extra, np.float32)])
    heard = heard[heard > -70]
    if not len(heard):
        return -70.0, 0.0
    top = float(np.ceil((heard.max() + 1) / 5) * 5)
    return max(top - 50, float(np.floor((heard.min() - 1) / 5) * 5)), top


def quietest_tenth(reference: Sound, sound: Sound) -> tuple[float, float] | None:
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
    quiet = float(decibels(powers[order[: len(order) // 10]].mean()))
    return quiet, float(decibels(powers.mean())) - quiet
