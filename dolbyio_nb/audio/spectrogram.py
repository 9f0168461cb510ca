"""Spectrogram: power over frequency and time, in as many columns and rows as a picture shows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from dolbyio_nb.audio.decode import FileVersion, opened_sound, version_of
from dolbyio_nb.audio.loudness import power_decibels
from dolbyio_nb.audio.sound import Floats, Progress, no_progress
from dolbyio_nb.audio.spectrum import hann, transformed

COLUMNS, ROWS = 480, 128
FRAMES = 6
"""Windows looked at in each column at most: more of them take longer and look the same."""
WINDOW = 0.05
"""About how long a window is, in seconds."""
LOWEST = 40.0
"""The lower edge of the picture, in Hz: below the hum of the mains."""


def rate_of(path: Path) -> int:
    """Read a file's sampling rate in Hz."""
    with opened_sound(path) as track:
        return track.rate


def powers(path: Path, top: float, progress: Progress = no_progress) -> tuple[Floats, float]:
    """Give the power in dB, shape (columns, `ROWS` from `LOWEST` up to `top` Hz), and the seconds."""
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
    return np.geomspace(LOWEST, top, ROWS + 1).astype(np.float32)


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
