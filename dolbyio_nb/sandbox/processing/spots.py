"""Short faults in speech, popping and hissing: where they are, and a repair that touches nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .progress import Tell, silent, told
from .sections import Mask, Section, sections
from .sound import Samples, Sound, collect
from .spectrum import Spectrum, to_decibels

FADE = 0.015  # seconds from untouched to repaired

POP_UNDER_PROGRAMME = -8.0  # dB relative to the mean level while the voice speaks
POP_OVER_VOICE = 3.0  # dB over the voice's own bands
HISS_UNDER_PROGRAMME = -4.0  # dB relative to the mean level while the voice speaks
HISS_OVER_VOICE = 3.0  # dB over the voice's own bands


def plosives(spectrum: Spectrum, speech: Mask) -> list[Section]:
    """Where a breath hits the microphone: a low thump near the programme's level."""
    if not speech.any():
        return []
    low, voice = (to_decibels(spectrum.between(*band)) for band in ((40, 130), (200, 2000)))
    loud = low > _programme(spectrum, speech) + POP_UNDER_PROGRAMME
    return _spots(spectrum, loud & (low > voice + POP_OVER_VOICE))


def sibilants(spectrum: Spectrum, speech: Mask) -> list[Section]:
    """Where an s is as loud as the voice itself: high bands near the programme's level."""
    if not speech.any():
        return []
    high, voice = (to_decibels(spectrum.between(*band)) for band in ((4000, 11000), (200, 3000)))
    loud = high > _programme(spectrum, speech) + HISS_UNDER_PROGRAMME
    return _spots(spectrum, loud & (high > voice + HISS_OVER_VOICE))


def _programme(spectrum: Spectrum, speech: Mask) -> float:
    return float(to_decibels(spectrum.powers[speech].sum(axis=1).mean()))


def _spots(spectrum: Spectrum, mask: Mask) -> list[Section]:
    seconds = (len(mask) + 1) * spectrum.hop
    found = sections(mask, spectrum.hop, seconds, bridged=4 * FADE)
    return [Section(s.start, s.end + spectrum.hop) for s in found]  # a frame is two hops long


def blended(dry: Sound, wet: Sound, spots: list[Section], tell: Tell = silent) -> Sound:
    """`dry`, and within the spots `wet`, with short fades between them."""
    return collect(_blend(dry, wet, spots, tell), dry.rate, dry.channels) if spots else dry


def _blend(dry: Sound, wet: Sound, spots: list[Section], tell: Tell) -> Iterator[Samples]:
    edges = [(s.start - FADE, s.start, s.end, s.end + FADE) for s in spots]
    times = np.array(edges).ravel()
    amounts = np.tile([0.0, 1.0, 1.0, 0.0], len(edges))
    position = 0
    for block in told(dry, tell):
        span = np.arange(position, position + len(block))
        amount = np.interp(span / dry.rate, times, amounts).astype(np.float32)[:, None]
        yield block + amount * (wet.samples[position : position + len(block)] - block)
        position += len(block)
