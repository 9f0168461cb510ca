"""Loud and quiet stretches brought nearer to each other, slowly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .loudness import GATE, STEP, meter
from .progress import Tell, part, silent, told
from .sound import Samples, Sound, collect
from .spectrum import Powers

RANGES = {"low": 15.0, "medium": 12.0, "high": 9.0, "max": 6.0, "auto": 12.0}
"""The loudness range in LU above which a recording is narrowed; what has less is left as it is."""

MOST = 12.0  # dB of change
QUIET = 20.0  # LU under the mean: pauses, which are left alone
LAG = 1.5  # seconds: the middle of the three that a short-term reading looks back


def narrowed(sound: Sound, amount: str, tell: Tell = silent) -> Sound:
    """The sound with its loudness range brought down to the amount's, if it is above."""
    readings = meter(sound, part(tell, 0, 0.5))
    wanted = RANGES[amount]
    if readings.range <= wanted:
        return sound
    curve = _gains(readings.short_term, 1 - wanted / readings.range)
    return collect(_ridden(sound, curve, part(tell, 0.5, 1)), sound.rate, sound.channels)


def _gains(loudness: Powers, strength: float) -> Powers:
    """dB for every tenth of a second: a share of the way to the mean of what is not a pause."""
    heard = loudness[loudness > GATE]
    middle = float(np.median(heard[heard > heard.max() - QUIET]))
    held = np.where(loudness > middle - QUIET, loudness, middle)
    smooth = np.convolve(np.pad(held, 5, mode="edge"), np.ones(11) / 11, mode="valid")
    return np.clip(strength * (middle - smooth), -MOST, MOST)


def _ridden(sound: Sound, gains: Powers, tell: Tell) -> Iterator[Samples]:
    times = np.arange(1, len(gains) + 1) * STEP - LAG
    position = 0
    for block in told(sound, tell):
        span = np.arange(position, position + len(block)) / sound.rate
        yield block * (10 ** (np.interp(span, times, gains) / 20)).astype(np.float32)[:, None]
        position += len(block)
