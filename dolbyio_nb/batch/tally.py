"""Tally of a batch: how many items there are of each state, how fast it goes, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dolbyio_nb.batch.estimate import in_words
from dolbyio_nb.batch.item import FINAL, State


@dataclass(frozen=True)
class Tally:
    """The numbers of one moment.

    Attributes:
        operation: what is done.
        counts: items by state.
        known: items that had ended before this process began.
        ended: items that ended in this run, in `seconds`; `size` is their bytes.
        sound: how much sound there is, in words, when it was asked for.
        real: whether this is the service and not the sandbox.
    """

    operation: str
    counts: Mapping[State, int]
    known: int = 0
    ended: int = 0
    seconds: float = 0.0
    size: int = 0
    sound: str = ""
    real: bool = False
    begun: bool = False

    @cached_property
    def files(self) -> int:
        """All items."""
        return sum(self.counts.values())

    @cached_property
    def to_do(self) -> int:
        """Items that have not ended."""
        return self.files - sum(self.counts.get(one, 0) for one in FINAL)

    @property
    def rate(self) -> float | None:
        """Files a second in this run."""
        return self.ended / self.seconds if self.ended and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the rest takes at this rate."""
        return self.to_do / self.rate if self.rate and self.to_do else None

    @property
    def line(self) -> str:
        """Write all in a line: what is done, running and failed, the rate and the time left."""
        parts = [f"{self.counts.get(State.DONE, 0):,} of {self.files:,} done"]
        parts += [f"{self.counts[one]:,} {one}" for one in SHOWN if self.counts.get(one)]
        if self.rate:
            parts.append(f"{self.rate:.1f} files/s" if self.rate >= 1 else f"{self.rate * 60:.1f} files/min")
        if self.size:
            parts.append(f"{self.size / 1e6:,.1f} MB")
        if self.seconds_left is not None:
            parts.append(f"{in_words(self.seconds_left / 3600)} left")
        return ", ".join(parts)

    def __str__(self) -> str:
        if self.begun or not self.to_do:
            return f"<Batch of {self.operation}: {self.line}>"
        parts = [f"{self.files:,} files", self.sound, f"{self.known:,} known, {self.to_do:,} to do"]
        money = "; on an account: jobs may cost money" if self.real else ""
        return f"<Batch of {self.operation}: {', '.join(filter(None, parts))}{money}>"


SHOWN = (State.RUNNING, State.ASKED, State.FAILED, State.UNSURE)
