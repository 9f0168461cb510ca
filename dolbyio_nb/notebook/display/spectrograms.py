"""Pictures of how the energy of sounds spreads over frequency and time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from dolbyio_nb.notebook.display.heat import heat
from dolbyio_nb.notebook.display.markup import Picture, tag
from dolbyio_nb.notebook.display.plots import figure, row, time_scale
from dolbyio_nb.notebook.display.scales import Tick, clock, time_ticks
from dolbyio_nb.notebook.display.spectrum import LOWEST, loudest, powers, rate_of

RANGE = 80.0
"""From the loudest spot down to black, in dB."""

MARKS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def spectrograms(files: Sequence[Path], labels: Sequence[str]) -> Picture:
    """Draw spectrograms below each other; the loudest spot of all is white."""
    top = max(rate_of(file) for file in files) / 2
    found = [powers(file, top) for file in files]
    high, seconds = loudest(levels for levels, _ in found), max(length for _, length in found)
    rows = []
    for file, label, (levels, length) in zip(files, labels, found, strict=True):
        alt = f"Spectrogram of {file.name}: {clock(length, 1)}, up to {top:.0f} Hz"
        picture = heat(levels, high - RANGE, high, alt, 170, length / seconds)
        rows.append(row(label, picture, pitches(top)))
    note = f"frequency in Hz; from white, the loudest, {RANGE:.0f} dB down to black"
    body = figure("Spectrogram", *rows, time_scale(time_ticks(seconds)), note=note)
    return Picture(f"Spectrogram of {', '.join(file.name for file in files)}", tag("section", body))


def pitches(top: float) -> list[Tick]:
    """Mark round frequencies on a scale of octaves."""
    octaves = math.log(top / LOWEST)
    marks = [mark for mark in MARKS if LOWEST <= mark <= top * 0.97]
    return [
        (math.log(top / mark) / octaves, f"{mark // 1000}k" if mark >= 1000 else str(mark)) for mark in marks
    ]
