"""Spectrum of sound, and its bandwidth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.decode import FileVersion, opened_sound, version_of
from dolbyio_nb.audio.sound import (
    Floats,
    Mask,
    Progress,
    Samples,
    Sound,
    collect,
    no_progress,
    power_decibels,
    release,
)

Powers = NDArray[np.float64]
FRAME = 0.04  # seconds, to the nearest power of two samples
LOWEST = 65.0 / 1.5  # Hz
BAND = 1.5**0.5
"""Ratio of neighbouring bands: three and a half to the octave, about as finely as an ear parts noises."""
COARSE_RATE = 16_000
"""Hz; enough for tones, beats and speech."""
AT_ONCE = 1 << 20  # samples in the windows that are worked on together
BLOCK = 4096  # frames read together
MOST = 20_000  # frames that are enough for a median: nearly seven minutes
TINY = 1e-14
"""Mean square that stands for digital silence: -140 dB."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean squares, shape (frames, bands); band edges in Hz; seconds from frame to frame."""

    powers: Samples
    edges: Powers
    hop: float

    def __len__(self) -> int:
        return len(self.powers)

    @property
    def centres(self) -> Powers:
        return np.asarray(np.sqrt(self.edges[1:] * self.edges[:-1]))

    @property
    def widths(self) -> Powers:
        return np.diff(self.edges)

    @property
    def levels(self) -> Powers:
        """Level of every frame in dB relative to full scale, all bands together."""
        return to_decibels(self.totals)

    @cached_property
    def totals(self) -> Powers:
        """Mean square of every frame, all bands together."""
        return self._summed(np.ones(len(self.widths)))

    def between(self, low: float, high: float) -> Powers:
        """Mean square of every frame in the bands whose centres lie between two frequencies."""
        return self._summed(((self.centres >= low) & (self.centres < high)).astype(float))

    def _summed(self, weights: Powers) -> Powers:
        every = np.arange(len(self))
        parts = [
            self.frames_at(every[place : place + BLOCK]) @ weights for place in range(0, len(self), BLOCK)
        ]
        return np.concatenate(parts)

    def some(self, mask: Mask) -> Samples:
        """The frames that a mask chooses; where they are very many, evenly spread ones of them."""
        chosen = np.flatnonzero(mask)
        chosen = chosen[:: -(-len(chosen) // MOST) or 1]
        parts = np.array_split(chosen, -(-len(chosen) // BLOCK) or 1)
        return np.concatenate([self.frames_at(part) for part in parts])

    def frames_at(self, numbers: NDArray[np.integer[Any]]) -> Samples:
        """A copy of some frames, beyond either end the last one."""
        found: Samples = self.powers[np.clip(numbers, 0, len(self) - 1)]
        release(self.powers)
        return found


def to_decibels(power: Floats) -> Powers:
    return np.asarray(10 * np.log10(np.maximum(power, TINY)))


def spectrum(sound: Sound, progress: Progress = no_progress) -> Spectrum:
    """Frames of about 40 ms, half overlapping; bands sqrt(1.5) wide from 43 Hz up; channels averaged."""
    size = frame_size(sound.rate)
    edges = _edges(sound.rate)
    weights = _weights(edges, size, sound.rate)
    powers = (
        (block @ weights).astype(np.float32) for block in power_frames(sound, size, size // 2, progress)
    )
    stored = collect(powers, sound.rate, weights.shape[1])
    return Spectrum(stored.samples, edges, size / 2 / sound.rate)


def frame_size(rate: int) -> int:
    return int(2 ** round(np.log2(FRAME * rate)))


def power_frames(sound: Sound, size: int, hop: int, progress: Progress = no_progress) -> Iterator[Powers]:
    """Power spectra, shape (frames, bins), whose sum over bins is the mean square of the frame."""
    window = hann(size)
    scale = 2 / (size * float((window**2).sum()))
    count = max(1, 1 + (sound.frames - size) // hop)
    at_once = max(1, AT_ONCE // size)
    for first in range(0, count, at_once):
        last = min(count, first + at_once)
        block = sound.samples[first * hop : (last - 1) * hop + size]
        yield scale * _channel_average(_padded(block, size), size, hop, window)
        sound.release()
        progress(last / count)


def hann(size: int) -> Samples:
    """The window that every spectrum here is taken through."""
    return np.hanning(size).astype(np.float32)


def transformed(windows: Floats, shape: Samples) -> Floats:
    """The squared magnitudes of windows of samples, shape (windows, bins)."""
    return np.asarray(np.abs(np.fft.rfft(windows * shape)) ** 2)


def _padded(block: Samples, size: int) -> Samples:
    missing = max(0, size - len(block))
    return np.pad(block, ((0, missing), (0, 0)))


def _channel_average(block: Samples, size: int, hop: int, window: Samples) -> Powers:
    views = np.lib.stride_tricks.sliding_window_view(block, size, axis=0)[::hop]
    power: Powers = np.zeros((len(views), size // 2 + 1))
    for channel in range(block.shape[1]):
        power += transformed(views[:, channel], window)
    power /= block.shape[1]
    return power


def _edges(rate: int) -> Powers:
    count = int(np.floor(np.log(rate / 2 / LOWEST) / np.log(BAND)))
    edges = np.asarray(LOWEST * BAND ** np.arange(count + 1), np.float64)
    return np.append(edges, rate / 2) if edges[-1] * 1.1 < rate / 2 else edges


def _weights(edges: Powers, size: int, rate: int) -> Powers:
    """How much of each bin belongs to each band, shape (bins, bands)."""
    step = rate / size
    low = (np.arange(size // 2 + 1)[:, None] - 0.5) * step
    overlap = np.minimum(low + step, edges[1:]) - np.maximum(low, edges[:-1])
    return np.asarray(np.clip(overlap / step, 0, 1))


UNDER_PEAK = 65.0
"""dB under the strongest frequency that still count: a telephone call ends at 3.4 kHz by it."""


def bandwidth(sound: Sound, progress: Progress = no_progress) -> int:
    """The highest frequency in Hz whose mean power is within 65 dB of the strongest."""
    size = frame_size(sound.rate)
    total, count = np.zeros(size // 2 + 1), 0
    for block in power_frames(sound, size, size, progress):
        total += block.sum(axis=0)
        count += len(block)
    levels = to_decibels(total / count)
    heard = np.flatnonzero(levels > max(levels.max() - UNDER_PEAK, -120.0))
    return round(int(heard[-1]) * sound.rate / size) if len(heard) else 0


COLUMNS, ROWS = 480, 128
FRAMES = 6
"""Windows looked at in each column at most: more of them take longer and look the same."""
WINDOW = 0.05
"""About how long a window is, in seconds."""
LOWEST_SHOWN = 40.0
"""The lower edge of the picture, in Hz: below the hum of the mains."""


def rate_of(path: Path) -> int:
    """Read a file's sampling rate in Hz."""
    with opened_sound(path) as track:
        return track.rate


def powers(path: Path, top: float, progress: Progress = no_progress) -> tuple[Floats, float]:
    """Give the power in dB, shape (columns, `ROWS` from `LOWEST_SHOWN` up to `top` Hz), and the seconds."""
    return _powers(version_of(path, progress), top)


@lru_cache(maxsize=16)
def _powers(file: FileVersion, top: float) -> tuple[Floats, float]:
    with opened_sound(file.path) as track:
        analyser = Analyser(track.rate, top, track.seconds)
        for second in track.by_second(file.progress):
            analyser.take(second.mean(axis=1))
        return analyser.columns(), analyser.frames / track.rate


class Analyser:
    """Takes the spectrum of one window after the other, `hop` frames apart."""

    def __init__(self, rate: int, top: float, seconds: float) -> None:
        self.size = 2 ** round(math.log2(WINDOW * rate))
        self.hop = max(self.size // 4, math.ceil(seconds * rate / (COLUMNS * FRAMES)))
        self.frames = 0
        self._window = hann(self.size)
        self._bands = _bands(rate, self.size, top)
        self._held: Floats = np.zeros(0, np.float32)
        self._next = 0
        self._found: list[Floats] = []

    def take(self, mono: Floats) -> None:
        """Look at the samples that come next."""
        start = self.frames - len(self._held)
        held = np.concatenate([self._held, mono])
        self.frames += len(mono)
        places = np.arange(self._next, start + len(held) - self.size + 1, self.hop)
        if len(places):
            self._look(held[(places - start)[:, None] + np.arange(self.size)])
            self._next = int(places[-1]) + self.hop
        self._held = held[min(len(held), max(0, self._next - start)) :]

    def columns(self) -> Floats:
        """Give the mean power of each column, in dB."""
        if not self._found:
            self._look(np.pad(self._held, (0, self.size - len(self._held)))[None])
        found = np.concatenate(self._found)
        edges = np.unique(np.linspace(0, len(found), min(COLUMNS, len(found)), endpoint=False).astype(int))
        sums = np.add.reduceat(found, edges, axis=0)
        levels: Floats = power_decibels(sums / np.diff(np.append(edges, len(found)))[:, None])
        return levels

    def _look(self, windows: Floats) -> None:
        bands = (transformed(windows, self._window) @ self._bands).astype(np.float32)
        self._found.append(bands * (2 / self._window.sum()) ** 2)


def row_edges(top: float) -> Floats:
    """Give the frequencies between the rows, evenly spaced in octaves."""
    return np.geomspace(LOWEST_SHOWN, top, ROWS + 1).astype(np.float32)


def _bands(rate: int, size: int, top: float) -> Floats:
    """Weigh the bins for each row: the mean of those inside, or a mix of the two nearest."""
    bins = np.fft.rfftfreq(size, 1 / rate)
    edges = row_edges(top)
    weights = np.zeros((len(bins), ROWS), np.float32)
    for index, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((bins >= low) & (bins < high))
        if len(inside):
            weights[inside, index] = 1 / len(inside)
        elif high < rate / 2:
            weights[:, index] = np.maximum(0, 1 - np.abs(bins - (low + high) / 2) / bins[1])
    return weights


def loudest(pictures: Iterable[Floats]) -> float:
    """Find the loudest point, in dB."""
    return max(float(one.max()) for one in pictures)
