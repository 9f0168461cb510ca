"""Up to which pitch a sound reaches."""

from __future__ import annotations

import numpy as np

from .progress import Tell, silent
from .sound import Sound
from .spectrum import frame_size, power_frames, to_decibels

UNDER_PEAK = 65.0
"""dB under the strongest pitch that still count: a telephone call ends at 3.4 kHz by it."""


def bandwidth(sound: Sound, tell: Tell = silent) -> int:
    """The highest frequency in Hz whose mean power is within 65 dB of the strongest."""
    size = frame_size(sound.rate)
    total, count = np.zeros(size // 2 + 1), 0
    for block in power_frames(sound, size, size, tell):
        total += block.sum(axis=0)
        count += len(block)
    levels = to_decibels(total / count)
    heard = np.flatnonzero(levels > max(levels.max() - UNDER_PEAK, -120.0))
    return round(int(heard[-1]) * sound.rate / size) if len(heard) else 0
