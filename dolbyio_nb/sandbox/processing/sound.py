"""A sound: its samples, kept on disk so that ten minutes of it do not fill the memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .refusal import unreadable

Samples = NDArray[np.float32]
"""Shape (frames, channels), full scale 1.0."""

BLOCK = 1 << 16
SAMPLE = 4  # bytes of one float32


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples of shape (frames, channels) and their rate in Hz."""

    samples: Samples
    rate: int

    @property
    def frames(self) -> int:
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    @property
    def layout(self) -> str:
        return "mono" if self.channels == 1 else "stereo"

    def blocks(self, size: int | None = None) -> Iterator[Samples]:
        """The samples in order, in at least twenty pieces where there are enough of them."""
        size = size or min(BLOCK, max(1024, self.frames // 20))
        for start in range(0, self.frames, size):
            yield self.samples[start : start + size]

    def cut(self, start: float, end: float) -> Sound:
        """The stretch from `start` to `end`, both in seconds."""
        return Sound(self.samples[round(start * self.rate) : round(end * self.rate)], self.rate)


def collect(blocks: Iterable[Samples], rate: int, channels: int) -> Sound:
    """Blocks as they come, written to a nameless temporary file and mapped back; it goes with the sound."""
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=np.float32).tobytes())
        file.flush()
        frames = file.tell() // (SAMPLE * channels)
        if not frames:
            raise unreadable("It holds no sound that can be decoded.")
        return Sound(np.memmap(file, np.float32, "r", shape=(frames, channels)), rate)
