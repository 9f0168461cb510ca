"""Stretches of time where something is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""One truth per frame."""


@dataclass(frozen=True)
class Section:
    """From `start` to `end`, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start

    def shifted(self, seconds: float) -> Section:
        return Section(self.start + seconds, self.end + seconds)


def runs(mask: Mask) -> list[tuple[int, int]]:
    """First frame and the one after the last of every stretch that is true."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(first), int(last)) for first, last in zip(turns[::2], turns[1::2], strict=True)]


def sections(
    mask: Mask, hop: float, seconds: float, shortest: float = 0.0, bridged: float = 0.0
) -> list[Section]:
    """The true stretches of frames `hop` seconds apart; gaps up to `bridged` are closed first."""
    found: list[Section] = []
    for first, last in runs(mask):
        start, end = first * hop, min(seconds, last * hop)
        if found and start - found[-1].end <= bridged:
            start = found.pop().start
        found.append(Section(start, end))
    return [section for section in found if section.duration >= shortest]


def share(found: Sequence[Section], seconds: float) -> float:
    """How much of the time the sections take, in percent."""
    return min(100.0, 100 * sum(section.duration for section in found) / seconds)


def widened(mask: Mask, frames: int) -> Mask:
    """True also that many frames before and after."""
    wide = np.convolve(mask, np.ones(2 * frames + 1))
    return np.asarray(wide[frames : frames + len(mask)] > 0.5)
