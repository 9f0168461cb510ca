"""Status cards: how a job and a log-in stood at the moment they were shown."""

from __future__ import annotations

import time
from typing import Protocol

from dolbyio_nb.display.card_parts import Value, chip, heading, values
from dolbyio_nb.display.markup import COLOURS, Picture, tag
from dolbyio_nb.media.polling import JobSnapshot

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


def login_card(words: str, status: Status) -> Picture:
    """Draw how a log-in stood, never with its token or secret; `words` are its line of text."""
    where = "the sandbox on this computer" if status.sandbox else "Dolby.io"
    whose = f"App key {status.key_hint} from {status.source}" if status.key_hint else ""
    title = heading(f"Log-in to {where}", whose, chip(status.state, COLOURS[0]))
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
