"""In which key music is: a guess from the tones that sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .filters import resampled
from .progress import Tell, silent
from .sound import Sound
from .spectrum import COARSE_RATE, Powers, power_frames

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MAJOR = np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0])
MINOR = np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0])
"""How well each of the twelve tones fits a key: Temperley's profiles (1999)."""

KEY_FRAME, KEY_HOP = 4096, 2048


@dataclass(frozen=True)
class Key:
    """A key's name, such as "D major", and how clear it is: correlation from 0 to 1."""

    name: str
    confidence: float


def key(sound: Sound, tell: Tell = silent) -> Key | None:
    """The key whose profile the sounding tones fit best; None where no tones sound."""
    chroma = _chroma(power_frames(resampled(sound, COARSE_RATE), KEY_FRAME, KEY_HOP, tell))
    if not chroma.std() > 0:
        return None
    fits = {
        f"{NAMES[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for tonic in range(12)
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
    }
    best = max(fits, key=lambda name: fits[name])
    return Key(best, max(0.0, fits[best]))


def _chroma(blocks: Iterable[Powers]) -> Powers:
    chroma = np.zeros(12)
    for block in blocks:
        inner = block[:, 1:-1]
        peaks = (inner > block[:, :-2]) & (inner > block[:, 2:])
        pitches = np.arange(1, block.shape[1] - 1) * COARSE_RATE / KEY_FRAME
        usable = (pitches > 55) & (pitches < 2000)
        strength = (np.sqrt(inner) * peaks).sum(axis=0)[usable]
        notes = np.round(69 + 12 * np.log2(pitches[usable] / 440)).astype(int) % 12
        np.add.at(chroma, notes, strength)
    return chroma
