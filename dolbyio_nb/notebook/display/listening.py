"""The sound that a card is about: what can be heard, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from dolbyio_nb.errors import DolbyError
from dolbyio_nb.notebook.display.markup import Html, Picture, join, tag
from dolbyio_nb.notebook.display.players import element
from dolbyio_nb.notebook.display.scales import clock
from dolbyio_nb.notebook.display.shapes import Span

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
    from dolbyio_nb.notebook.display.comparing import compared

    return compared(paths, labels)


def measures() -> bool:
    """Tell whether sound can be read here."""
    return all(find_spec(name) for name in ("av", "numpy"))


def told(draw: Callable[[], Html]) -> Html:
    """Draw, or say why that cannot be done."""
    try:
        return draw()
    except DolbyError as error:
        return tag("p", str(error), class_="problem")


def _players(paths: Sequence[Path], labels: Sequence[str], note: str) -> Picture:
    lanes = (
        tag("div", tag("strong", label), element(p, label)) for p, label in zip(paths, labels, strict=True)
    )
    return Picture(note, tag("section", *lanes, tag("p", note, class_="note")))


def _length(path: Path) -> float:
    from dolbyio_nb.notebook.display.decoding import length_of, opened

    with opened(path) as container:
        return length_of(container)


def _heard(path: Path, marked: Span | None, what: str) -> Html:
    if not measures() or _length(path) > LONG:
        return element(path, "Original")
    from dolbyio_nb.notebook.display.sound import measure
    from dolbyio_nb.notebook.display.switching import switch

    note = f"Marked: {what}, {clock(marked[0])} to {clock(marked[1])}." if marked else None
    return join(
        switch([measure(path)], ["Original"], marked), tag("p", note, class_="note") if note else None
    )
