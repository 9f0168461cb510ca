"""Sounds put one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .filters import resampled
from .progress import Tell, silent, told
from .sound import Sound, collect


def stitched(sounds: Sequence[Sound]) -> Sound:
    """The sounds in order, at the first one's rate; stereo if any of them is."""
    first, *others = sounds
    if not others:
        return first
    channels = max(sound.channels for sound in sounds)
    alike = [with_channels(resampled(sound, first.rate), channels) for sound in sounds]
    blocks = (block for sound in alike for block in sound.blocks())
    return collect(blocks, first.rate, channels)


def with_channels(sound: Sound, channels: int, tell: Tell = silent) -> Sound:
    """One channel doubled, or two averaged, if need be."""
    if sound.channels == channels:
        return sound
    if channels == 2:
        blocks = (np.repeat(block, 2, axis=1) for block in told(sound, tell))
    else:
        blocks = (block.mean(axis=1, keepdims=True) for block in told(sound, tell))
    return collect(blocks, sound.rate, channels)
