"""A recording cleaned: rumble, hum, noise, clicks, pops and hisses, then loud and quiet brought nearer."""

from __future__ import annotations

from .clicks import declicked
from .denoising import denoised
from .dynamics import narrowed
from .equalizing import equalized, softer_above, softer_below, without_rumble
from .hum import hum_lines, without_lines
from .noise import Noise, measure_noise, signal_to_noise
from .progress import Tell, part
from .sections import Section
from .sound import Sound
from .speech import Content
from .spots import blended, plosives, sibilants
from .wishes import CLICKS, CUTS, REDUCTIONS, Wishes

POP_END, HISS_START = 150.0, 4000.0  # Hz

INAUDIBLE = -75.0  # dB: noise under it is left as it is
CLEAN, STEEPNESS, LEAST = 46.0, 1.4, 6.0
"""`auto` takes 46 - 1.4 x SNR dB of noise away, 6 to 24: ours; all of it up to 15 dB SNR, little at 30."""


def cleaned(sound: Sound, wishes: Wishes, content: Content, tell: Tell) -> Sound:
    """The sound after everything that is wished for and needed; noise is measured before anything is done."""
    sound = _without_hum(sound, wishes, part(tell, 0, 0.2))
    sound = _without_noise(sound, wishes, content, part(tell, 0.2, 0.4))
    if wishes.click:
        sound = declicked(sound, CLICKS[wishes.click], part(tell, 0.4, 0.7))
    if wishes.plosive:
        gain = softer_below(POP_END, CUTS[wishes.plosive])
        sound = _repaired(sound, gain, plosives(content.spectrum, content.spoken), part(tell, 0.7, 0.8))
    if wishes.sibilance:
        gain = softer_above(HISS_START, CUTS[wishes.sibilance])
        sound = _repaired(sound, gain, sibilants(content.spectrum, content.spoken), part(tell, 0.8, 0.9))
    if wishes.dynamics:
        sound = narrowed(sound, wishes.dynamics, part(tell, 0.9, 1))
    return sound


def _without_hum(sound: Sound, wishes: Wishes, tell: Tell) -> Sound:
    lines = hum_lines(sound, part(tell, 0, 0.3)) if wishes.hum else []
    rumble = [without_rumble(wishes.rumble)] if wishes.rumble else []
    return without_lines(equalized(sound, rumble, part(tell, 0.3, 0.6)), lines, part(tell, 0.6, 1))


def _without_noise(sound: Sound, wishes: Wishes, content: Content, tell: Tell) -> Sound:
    noise = measure_noise(content.spectrum, content.busy)
    reduction = noise_reduction(wishes, content, noise)
    return denoised(sound, content.spectrum, noise, reduction, tell) if reduction else sound


def noise_reduction(wishes: Wishes, content: Content, noise: Noise) -> float:
    """How much noise to take away in dB: what the amount says or isolation asks, whichever is more."""
    if not noise.in_pauses or noise.level < INAUDIBLE:
        return 0.0
    isolation = wishes.isolation / 100 * REDUCTIONS["max"]
    if wishes.noise is None:
        return isolation
    clear = signal_to_noise(content.spectrum, content.busy, noise)
    automatic = min(max(CLEAN - STEEPNESS * clear, LEAST), REDUCTIONS["max"])
    return max(isolation, REDUCTIONS.get(wishes.noise, automatic))


def _repaired(sound: Sound, gain: str, spots: list[Section], tell: Tell) -> Sound:
    if not spots:
        return sound
    return blended(sound, equalized(sound, [gain], part(tell, 0, 0.5)), spots, part(tell, 0.5, 1))
