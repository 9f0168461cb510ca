"""Work on one item: its stage, and what the stages pass on to each other while it is in flight."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from dolbyio_nb.batch.draft import JobRequest
from dolbyio_nb.batch.item import Item, State
from dolbyio_nb.batch.stages import is_sent


class Stage(Enum):
    """What is done next for an item."""

    ADDRESS = "a signed address to send to"
    SEND = "sending"
    START = "starting the job"
    WAIT = "waiting for the job"
    RESULT = "reading its result"
    FETCH_ADDRESS = "a signed address to fetch from"
    FETCH = "fetching"
    CHECK = "finding out whether a job was started"


SENDING = (Stage.ADDRESS, Stage.SEND)
CARRIED = (Stage.SEND, Stage.FETCH)
"""What the executor does; all else is calls to the service."""


@dataclass(slots=True, eq=False)
class Work:
    """An item in flight. `failures` counts those of its own, `seen` tells them from everybody's."""

    item: Item
    stage: Stage
    address: Any = None
    url: str = ""
    request: JobRequest | None = None
    failures: int = 0
    seen: int = 0
    since: float = 0.0
    looks: int = 0


def begin(item: Item) -> Work:
    """Begin where an item stands."""
    if item.state == State.RUNNING:
        return Work(item, Stage.WAIT if item.job_id else Stage.FETCH_ADDRESS)
    if item.state == State.ASKED:
        return Work(item, Stage.CHECK)
    return Work(item, Stage.ADDRESS if is_sent(item) else Stage.START)
