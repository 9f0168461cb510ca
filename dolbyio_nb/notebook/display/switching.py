"""Players with waveforms, which the page's script turns into one player with a switch."""

from __future__ import annotations

from collections.abc import Sequence

from dolbyio_nb.notebook.display.markup import Html, join, tag
from dolbyio_nb.notebook.display.outlines import scale_of
from dolbyio_nb.notebook.display.pictures import amplitudes, named, waveform
from dolbyio_nb.notebook.display.players import element
from dolbyio_nb.notebook.display.plots import row, time_scale
from dolbyio_nb.notebook.display.scales import time_ticks
from dolbyio_nb.notebook.display.shapes import Span
from dolbyio_nb.notebook.display.sound import Sound


def switch(sounds: Sequence[Sound], labels: Sequence[str], marked: Span | None = None) -> Html:
    """Write a player for each sound below its waveform, all on one scale, with a stretch marked.

    Without the script they stay players of their own.
    """
    scale, seconds = scale_of(sounds), max(sound.seconds for sound in sounds)
    each = zip(sounds, labels, equal_loudness(sounds), strict=True)
    lanes = [
        tag(
            "div",
            row(named(label, i), waveform(sound, i, scale, seconds, marked), amplitudes(scale)),
            element(sound.path, label),
            class_="lane",
            data_gain=f"{gain:.2f}",
        )
        for i, (sound, label, gain) in enumerate(each)
    ]
    body = join(tag("div", *lanes, class_="lanes"), time_scale(time_ticks(seconds)))
    return tag("div", body, data_dolby_switch="", data_seconds=f"{seconds:.3f}")


def equal_loudness(sounds: Sequence[Sound]) -> list[float]:
    """Tell by how many dB each sound has to change to be as loud as the quietest."""
    known = [sound.loudness for sound in sounds if sound.loudness is not None]
    return [min(known) - sound.loudness if sound.loudness is not None else 0.0 for sound in sounds]
