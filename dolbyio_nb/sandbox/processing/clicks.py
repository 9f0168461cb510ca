"""Single wrong samples, as scratches and lost bits leave them: where they may be, and their repair there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .filters import filtered
from .progress import Tell, silent, told
from .sections import Section, sections
from .sound import Samples, Sound, collect
from .spectrum import Powers

FRAME = 512  # samples
STANDS_OUT = 15.0
"""A frame is looked at when its sharpest turn is fifteen times the usual one; voices seldom turn so."""

FAINT = 1e-5
MARGIN = 0.1  # seconds on either side: FFmpeg's filter spoils the first 25 ms it is given


def declicked(sound: Sound, threshold: float, tell: Tell = silent) -> Sound:
    """The sound mended by FFmpeg's `adeclick` around what may be clicks, and untouched elsewhere."""
    spots = suspects(sound, tell)
    return collect(_mended(sound, spots, threshold), sound.rate, sound.channels) if spots else sound


def suspects(sound: Sound, tell: Tell = silent) -> list[Section]:
    """Where the sound turns far more sharply than just around."""
    sharpness = np.concatenate([_sharpness(block) for block in told(sound, tell, FRAME * 128)])
    return sections(sharpness > STANDS_OUT, FRAME / sound.rate, sound.seconds, bridged=2 * MARGIN)


def _sharpness(block: Samples) -> Powers:
    turns = np.abs(np.diff(block, 2, axis=0, prepend=block[:1], append=block[-1:]))
    turns = np.pad(turns, ((0, -len(turns) % FRAME), (0, 0))).reshape(-1, FRAME, block.shape[1])
    return np.asarray((turns.max(axis=1) / (np.median(turns, axis=1) + FAINT)).max(axis=1), np.float64)


def _mended(sound: Sound, spots: list[Section], threshold: float) -> Iterator[Samples]:
    position = 0
    for spot in spots:
        first, last = round(spot.start * sound.rate), round(spot.end * sound.rate)
        yield sound.samples[position:first]
        yield _repair(sound, first, last, threshold)
        position = last
    yield sound.samples[position:]


def _repair(sound: Sound, first: int, last: int, threshold: float) -> Samples:
    margin = round(MARGIN * sound.rate)
    around = sound.samples[max(0, first - margin) : last + margin]
    missing = max(0, margin - first)
    padded = Sound(np.pad(around, ((missing, 0), (0, 0))), sound.rate)
    mended = filtered(padded, ("adeclick", f"threshold={threshold:g}"))
    return mended.samples[margin : margin + last - first]
