"""Where somebody speaks: what stands out of the noise and is not music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .music import music_sections
from .noise import foreground
from .progress import Tell, part, silent
from .sections import Mask, Section, sections
from .sound import Sound
from .spectrum import Spectrum, spectrum

SHORTEST = 0.1  # seconds
BRIDGED = 0.35  # seconds: the pauses inside a sentence


@dataclass(frozen=True, eq=False)
class Content:
    """What a sound is made of: guesses, since nothing here understands what it hears."""

    spectrum: Spectrum
    busy: Mask
    spoken: Mask
    speech: list[Section]
    music: list[Section]


def listen(sound: Sound, tell: Tell = silent) -> Content:
    """Tell speech, music and pauses apart."""
    powers = spectrum(sound, part(tell, 0, 0.5))
    music = music_sections(sound, part(tell, 0.5, 1))
    busy = foreground(powers)
    spoken = busy & ~_inside(music, powers)
    found = sections(spoken, powers.hop, sound.seconds, SHORTEST, BRIDGED)
    return Content(powers, busy, spoken, found, music)


def _inside(found: list[Section], powers: Spectrum) -> Mask:
    times = np.arange(len(powers.powers)) * powers.hop
    inside = np.zeros(len(times), bool)
    for section in found:
        inside |= (times >= section.start) & (times < section.end)
    return inside
