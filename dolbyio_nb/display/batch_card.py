"""Card of a batch: its numbers while it runs, and a table of its files, the worst first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolbyio_nb.batch.estimate import in_words
from dolbyio_nb.batch.frame import SCORE, rows
from dolbyio_nb.batch.item import FINAL, State
from dolbyio_nb.batch.tally import Tally
from dolbyio_nb.display.card_parts import Value, heading, values
from dolbyio_nb.display.html import Html, Picture, join, tag
from dolbyio_nb.media.results import Result

if TYPE_CHECKING:
    from dolbyio_nb.batch.batch import Batch

ROWS = 50
"""Files written out; `to_frame()` has all of them."""
NUMBERS = {
    SCORE: ("Quality", 1),
    "audio.noise_score.average": ("Noise", 1),
    "audio.loudness.measured": ("LUFS", 1),
    "audio.clipping.events": ("Clipping", 0),
}
"""What is worth a column when an operation finds it."""


def batch_card(batch: Batch, most: int = ROWS) -> Picture:
    """Draw a batch: its numbers, and at most so many files, the worst first."""
    tally = batch.tally()
    parts = [heading(f"{tally.operation.replace('_', '-').capitalize()}: {tally.files:,} files", tally.sound)]
    parts.append(_bar(tally))
    parts.append(values(_numbers(tally)))
    if most and any(item.state in FINAL for item in batch.items):
        parts.append(_table(batch, most))
    return Picture(str(tally), tag("section", *parts))


def _bar(tally: Tally) -> Html:
    done = str(tally.files - tally.to_do)
    return tag(
        "progress",
        value=done,
        max=str(max(1, tally.files)),
        aria_label="Files that have ended",
        style="width:100%",
    )


def _numbers(tally: Tally) -> list[Value]:
    found: list[Value] = [("Done", f"{tally.counts.get(State.DONE, 0):,}", f"of {tally.files:,}")]
    for state in (State.RUNNING, State.FAILED, State.UNSURE):
        count = tally.counts.get(state, 0)
        found.append((state.value.capitalize(), f"{count:,}" if count else None, ""))
    found.append(("Sent", f"{tally.size / 1e6:,.1f} MB" if tally.size else None, ""))
    found.append(("Rate", f"{tally.rate:.1f}" if tally.rate else None, "files a second"))
    left = tally.seconds_left
    found.append(("Left", None if left is None else in_words(left / 3600), "at this rate"))
    return found


def _table(batch: Batch, most: int) -> Html:
    made = rows([item for item in batch.items if item.state in FINAL], _found(batch))
    shown = made[:most]
    named = {name: about for name, about in NUMBERS.items() if any(name in row for row in shown)}
    heads = ["File", "State", *(head for head, _ in named.values()), "Reason or sound"]
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    body = tag("tbody", *(_row(row, named) for row in shown))
    more = len(made) - len(shown)
    rest = (
        tag("p", f"and {more:,} more: batch.to_frame() has all of them.", class_="note") if more > 0 else None
    )
    return join(tag("div", tag("table", top, body), style="overflow-x:auto"), rest)


def _found(batch: Batch) -> dict[str, dict[str, Any]]:
    """Read of each result what the table shows: all of many results would take much memory."""
    flat = ((key, Result(raw, "").summary) for key, raw in batch.results())
    return {key: {name: found[name] for name in NUMBERS if name in found} for key, found in flat}


def _row(row: Mapping[str, Any], named: Mapping[str, tuple[str, int]]) -> Html:
    cells = [tag("td", os.path.basename(row["source"])), tag("td", row["state"])]
    for name, (_, digits) in named.items():
        number = row.get(name)
        cells.append(tag("td", f"{number:.{digits}f}" if isinstance(number, (int, float)) else "–"))
    return tag("tr", *cells, tag("td", row["reason"] or _sound(row)))


def _sound(row: Mapping[str, Any]) -> Html | str:
    """Write a player that loads nothing until it is opened and played."""
    from dolbyio_nb.display.player import PLAYABLE, beside

    path = Path(row.get("output") or row["source"])
    url = beside(path) if path.suffix.lower() in PLAYABLE and path.is_file() else None
    if url is None:
        return ""
    audio = tag("audio", controls=True, preload="none", src=url)
    return tag("details", tag("summary", "listen"), audio)
