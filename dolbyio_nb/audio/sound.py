"""Sound on disk, intervals of it, and progress through it."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.errors import SoundTooLarge

Samples = NDArray[np.float32]
"""Shape (frames, channels), full scale 1.0."""
Floats = NDArray[np.floating[Any]]
BLOCK = 1 << 16
SILENCE = -120.0
"""What stands for minus infinity in every level: JSON has no infinity. dB or LUFS."""
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
        return layout_of(self.channels)

    def blocks(self, size: int | None = None) -> Iterator[Samples]:
        """The samples in order, in at least twenty pieces where there are enough of them."""
        size = size or min(BLOCK, max(1024, self.frames // 20))
        for start in range(0, self.frames, size):
            yield self.samples[start : start + size]
            self.release()

    def release(self) -> None:
        """Let go of the memory that holds what was read."""
        release(self.samples)

    def cut(self, start: float, end: float) -> Sound:
        """The stretch from `start` to `end`, both in seconds."""
        return Sound(self.samples[round(start * self.rate) : round(end * self.rate)], self.rate)


def release(mapped: Floats) -> None:
    """Let go of the memory that holds what was read of a mapped file; it is read again when needed."""
    owner: Any = mapped
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)


LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def layout_of(channels: int) -> str:
    """What a number of channels is taken for; any other is mixed to two."""
    return LAYOUTS.get(channels, "stereo")


def collect(blocks: Iterable[Samples], rate: int, channels: int) -> Sound:
    """Blocks as they come, written to a nameless temporary file and mapped back; it goes with the sound."""
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            with _room():
                file.write(np.ascontiguousarray(block, dtype=np.float32).tobytes())
        with _room():
            file.flush()
        frames = file.tell() // (SAMPLE * channels)
        if not frames:
            return Sound(np.zeros((0, channels), np.float32), rate)
        return Sound(np.memmap(file, np.float32, "r", shape=(frames, channels)), rate)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SoundTooLarge(
            "The sound does not fit on the disk.",
            f"Writing it to {tempfile.gettempdir()} ended in: {error.strerror}.",
            "Free some room there, or set TMPDIR to a folder that has more.",
        ) from None


Progress = Callable[[float], None]
"""Takes a fraction from 0 to 1; may raise to cancel the job."""


def no_progress(_: float) -> None:
    """For work whose progress nobody asks about."""


def stage(progress: Progress, start: float, end: float) -> Progress:
    """The same listener, for a stage that takes the job from `start` to `end`."""
    return lambda fraction: progress(start + (end - start) * min(1.0, max(0.0, fraction)))


def stages(progress: Progress, count: int) -> list[Progress]:
    """The same listener, for each of so many equal stages."""
    return [stage(progress, number / count, (number + 1) / count) for number in range(count)]


class Step(Protocol):
    """One thing done to a sound. It gives another one, or the same where there is nothing to do."""

    def __call__(self, sound: Sound, *, progress: Progress) -> Sound: ...


def tracked(sound: Sound, progress: Progress, size: int | None = None) -> Iterator[Samples]:
    """The blocks of a sound, telling after each one how much has been handed out."""
    done = 0
    for block in sound.blocks(size):
        yield block
        done += len(block)
        progress(done / sound.frames)


Mask = NDArray[np.bool_]
"""One truth per frame."""


@dataclass(frozen=True)
class Interval:
    """From `start` to `end`, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start

    def shifted(self, seconds: float) -> Interval:
        return Interval(self.start + seconds, self.end + seconds)


def runs(mask: Mask) -> list[tuple[int, int]]:
    """First frame and the one after the last of every stretch that is true."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(first), int(last)) for first, last in zip(turns[::2], turns[1::2], strict=True)]


def intervals(
    mask: Mask, hop: float, seconds: float, shortest: float = 0.0, bridged: float = 0.0
) -> list[Interval]:
    """The true stretches of frames `hop` seconds apart; gaps up to `bridged` are closed first."""
    found: list[Interval] = []
    for first, last in runs(mask):
        start, end = first * hop, min(seconds, last * hop)
        if found and start - found[-1].end <= bridged:
            start = found.pop().start
        found.append(Interval(start, end))
    return [section for section in found if section.duration >= shortest]


def share(found: Sequence[Interval], seconds: float) -> float:
    """How much of the time the sections take, in percent."""
    return min(100.0, 100 * sum(section.duration for section in found) / seconds)


def widened(mask: Mask, frames: int) -> Mask:
    """True also that many frames before and after."""
    wide = np.convolve(mask, np.ones(2 * frames + 1))
    return np.asarray(wide[frames : frames + len(mask)] > 0.5)


def power_decibels(powers: Any) -> Any:
    """Mean squares in dB, one or an array of them; never under `SILENCE`."""
    return 10 * np.log10(np.maximum(powers, 10 ** (SILENCE / 10)))
