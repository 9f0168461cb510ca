"""Loudness of what is said: measured where somebody speaks, if enough of it is speech."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .loudness import meter
from .progress import Tell, silent
from .sections import Section, share
from .sound import Samples, Sound, collect

SHORTEST = 1.0  # seconds of speech in all that are enough to measure

Gate = Sequence[Section]
"""Where to measure; empty for the whole sound."""


def speech_gate(speech: list[Section], seconds: float, threshold: float) -> Gate:
    """The speech, if it takes at least `threshold` percent of the time."""
    enough = sum(section.duration for section in speech) >= SHORTEST
    return speech if enough and share(speech, seconds) >= threshold else []


def mode(gate: Gate) -> str:
    """The service's word for it."""
    return "speech" if gate else "level"


def gated(sound: Sound, gate: Gate, tell: Tell = silent) -> float:
    """Loudness in LUFS inside the gate."""
    heard = collect(_inside(sound, gate), sound.rate, sound.channels) if gate else sound
    return meter(heard, tell).integrated


def _inside(sound: Sound, gate: Gate) -> Iterator[Samples]:
    for section in gate:
        yield from sound.cut(section.start, section.end).blocks()
