"""Player of one sound, or of several with a switch, and where a browser gets a sound from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dolbyio_nb._util.place import current_place
from dolbyio_nb.display.card_parts import or_error
from dolbyio_nb.display.markup import (
    Html,
    Picture,
    Span,
    clock,
    join,
    row,
    tag,
    time_scale,
    time_ticks,
    value,
)
from dolbyio_nb.display.preview import measured, seconds_of_file
from dolbyio_nb.errors import MissingPackage

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement

PLAYABLE = {".wav", ".mp3", ".flac", ".m4a", ".aac", ".ogg", ".opus", ".oga", ".mp4", ".m4v", ".webm", ".mov"}
MOVING = {".mp4", ".m4v", ".webm", ".mov"}
LONG = 900
"""Seconds. What is longer is measured and drawn only when asked for: a cell's last line should not wait."""
EMBED_SETTING = "DOLBYIO_EMBED"
_embed: ContextVar[bool | None] = ContextVar("embed", default=None)


@contextmanager
def embedding(choice: bool | None) -> Iterator[None]:
    """Put sound into the pages made in this block, or not; None leaves it to the setting DOLBYIO_EMBED."""
    token = _embed.set(choice)
    try:
        yield
    finally:
        _embed.reset(token)


def is_embedding() -> bool:
    """Tell whether sound goes into the page even where its file could be reached."""
    choice = _embed.get()
    return os.environ.get(EMBED_SETTING, "") in ("1", "true", "yes") if choice is None else choice


def file_player(path: Path | None, marked: Span | None = None, what: str = "") -> Html | None:
    """Write a player for a file, and its waveform when it is not long."""
    if path is None or not path.is_file():
        return None
    return or_error(lambda: _file_player(path, marked, what))


def _file_player(path: Path, marked: Span | None, what: str) -> Html:
    if not can_read_sound() or seconds_of_file(path) > LONG:
        return element(path, "Original")

    note = f"Marked: {what}, {clock(marked[0])} to {clock(marked[1])}." if marked else None
    return join(
        switch([measured(path)], ["Original"], marked), tag("p", note, class_="note") if note else None
    )


def before_after(paths: Sequence[Path], labels: Sequence[str]) -> Picture:
    """Compare files; of long ones, and without av and numpy, give the players alone."""
    if not can_read_sound():
        return _players_alone(paths, labels, "Waveforms and loudness need: pip install 'dolbyio_nb[sandbox]'")
    if any(seconds_of_file(path) > LONG for path in paths):
        call = f"display.compare({', '.join(repr(path.name) for path in paths)})"
        return _players_alone(paths, labels, f"It is long; {call} measures and draws all of it.")
    return comparison(paths, labels)


def comparison(paths: Sequence[Path], labels: Sequence[str], target: float | None = None) -> Picture:
    """Measure sounds and put them next to each other."""
    from dolbyio_nb.display.plots import loudness, table

    sounds = [measured(path) for path in paths]
    parts = switch(sounds, labels), table(sounds, labels), loudness(sounds, labels, target)
    return Picture(loudness_words(sounds, labels), tag("section", *parts))


def loudness_words(sounds: Sequence[Measurement], labels: Sequence[str]) -> str:
    """Say in one line how loud each is."""
    return "; ".join(
        f"{label}: {value(s.loudness, 'LUFS')}, true peak {value(s.true_peak, 'dBTP')}"
        for s, label in zip(sounds, labels, strict=True)
    )


def labels_for(paths: Sequence[Path], labels: Sequence[str] | None) -> list[str]:
    """Take the labels that were given, or call the sounds after their files."""
    if labels is None:
        return [path.stem for path in paths]
    if len(labels) != len(paths):
        raise ValueError(f"{len(paths)} sounds need {len(paths)} labels, not {len(labels)}")
    return list(labels)


def switch(sounds: Sequence[Measurement], labels: Sequence[str], marked: Span | None = None) -> Html:
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


def equal_loudness(sounds: Sequence[Measurement]) -> list[float]:
    """Tell by how many dB each sound has to change to be as loud as the quietest."""
    known = [sound.loudness for sound in sounds if sound.loudness is not None]
    return [min(known) - sound.loudness if sound.loudness is not None else 0.0 for sound in sounds]


def _players_alone(paths: Sequence[Path], labels: Sequence[str], note: str) -> Picture:
    lanes = (
        tag("div", tag("strong", label), element(p, label)) for p, label in zip(paths, labels, strict=True)
    )
    return Picture(note, tag("section", *lanes, tag("p", note, class_="note")))


def element(path: Path, label: str) -> Html:
    """Write the browser's own player for a file, with a word on what is heard where that is not the file.

    Where the page has been moved away from the file, the sentence inside takes the player's place.
    """
    found = address(path)
    if not found.url:
        return tag("p", found.note, class_="note")
    sounding = found.url.startswith("data:audio")
    name = "video" if path.suffix.lower() in MOVING and not sounding else "audio"
    gone = f"{path.name} is not beside this page. To put sound into the page: show it with embed=True."
    missing = None if found.url.startswith("data:") else gone
    player = tag(
        name, missing, controls=True, preload="metadata", src=found.url, aria_label=f"{label}: {path.name}"
    )
    return tag("div", player, tag("span", found.note, class_="note") if found.note else None, class_="sound")


@dataclass(frozen=True)
class Address:
    """What goes into `src`, empty when nothing can; and what to say about it."""

    url: str
    note: str = ""


def address(path: Path) -> Address:
    """Point at a file beside the notebook; embed a preview of one that a browser cannot reach or play."""
    why = _out_of_reach(path)
    return _embedded(path, why) if why else Address(beside(path) or "")


def _out_of_reach(path: Path) -> str:
    """Say why the file itself cannot be played from where it is; nothing when it can."""
    place = current_place()
    if is_embedding():
        return "embed was asked for"
    if path.suffix.lower() not in PLAYABLE:
        return "browsers do not play its format"
    if place.folder() is None:
        return f"pages in {place.name} do not reach files"
    return "" if beside(path) else "its folder is not one that the notebook's page reaches"


def _embedded(path: Path, why: str) -> Address:
    from dolbyio_nb.display.preview import SECONDS, file_url, sound_preview

    if whole := file_url(path, sound=not can_read_sound()):
        return Address(whole, f"Embedded, since {why}.")
    if not can_read_sound():
        return Address("", f"{path.name} cannot be played here: {why}.")
    url, is_whole = sound_preview(path)
    part = "The whole sound" if is_whole else f"The first {SECONDS} seconds"
    return Address(url, f"{part} as a preview of 96 kbit/s, since {why}.")


def beside(path: Path) -> str | None:
    """Give the relative URL of a file, or None when the notebook's server would not give it out."""
    folder = current_place().folder()
    if folder is None or not path.resolve().is_relative_to(folder):
        return None
    parts = path.resolve().relative_to(folder).parts
    return None if any(part.startswith(".") for part in parts) else "./" + quote("/".join(parts))


def can_read_sound() -> bool:
    """Tell whether sound can be read here."""
    return all(find_spec(name) for name in ("av", "numpy"))


def needs_sound(what: str) -> MissingPackage:
    """Say what is missing where sound would have to be read."""
    return MissingPackage(
        f"{what} needs av and numpy, which are not installed.",
        "They read the sound and measure it.",
        "Install them with: pip install 'dolbyio_nb[sandbox]'",
    )
