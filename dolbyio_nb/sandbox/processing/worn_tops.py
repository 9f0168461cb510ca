"""Flat tops of clipped sound that was worked on since: no longer quite flat, nor quite at the extreme."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .progress import Tell, silent, told
from .sections import Section, runs
from .sound import Samples, Sound

HIGH = 0.75
"""Of the peak: tops over it are looked at. A high-pass moves flat tops up and down by some dB."""

STILL, CORNER = 0.002, 0.02
"""Of the peak, from sample to sample: a top is flat where it stays still and then falls off sharply, ten
times as fast or more. A round top does not, however low its pitch."""

STEPS = 3  # still ones, one after another

SHARE, FEWEST = 0.01, 4
"""How many of the tops must be flat. Of the voice's and the music's own, as they are, coded, or limited by
up to 30 dB, 7 in 10,000 were at most; of those clipped by 6 dB and enhanced, 300 or more."""


def worn_tops(channel: Sound, peak: float, tell: Tell = silent) -> list[Section]:
    """The flat tops, if there are many of them, of a sound of one channel with that peak.

    Noise that was added later hides them, and so may a codec. Eight bits make steps of their own, which
    may be taken for them.
    """
    found: list[Section] = []
    tops = position = 0
    for block in told(channel, tell):
        samples = block[:, 0] / peak
        tops += _count(np.abs(samples))
        for first, last in _flat(samples):
            found.append(Section((position + first) / channel.rate, (position + last) / channel.rate))
        position += len(block)
    return found if len(found) >= max(FEWEST, SHARE * tops) else []


def _count(size: Samples) -> int:
    middle = size[1:-1]
    return int(((middle > HIGH) & (middle > size[:-2]) & (middle >= size[2:])).sum())


def _flat(samples: Samples) -> Iterator[tuple[int, int]]:
    """First sample and the one after the last of every flat top."""
    size = np.abs(samples)
    still = (np.abs(np.diff(samples)) < STILL) & (size[1:] > HIGH) & (size[:-1] > HIGH)
    for first, last in runs(still):
        if last - first >= STEPS and _sharp(size[max(0, first - 1) : last + 2]):
            yield first, last + 1


def _sharp(size: Samples) -> bool:
    rise, fall = size[1] - size[0], size[-2] - size[-1]
    return bool(min(rise, fall) > 0 and max(rise, fall) > CORNER)
