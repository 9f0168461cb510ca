"""Clipping detection, also where clipped tops were altered since."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dolbyio_nb.audio.loudness import sample_peaks
from dolbyio_nb.audio.sound import Interval, Progress, Samples, Sound, no_progress, runs, stage, tracked

TOP, BELOW = 0.998, 0.994
CROWDED = 3
"""Clipped sound crowds at its extreme: the top 0.2 % of the range must hold three times as many samples
as the 0.4 % below it. Music and voices that merely reach their peak do not."""
RUN = 3  # samples at the extreme, one after another
IN_RUNS = 0.2
"""Of the samples at the extreme, how many must stand in runs: a limiter crowds them there too, but one by
one. Of the voice's at 16 kHz, 30 dB of limiting left 5 % in runs, 4 dB of clipping 38 %."""
FAINT = 0.01  # a sound whose peak is under -40 dB is not looked at
BRIDGED = 0.05  # seconds: closer faults are heard as one


def clipped(sound: Sound, progress: Progress = no_progress) -> list[Interval]:
    """The stretches with flat tops in any channel: at the extreme as clipping leaves them, or worn since.

    The extreme is the channel's own, so a change of level hides nothing.
    """
    found: list[Interval] = []
    for number in range(sound.channels):
        channel = Sound(sound.samples[:, number : number + 1], sound.rate)
        found += _flat_tops(channel, stage(progress, number / sound.channels, (number + 1) / sound.channels))
    return _merged(found)


def _flat_tops(channel: Sound, progress: Progress) -> list[Interval]:
    peak = float(sample_peaks(channel).max())
    if peak <= FAINT:
        return []
    at_extreme = _at_extreme(channel, peak, stage(progress, 0, 0.5))
    return at_extreme + altered_clipping(channel, peak, stage(progress, 0.5, 1))


def _at_extreme(channel: Sound, peak: float, progress: Progress) -> list[Interval]:
    found: list[tuple[int, int]] = []
    top = below = position = 0
    for block in tracked(channel, progress):
        size = np.abs(block)
        top += int((size > TOP * peak).sum())
        below += int(((size > BELOW * peak) & (size <= TOP * peak)).sum())
        found += [(position + first, position + last) for first, last in _runs(block[:, 0] / peak)]
        position += len(block)
    in_runs = sum(last - first for first, last in found)
    if top <= CROWDED * below or in_runs < IN_RUNS * top:
        return []
    return [Interval(first / channel.rate, last / channel.rate) for first, last in found]


def _runs(samples: Samples) -> Iterator[tuple[int, int]]:
    for extreme in (samples > TOP, samples < -TOP):
        yield from (run for run in runs(extreme) if run[1] - run[0] >= RUN)


def _merged(found: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for section in sorted(found, key=lambda section: section.start):
        if merged and section.start - merged[-1].end <= BRIDGED:
            last = merged.pop()
            section = Interval(last.start, max(last.end, section.end))
        merged.append(section)
    return merged


HIGH = 0.75
"""Of the peak: tops over it are looked at. A high-pass moves flat tops up and down by some dB."""
STILL, CORNER = 0.002, 0.02
"""Of the peak, from sample to sample: a top is flat where it stays still and then falls off sharply, ten
times as fast or more. A round top does not, however low its tone."""
STEPS = 3  # still ones, one after another
SHARE, FEWEST = 0.01, 4
"""How many of the tops must be flat. Of the voice's and the music's own, as they are, coded, or limited by
up to 30 dB, 7 in 10,000 were at most; of those clipped by 6 dB and enhanced, 300 or more."""


def altered_clipping(channel: Sound, peak: float, progress: Progress = no_progress) -> list[Interval]:
    """The flat tops, if there are many of them, of a sound of one channel with that peak.

    Noise that was added later hides them, and so may a codec. Eight bits make steps of their own, which
    may be taken for them.
    """
    found: list[Interval] = []
    tops = position = 0
    for block in tracked(channel, progress):
        samples = block[:, 0] / peak
        tops += _count(np.abs(samples))
        for first, last in _flat(samples):
            found.append(Interval((position + first) / channel.rate, (position + last) / channel.rate))
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
