"""Noise taken away by FFmpeg's `afftdn`, told what was measured in the pauses."""

from __future__ import annotations

import numpy as np

from .filters import Filter, filtered
from .noise import Noise
from .progress import Tell, silent
from .sound import Sound
from .spectrum import Powers, Spectrum, to_decibels

BANDS = 15
FIRST = 2  # the spectrum begins two of its bands below the first of the filter's
LOUDEST, FAINTEST, SPREAD = -20.0, -80.0, 24.0
"""The range in dB that the filter takes, and how far a band may stand from the mean."""


def denoised(sound: Sound, spectrum: Spectrum, noise: Noise, reduction: float, tell: Tell = silent) -> Sound:
    """The sound with its noise up to `reduction` dB lower."""
    filter_ = _filter(_profile(spectrum, noise, sound.rate), reduction)
    return filtered(sound, filter_, delay=sound.rate // 40, tell=tell)


def _profile(spectrum: Spectrum, noise: Noise, rate: int) -> Powers:
    """For each of the filter's bands, the level in dB of the white noise that would be as dense there."""
    density = noise.powers / spectrum.widths * rate / 2
    pairs = density[FIRST : FIRST + 2 * BANDS]
    bands = [pairs[first : first + 2].mean() for first in range(0, len(pairs), 2)]
    return to_decibels(np.pad(np.array(bands), (0, BANDS - len(bands)), mode="edge"))


def _filter(profile: Powers, reduction: float) -> Filter:
    level = float(np.clip(profile.mean(), FAINTEST, LOUDEST))
    bands = "|".join(f"{band:.1f}" for band in np.clip(profile - level, -SPREAD, SPREAD))
    return "afftdn", f"nr={reduction:.1f}:nf={level:.1f}:nt=custom:bn={bands}"
