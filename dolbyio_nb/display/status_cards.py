"""Status cards: how a job, a batch and a log-in stood at the moment they were shown."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Protocol

from dolbyio_nb.batch.estimate import in_words
from dolbyio_nb.batch.frame import SCORE, table_rows
from dolbyio_nb.batch.item import FINAL, State
from dolbyio_nb.batch.tally import Tally
from dolbyio_nb.display.card_parts import Value, chip, values
from dolbyio_nb.display.markup import COLOURS, Html, Picture, heading, join, tag, value
from dolbyio_nb.media.polling import JobSnapshot
from dolbyio_nb.media.results import Result

if TYPE_CHECKING:
    from dolbyio_nb.batch.batch import Batch


NOT_LIVE = "As it was at {}; this text does not change."


def job_card(words: str, about: str, job_id: str, seen: JobSnapshot, problem: str = "") -> Picture:
    """Draw a job as the last look saw it, and say what waits for its end; `words` are its line of text."""
    title = heading(about, f"job {job_id}", chip(seen.status or "Started"))
    bar = tag("progress", value=f"{seen.progress:.0f}", max="100", aria_label="Done", style="width:100%")
    reason = tag("p", problem, class_="problem") if problem else None
    advice = None if seen.ended else tag("p", "job.result() waits for what comes out of it.", class_="note")
    return Picture(words, tag("section", title, bar, reason, advice, _when()))


class Status(Protocol):
    """What is shown of a log-in."""

    @property
    def state(self) -> str: ...

    @property
    def expires_at(self) -> float | None: ...

    @property
    def renews_at(self) -> float | None: ...

    @property
    def next_try(self) -> float | None: ...

    @property
    def last_error(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def key_hint(self) -> str: ...

    @property
    def sandbox(self) -> bool: ...

    @property
    def note(self) -> str: ...


SHADES = {"fresh": COLOURS[2], "refused": COLOURS[4]}


def login_card(words: str, status: Status) -> Picture:
    """Draw how a log-in stood, never with its token or secret; `words` are its line of text."""
    where = "the sandbox on this computer" if status.sandbox else "Dolby.io"
    whose = f"App key {status.key_hint} from {status.source}" if status.key_hint else ""
    title = heading(f"Log-in to {where}", whose, chip(status.state, SHADES.get(status.state, COLOURS[0])))
    times: list[Value] = [
        ("Token expires", _clock(status.expires_at), ""),
        ("Renewed", _clock(status.renews_at), "by itself"),
        ("Next try", _clock(status.next_try), ""),
    ]
    problem = tag("p", status.last_error, class_="problem") if status.last_error else None
    note = tag("p", status.note, class_="note") if status.note else None
    return Picture(words, tag("section", title, values(times), problem, note, _when()))


def _clock(moment: float | None) -> str | None:
    return None if moment is None else time.strftime("%H:%M:%S", time.localtime(moment))


def _when() -> str:
    return tag("p", NOT_LIVE.format(time.strftime("%H:%M:%S")), class_="note")


ROWS = 50
"""Files written out; `to_frame()` has all of them."""
LONGEST_NAME = 48
"""Characters of a file's name."""
LONGEST_REASON = 180
"""Characters of what went wrong; `item.error` has all of it."""
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
    title = f"{tally.operation.replace('_', '-').capitalize()}: {tally.files:,} files"
    numbers = values(_numbers(tally) if tally.begun else _plan(tally))
    parts = [heading(title, tally.sound), _bar(tally), numbers, _next_step(tally)]
    if most and any(item.state in FINAL for item in batch.items):
        parts.append(_table(batch, most))
    return Picture(str(tally), tag("section", *parts))


def _bar(tally: Tally) -> Html:
    ended = tally.files - tally.to_do
    return tag("progress", value=ended, max=max(1, tally.files), aria_label="Files that have ended")


def _plan(tally: Tally) -> list[Value]:
    known = f"{tally.known:,}" if tally.known else None
    return [("To do", f"{tally.to_do:,}", ""), ("Known", known, "from an earlier run"), *_bad(tally)]


def _bad(tally: Tally) -> list[Value]:
    counts = ((state, tally.counts.get(state, 0)) for state in (State.FAILED, State.UNSURE))
    return [(state.value.capitalize(), f"{count:,}" if count else None, "") for state, count in counts]


def _next_step(tally: Tally) -> Html | None:
    if tally.begun or not tally.to_do:
        return None
    money = " These are jobs on your account: they may cost money." if tally.real else ""
    return tag("p", f"Nothing is sent yet. To begin: batch.run().{money}", class_="note")


def _numbers(tally: Tally) -> list[Value]:
    found: list[Value] = [("Done", f"{tally.counts.get(State.DONE, 0):,}", f"of {tally.files:,}")]
    running = tally.counts.get(State.RUNNING, 0)
    found += [("Running", f"{running:,}" if running else None, ""), *_bad(tally)]
    found.append(("Sent", f"{tally.size / 1e6:,.1f} MB" if tally.size else None, ""))
    found.append(("Rate", f"{tally.rate:.1f}" if tally.rate else None, "files a second"))
    left = tally.seconds_left
    found.append(("Left", None if left is None else in_words(left / 3600), "at this rate"))
    return found


def _table(batch: Batch, most: int) -> Html:
    table = table_rows([item for item in batch.items if item.state in FINAL], _found(batch))
    shown = table[:most]
    named = {name: about for name, about in NUMBERS.items() if any(name in row for row in shown)}
    heads = ["File", *([head for head, _ in named.values()] or [""])]
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    body = tag("tbody", *(_row(row, named) for row in shown))
    more = len(table) - len(shown)
    rest = (
        tag("p", f"and {more:,} more: batch.to_frame() has all of them.", class_="note") if more > 0 else None
    )
    return join(tag("table", top, body, class_="files"), rest)


def _found(batch: Batch) -> dict[str, dict[str, Any]]:
    """Read of each result what the table shows: all of many results would take much memory."""
    flat = ((key, Result(raw, "").summary) for key, raw in batch.results())
    return {key: {name: found[name] for name in NUMBERS if name in found} for key, found in flat}


def _row(row: Mapping[str, Any], named: Mapping[str, tuple[str, int]]) -> Html:
    whole = os.path.basename(row["source"]).encode(errors="replace").decode()
    short = _shortened(whole, LONGEST_NAME)
    if row["reason"]:
        said = row["reason"].removeprefix(f"The job of {whole} has no result. ").replace(whole, short)
        said = shorten(said, LONGEST_REASON, placeholder=" …")
        bad = tag("strong", row["state"])
        why = tag("td", bad, f": {said}", class_="why", colspan=len(named) or 1, title=row["reason"])
        return tag("tr", tag("th", short, scope="row", title=whole), why)
    numbers = [_number(row.get(one), digits) for one, (_, digits) in named.items()] or [""]
    name = tag("th", _sound(row, short), scope="row", title=whole)
    return tag("tr", name, *(tag("td", number) for number in numbers))


def _shortened(name: str, most: int) -> str:
    """Leave out the middle of a long name: its beginning and its suffix tell more."""
    half = most // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def _number(number: Any, digits: int) -> str:
    return value(number, digits=digits) if isinstance(number, (int, float)) else "–"


def _sound(row: Mapping[str, Any], name: str) -> Html | str:
    """Write a name that opens into a player, which loads nothing until it is played."""
    from dolbyio_nb.display.player import PLAYABLE, beside

    path = Path(row.get("output") or row["source"])
    url = (
        beside(path)
        if path.suffix.lower() in PLAYABLE and str(path).isprintable() and path.is_file()
        else None
    )
    if url is None:
        return name
    audio = tag("audio", controls=True, preload="none", src=url)
    return tag("details", tag("summary", name), audio)
