"""The highest points of a sound: of its samples, and of the curve between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from .filters import array_of, frames, resampler
from .progress import Tell, silent
from .sound import Samples, Sound

SILENCE = -120.0
"""What stands for minus infinity in every level: JSON has no infinity. dB or LUFS."""


def decibels(amplitude: float) -> float:
    """An amplitude relative to full scale, in dB; never under `SILENCE`."""
    return max(SILENCE, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE


def sample_peaks(sound: Sound) -> NDArray[np.float32]:
    """The largest absolute sample of every second, the last one may be short."""
    return np.array([np.abs(block).max() for block in sound.blocks(sound.rate)], np.float32)


def true_peaks(sound: Sound, tell: Tell = silent) -> NDArray[np.float32]:
    """The largest absolute value of every second at four times the rate, as BS.1770-4 Annex 2 asks.

    Above 96 kHz twice the rate is enough, as the same annex says.
    """
    rate = sound.rate * (4 if sound.rate < 96_000 else 2)
    finer = (array_of(frame) for frame in frames(sound, [resampler(rate)], tell))
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
