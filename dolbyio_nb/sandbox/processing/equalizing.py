"""Curves over pitch, as settings of FFmpeg's linear-phase equalizer: it bends no wave, only its strength."""

from __future__ import annotations

from collections.abc import Sequence

from .filters import filtered
from .progress import Tell, silent
from .sound import Sound

LENGTH = 0.05
"""Of the filter to either side, in seconds: enough for slopes of 20 Hz."""

CUT = -60.0  # dB


def without_rumble(frequency: float) -> str:
    """The gain in dB, as FFmpeg's expression over `f` in Hz, that takes away all below a frequency."""
    return f"{CUT}*lt(f,{frequency:g})"


def softer_below(frequency: float, cut: float) -> str:
    """The gain that lowers all below a frequency by `cut` dB."""
    return f"-{cut:g}*lt(f,{frequency:g})"


def softer_above(frequency: float, cut: float) -> str:
    """The gain that lowers all above a frequency by `cut` dB."""
    return f"-{cut:g}*gte(f,{frequency:g})"


def low_shelf(frequency: float, gain: float) -> str:
    """The gain that comes to `gain` dB far below a frequency, to half of it there, to none far above."""
    return f"({gain:g})/(1+pow(f/{frequency:g},2))"


def high_shelf(frequency: float, gain: float) -> str:
    """The same the other way round: `gain` dB far above."""
    return f"({gain:g})*(1-1/(1+pow(f/{frequency:g},2)))"


def equalized(sound: Sound, gains: Sequence[str], tell: Tell = silent) -> Sound:
    """The sound with all the gains added up; as it is where there are none."""
    if not gains:
        return sound
    equalizer = ("firequalizer", f"gain='{'+'.join(gains)}':delay={LENGTH}:accuracy=1:zero_phase=on")
    return filtered(sound, equalizer, delay=round(LENGTH * sound.rate), tell=tell)
