"""Voice activity and silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dolbyio_nb.audio.denoise import foreground
from dolbyio_nb.audio.music import music_sections
from dolbyio_nb.audio.sound import Interval, Mask, Progress, Samples, Sound, intervals, no_progress, stage
from dolbyio_nb.audio.spectrum import Spectrum, spectrum

SHORTEST = 0.1  # seconds
BRIDGED = 0.35  # seconds: the pauses inside a sentence


@dataclass(frozen=True, eq=False)
class Activity:
    """What a sound is made of: guesses, since nothing here understands what it hears."""

    spectrum: Spectrum
    busy: Mask
    spoken: Mask
    speech: list[Interval]
    music: list[Interval]


def listen(sound: Sound, progress: Progress = no_progress) -> Activity:
    """Tell speech, music and pauses apart."""
    powers = spectrum(sound, stage(progress, 0, 0.5))
    music = music_sections(sound, stage(progress, 0.5, 1))
    busy = foreground(powers)
    spoken = busy & ~_inside(music, powers)
    found = intervals(spoken, powers.hop, sound.seconds, SHORTEST, BRIDGED)
    return Activity(powers, busy, spoken, found, music)


def _inside(found: list[Interval], powers: Spectrum) -> Mask:
    times = np.arange(len(powers.powers)) * powers.hop
    inside = np.zeros(len(times), bool)
    for section in found:
        inside |= (times >= section.start) & (times < section.end)
    return inside


THRESHOLD = -60.0  # dB relative to full scale
DURATION = 0.5  # seconds that make a silence
FRAME = 0.01  # seconds


@dataclass(frozen=True)
class Silence:
    """The silences, and the channels (counted from 0) that are silent from beginning to end."""

    sections: list[Interval]
    channels: list[int]
    seconds: float

    @property
    def at_beginning(self) -> float:
        return next((s.duration for s in self.sections if s.start == 0), 0.0)

    @property
    def at_end(self) -> float:
        return next((s.duration for s in self.sections if self.seconds - s.end < FRAME), 0.0)


def find_silence(sound: Sound, threshold: float = THRESHOLD, duration: float = DURATION) -> Silence:
    """Stretches at least `duration` seconds long in which no sample exceeds `threshold` dB."""
    size = max(1, round(FRAME * sound.rate))
    peaks = np.concatenate([_frame_peaks(block, size) for block in sound.blocks(size * 512)])
    quiet = peaks < 10 ** (threshold / 20)
    found = intervals(np.asarray(quiet.all(axis=1)), size / sound.rate, sound.seconds, shortest=duration)
    return Silence(found, [int(channel) for channel in np.flatnonzero(quiet.all(axis=0))], sound.seconds)


def _frame_peaks(block: Samples, size: int) -> Samples:
    return np.maximum.reduceat(np.abs(block), np.arange(0, len(block), size), axis=0)
