"""How far a job is, told often, in stages that share the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .sound import Samples, Sound

Tell = Callable[[float], None]
"""Takes a fraction from 0 to 1; may raise to cancel the job."""


def silent(_: float) -> None:
    """For work whose progress nobody asks about."""


def part(tell: Tell, start: float, end: float) -> Tell:
    """The same listener, for a stage that takes the job from `start` to `end`."""
    return lambda fraction: tell(start + (end - start) * min(1.0, max(0.0, fraction)))


def told(sound: Sound, tell: Tell, size: int | None = None) -> Iterator[Samples]:
    """The blocks of a sound, telling after each one how much has been handed out."""
    done = 0
    for block in sound.blocks(size):
        yield block
        done += len(block)
        tell(done / sound.frames)
