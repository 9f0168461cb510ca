"""Sounds next to each other: one switch, their waveforms, their loudness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dolbyio_nb.notebook.display.markup import Picture, tag
from dolbyio_nb.notebook.display.pictures import loudness, table
from dolbyio_nb.notebook.display.scales import value
from dolbyio_nb.notebook.display.sound import Sound, measure
from dolbyio_nb.notebook.display.switching import switch


def compared(paths: Sequence[Path], labels: Sequence[str], target: float | None = None) -> Picture:
    """Measure sounds and put them next to each other."""
    sounds = [measure(path) for path in paths]
    parts = switch(sounds, labels), table(sounds, labels), loudness(sounds, labels, target)
    return Picture(words(sounds, labels), tag("section", *parts))


def words(sounds: Sequence[Sound], labels: Sequence[str]) -> str:
    """Say in one line how loud each is."""
    return "; ".join(
        f"{label}: {value(s.loudness, 'LUFS')}, true peak {value(s.true_peak, 'dBTP')}"
        for s, label in zip(sounds, labels, strict=True)
    )
