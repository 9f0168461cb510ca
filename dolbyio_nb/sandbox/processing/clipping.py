"""Where a recording was driven over the edge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .progress import Tell, silent, told
from .sections import Mask, Section, runs
from .sound import Samples, Sound

TOP, BELOW = 0.998, 0.994
CROWDED = 3
"""Clipped sound crowds at its extreme: the top 0.2 % of the range must hold three times as many samples
as the 0.4 % below it. Music and voices that merely reach their peak do not."""

RUN = 3  # samples at the extreme, one after another
FAINT = 0.01  # a sound whose peak is under -40 dB is not looked at
BRIDGED = 0.05  # seconds: closer faults are heard as one


def clipped(sound: Sound, tell: Tell = silent) -> list[Section]:
    """The stretches with runs of three or more samples at the extreme, in any channel."""
    peaks = np.max([np.abs(block).max(axis=0) for block in sound.blocks()], axis=0)
    crowded = _crowded(sound, peaks) & (peaks > FAINT)
    if not crowded.any():
        return []
    return _merged(_flat(sound, np.where(crowded, peaks, np.inf), tell))


def _crowded(sound: Sound, peaks: Samples) -> Mask:
    top, below = np.zeros(sound.channels), np.zeros(sound.channels)
    for block in sound.blocks():
        size = np.abs(block)
        top += (size > TOP * peaks).sum(axis=0)
        below += ((size > BELOW * peaks) & (size <= TOP * peaks)).sum(axis=0)
    return np.asarray((top > CROWDED * below) & (top >= RUN))


def _flat(sound: Sound, peaks: Samples, tell: Tell) -> Iterator[Section]:
    position = 0
    for block in told(sound, tell):
        for extreme in (block > TOP * peaks, block < -TOP * peaks):
            for channel in extreme.T:
                for first, last in runs(channel):
                    if last - first >= RUN:
                        yield Section((position + first) / sound.rate, (position + last) / sound.rate)
        position += len(block)


def _merged(found: Iterator[Section]) -> list[Section]:
    merged: list[Section] = []
    for section in sorted(found, key=lambda section: section.start):
        if merged and section.start - merged[-1].end <= BRIDGED:
            last = merged.pop()
            section = Section(last.start, max(last.end, section.end))
        merged.append(section)
    return merged
