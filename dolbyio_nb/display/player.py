"""Player of one sound or two with a switch, and where a browser gets a sound from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dolbyio_nb._util.place import current_place
from dolbyio_nb.display.axis import clock, row, time_scale, time_ticks, value
from dolbyio_nb.display.card_parts import told
from dolbyio_nb.display.html import Html, Picture, join, tag
from dolbyio_nb.display.svg import Span
from dolbyio_nb.errors import MissingPackage

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Sound


def element(path: Path, label: str) -> Html:
    """Write the browser's own player for a file, with a word on what is heard where that is not the file."""
    found = address(path)
    if not found.url:
        return tag("p", found.note, class_="note")
    moving = path.suffix.lower() in MOVING and not found.url.startswith("data:")
    name = "video" if moving else "audio"
    player = tag(name, controls=True, preload="metadata", src=found.url, aria_label=f"{label}: {path.name}")
    return tag("div", player, tag("span", found.note, class_="note") if found.note else None, class_="sound")


def labels_for(paths: Sequence[Path], labels: Sequence[str] | None) -> list[str]:
    """Take the labels that were given, or call the sounds after their files."""
    if labels is not None:
        if len(labels) != len(paths):
            raise ValueError(f"{len(paths)} sounds need {len(paths)} labels, not {len(labels)}")
        return list(labels)
    return [path.stem for path in paths]


LONG = 900
"""Seconds. What is longer is measured and drawn only when asked for: a cell's last line should not wait."""


def listening(path: Path | None, marked: Span | None = None, what: str = "") -> Html | None:
    """Write a player for a file, and its waveform when it is not long."""
    if path is None or not path.is_file():
        return None
    return told(lambda: _heard(path, marked, what))


def side_by_side(paths: Sequence[Path], labels: Sequence[str]) -> Picture:
    """Compare files; of long ones, and without av and numpy, give the players alone."""
    from_hand = f"display.compare({', '.join(repr(path.name) for path in paths)})"
    if not measures():
        return _players(paths, labels, "Waveforms and loudness need: pip install 'dolbyio_nb[sandbox]'")
    if any(_length(path) > LONG for path in paths):
        return _players(paths, labels, f"It is long; {from_hand} measures and draws all of it.")

    return compared(paths, labels)


def measures() -> bool:
    """Tell whether sound can be read here."""
    return all(find_spec(name) for name in ("av", "numpy"))


def _players(paths: Sequence[Path], labels: Sequence[str], note: str) -> Picture:
    lanes = (
        tag("div", tag("strong", label), element(p, label)) for p, label in zip(paths, labels, strict=True)
    )
    return Picture(note, tag("section", *lanes, tag("p", note, class_="note")))


def _length(path: Path) -> float:
    from dolbyio_nb.audio.decode_display import length_of, opened

    with opened(path) as container:
        return length_of(container)


def _heard(path: Path, marked: Span | None, what: str) -> Html:
    if not measures() or _length(path) > LONG:
        return element(path, "Original")
    from dolbyio_nb.audio.measure import measure

    note = f"Marked: {what}, {clock(marked[0])} to {clock(marked[1])}." if marked else None
    return join(
        switch([measure(path)], ["Original"], marked), tag("p", note, class_="note") if note else None
    )


def compared(paths: Sequence[Path], labels: Sequence[str], target: float | None = None) -> Picture:
    """Measure sounds and put them next to each other."""
    from dolbyio_nb.audio.measure import measure
    from dolbyio_nb.display.plots import loudness, table

    sounds = [measure(path) for path in paths]
    parts = switch(sounds, labels), table(sounds, labels), loudness(sounds, labels, target)
    return Picture(words(sounds, labels), tag("section", *parts))


def words(sounds: Sequence[Sound], labels: Sequence[str]) -> str:
    """Say in one line how loud each is."""
    return "; ".join(
        f"{label}: {value(s.loudness, 'LUFS')}, true peak {value(s.true_peak, 'dBTP')}"
        for s, label in zip(sounds, labels, strict=True)
    )


def switch(sounds: Sequence[Sound], labels: Sequence[str], marked: Span | None = None) -> Html:
    """Write a player for each sound below its waveform, all on one scale, with a stretch marked.

    Without the script they stay players of their own.
    """
    from dolbyio_nb.display.plots import amplitudes, named, scale_of, waveform

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


PLAYABLE = {".wav", ".mp3", ".flac", ".m4a", ".aac", ".ogg", ".opus", ".oga", ".mp4", ".m4v", ".webm", ".mov"}
MOVING = {".mp4", ".m4v", ".webm", ".mov"}
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}


@dataclass(frozen=True)
class Address:
    """What goes into `src`, empty when nothing can; and what to say about it."""

    url: str
    note: str = ""


def address(path: Path) -> Address:
    """Point at a file beside the notebook; embed a preview of one that a browser cannot reach or play."""
    if path.suffix.lower() in PLAYABLE and (near := beside(path)):
        return Address(near)
    why = "its folder is not below the notebook's" if path.suffix.lower() in PLAYABLE else "its format is not"
    try:
        from dolbyio_nb.display.preview import SECONDS, preview
    except ImportError:
        return Address("", f"It cannot be played here: {why}.")
    url, whole = preview(path)
    part = "The whole sound" if whole else f"The first {SECONDS} seconds"
    return Address(url, f"{part} as a small preview of low quality, since {why}.")


def beside(path: Path) -> str | None:
    """Give the relative URL of a file, or None when the notebook's server would not give it out."""
    folder = current_place().folder()
    if folder is None:
        return None
    try:
        parts = path.resolve().relative_to(folder).parts
    except ValueError:
        return None
    return None if any(part.startswith(".") for part in parts) else "./" + quote("/".join(parts))


def needs_sound(what: str) -> MissingPackage:
    """Say what is missing where sound would have to be read."""
    return MissingPackage(
        f"{what} needs av and numpy, which are not installed.",
        "They read the sound and measure it.",
        "Install them with: pip install 'dolbyio_nb[sandbox]'",
    )
