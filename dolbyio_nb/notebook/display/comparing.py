"""Sounds next to each other: one switch, their waveforms, their loudness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dolbyio_nb.notebook.display.markup import Html, Picture, join, tag
from dolbyio_nb.notebook.display.outlines import scale_of
from dolbyio_nb.notebook.display.pictures import amplitudes, loudness, named, table, waveform
from dolbyio_nb.notebook.display.players import element
from dolbyio_nb.notebook.display.plots import row, time_scale
from dolbyio_nb.notebook.display.scales import time_ticks, value
from dolbyio_nb.notebook.display.sound import Sound, measure


def compared(paths: Sequence[Path], labels: Sequence[str], target: float | None = None) -> Picture:
    """Measure sounds and put them next to each other."""
    sounds = [measure(path) for path in paths]
    body = tag(
        "section",
        switch(sounds, labels),
        table(sounds, labels),
        loudness(sounds, labels, target),
    )
    return Picture(words(sounds, labels), body)


def switch(sounds: Sequence[Sound], labels: Sequence[str]) -> Html:
    """Write a player for each sound beside its waveform; the page's script makes them one with a switch."""
    scale, seconds = scale_of(list(sounds)), max(sound.seconds for sound in sounds)
    lanes = [
        _lane(sound, label, i, scale, seconds)
        for i, (sound, label) in enumerate(zip(sounds, labels, strict=True))
    ]
    first = [sound.loudness for sound in sounds if sound.loudness is not None]
    gains = [0.0 if s.loudness is None else min(first) - s.loudness for s in sounds]
    inner = tag(
        "div",
        *(
            tag("div", lane, class_="lane", data_gain=f"{gain:.2f}")
            for lane, gain in zip(lanes, gains, strict=True)
        ),
        class_="lanes",
    )
    body = join(inner, time_scale(time_ticks(seconds)))
    return tag("div", body, data_dolby_switch="", data_seconds=f"{seconds:.3f}")


def _lane(sound: Sound, label: str, index: int, scale: float, seconds: float) -> Html:
    picture = waveform(sound, index, scale, seconds)
    player = element(sound.path, label)
    return join(row(named(label, index), picture, amplitudes(scale)), player)


def words(sounds: Sequence[Sound], labels: Sequence[str]) -> str:
    """Say in one line how loud each is."""
    return "; ".join(
        f"{label}: {value(s.loudness, 'LUFS')}, true peak {value(s.true_peak, 'dBTP')}"
        for s, label in zip(sounds, labels, strict=True)
    )
