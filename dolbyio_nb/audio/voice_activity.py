"""Voice activity and silence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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

RATE = 16_000  # Hz, the only one that the network knows
CHUNK, CONTEXT, REFLECTED = 512, 64, 64
"""Samples that get one probability, those before them that it sees too, and those mirrored behind them."""
WINDOW, HOP = 256, 128
AT_ONCE = 256  # chunks
STATES = 128
Weights = dict[str, Samples]


@cache
def weights() -> Weights:
    """The network's numbers by their names, from a file in the safetensors format."""
    data = files(__package__).joinpath("silero", "vad_16k.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    return {
        name: np.frombuffer(data[start:][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in json.loads(data[8:start]).items()
    }


class VoiceDetector:
    """Gives the probability of a voice for each 32 ms of sound at 16 kHz, one block after the other."""

    def __init__(self) -> None:
        self._cell = Cell.of(weights())
        self._held: Samples = np.zeros(CONTEXT, np.float32)

    def probabilities(self, mono: Iterable[Samples]) -> Iterator[Samples]:
        """For blocks of samples, shape (frames,); the last chunk is filled up with silence."""
        for block in mono:
            self._held = np.concatenate([self._held, block])
            while len(self._held) >= CONTEXT + AT_ONCE * CHUNK:
                yield self._take(AT_ONCE)
        left = -(-(len(self._held) - CONTEXT) // CHUNK)
        if left:
            self._held = np.pad(self._held, (0, left * CHUNK + CONTEXT - len(self._held)))
            yield self._take(left)

    def _take(self, chunks: int) -> Samples:
        seen, self._held = self._held[: CONTEXT + chunks * CHUNK], self._held[chunks * CHUNK :]
        windows = sliding_window_view(seen, CONTEXT + CHUNK)[::CHUNK]
        return self._cell.run(_features(windows, weights()))


def _features(chunks: Samples, w: Weights) -> Samples:
    """What the convolutions make of chunks, shape (chunks, `STATES`)."""
    padded = np.pad(chunks, ((0, 0), (0, REFLECTED)), mode="reflect")
    windows = sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    waves = windows @ w["stft_conv.weight"][:, 0].T
    half = waves.shape[2] // 2
    layer: Samples = np.sqrt(np.square(waves[..., :half]) + np.square(waves[..., half:]))
    for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
        layer = _convolved(layer, w[f"{name}.weight"], w[f"{name}.bias"], stride)
    return np.asarray(layer[:, 0])


def _convolved(layer: Samples, weight: Samples, bias: Samples, stride: int) -> Samples:
    """One layer over shape (chunks, steps, channels): each step with its two neighbours, nothing negative."""
    padded = np.pad(layer, ((0, 0), (1, 1), (0, 0)))
    near = sliding_window_view(padded, weight.shape[2], axis=1)[:, ::stride]
    flat = near.reshape(*near.shape[:2], -1)
    return np.asarray(np.maximum(flat @ weight.reshape(len(weight), -1).T + bias, 0))


@dataclass
class Cell:
    """The network's memory (LSTM) from chunk to chunk, and its verdict."""

    inward: Samples
    inner: Samples
    bias: Samples
    verdict: Samples
    offset: float
    hidden: Samples
    state: Samples

    @classmethod
    def of(cls, w: Weights) -> Cell:
        """A fresh one."""
        return cls(
            np.ascontiguousarray(w["lstm_cell.weight_ih"].T),
            np.ascontiguousarray(w["lstm_cell.weight_hh"].T),
            w["lstm_cell.bias_ih"] + w["lstm_cell.bias_hh"],
            w["final_conv.weight"][0, :, 0],
            float(w["final_conv.bias"][0]),
            np.zeros(STATES, np.float32),
            np.zeros(STATES, np.float32),
        )

    def run(self, features: Samples) -> Samples:
        """The probability for each chunk."""
        hidden = np.array([self._step(gates) for gates in features @ self.inward + self.bias])
        verdicts: Samples = np.maximum(hidden, 0) @ self.verdict + self.offset
        return _sigmoid(verdicts)

    def _step(self, gates: Samples) -> Samples:
        gates = gates + self.hidden @ self.inner
        taken, kept, _, shown = _sigmoid(gates.reshape(4, STATES))
        self.state = kept * self.state + taken * np.tanh(gates[2 * STATES : 3 * STATES])
        self.hidden = shown * np.tanh(self.state)
        return self.hidden


def _sigmoid(values: Samples) -> Samples:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))


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
    times = np.arange(len(powers)) * powers.hop
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
