"""Players: one sound, or several with one switch between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dolbyio_nb.notebook.display.markup import Html, tag
from dolbyio_nb.notebook.display.places import MOVING, address


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
