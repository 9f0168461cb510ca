"""Voice activity and silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dolbyio_nb.audio.denoise import foreground
from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.music import music_sections
from dolbyio_nb.audio.sound import (
    Interval,
    Mask,
    Progress,
    Samples,
    Sound,
    intervals,
    no_progress,
    stage,
    tracked,
)
from dolbyio_nb.audio.spectrum import COARSE_RATE, Spectrum, spectrum
from dolbyio_nb.audio.voice_model import CHUNK, RATE, VoiceDetector

SHORTEST = 0.1  # seconds
BRIDGED = 0.3  # seconds: the pauses inside a sentence
LIKELY = 0.5  # probability
OUT_OF_PHASE = 0.01
"""Of the channels' power: where less is left in their sum, they cancel out, and the first one is heard."""


@dataclass(frozen=True, eq=False)
class Activity:
    """What a sound is made of; `busy` is where anything stands out, `spoken` where a voice is, by frames."""

    spectrum: Spectrum
    busy: Mask
    spoken: Mask
    speech: list[Interval]
    music: list[Interval]


def listen(sound: Sound, progress: Progress = no_progress) -> Activity:
    """Tell speech, music and the rest apart."""
    powers = spectrum(sound, stage(progress, 0, 0.4))
    coarse = resampled(sound, COARSE_RATE, stage(progress, 0.4, 0.5))
    voiced = voice_probability(coarse, stage(progress, 0.5, 0.8)) > LIKELY
    found = intervals(voiced, CHUNK / RATE, sound.seconds, SHORTEST, BRIDGED)
    music = music_sections(coarse, found, stage(progress, 0.8, 1))
    return Activity(powers, foreground(powers), _inside(found, powers), found, music)


def voice_probability(coarse: Sound, progress: Progress = no_progress) -> Samples:
    """How likely a voice is, for every 32 ms of a sound at 16 kHz."""
    mono = (_heard(block) for block in tracked(coarse, progress))
    return np.concatenate([*VoiceDetector().probabilities(mono), np.zeros(0, np.float32)])


def _heard(block: Samples) -> Samples:
    mixed: Samples = block.sum(axis=1) / np.float32(np.sqrt(block.shape[1]))
    cancelled = np.square(mixed).mean() < OUT_OF_PHASE * np.square(block).mean()
    return block[:, 0] if cancelled else mixed


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
