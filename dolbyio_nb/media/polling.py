"""Polling of a job: snapshots, schedule and deadline."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.media.parse import dig, number, text


@dataclass(frozen=True)
class PollSchedule:
    """How a job is waited for. All times in seconds.

    Attributes:
        first, growth, longest: the first pause between two looks, its growth factor, and the longest one.
        ceiling: the longest wait when nobody gives a time; results are kept for a day.
        trouble: how long the service may be out of reach, or answer riddles, before that is an error.
        clock, sleep: what tells the time, and what lets it pass.
    """

    first: float = 0.25
    growth: float = 1.5
    longest: float = 5.0
    ceiling: float = 24 * 3600.0
    trouble: float = 300.0
    clock: Clock = now
    sleep: Callable[[float], None] = time.sleep


class Deadline:
    """One wait: how long it may still last, and for how long there has been trouble."""

    def __init__(self, schedule: PollSchedule, timeout: float | None) -> None:
        self._schedule, self._pause = schedule, schedule.first
        self._end = schedule.clock() + (schedule.ceiling if timeout is None else timeout)
        self._trouble_since: float | None = None

    @property
    def left(self) -> float:
        """The seconds that are left; 0.0 when none are."""
        return max(0.0, self._end - self._schedule.clock())

    def sleep(self, at_least: float = 0.0) -> bool:
        """Let time pass before the next look; False when there is none left."""
        left = self.left
        if not left:
            return False
        self._schedule.sleep(min(max(self._pause, at_least), left))
        self._pause = min(self._pause * self._schedule.growth, self._schedule.longest)
        return True

    def tolerates(self, trouble: bool) -> bool:
        """Take note of trouble, or of its end; False when it has lasted too long."""
        if not trouble:
            self._trouble_since = None
            return True
        if self._trouble_since is None:
            self._trouble_since = self._schedule.clock()
        return self._schedule.clock() - self._trouble_since < self._schedule.trouble


ACTIVE = ("Pending", "Running")
ENDED = ("Success", "Failed", "Cancelled", "InternalError")


@dataclass(frozen=True)
class JobSnapshot:
    """What the service said about a job at one time."""

    status: str = ""
    progress: float = 0.0
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the job will not change any more."""
        return self.status in ENDED

    @property
    def unknown(self) -> bool:
        """Whether the status is none that the service documents."""
        return self.status not in ENDED + ACTIVE

    @property
    def error(self) -> ErrorResponse:
        """The job's own error."""
        said = {
            name: text(dig(self.raw, "error", name)) or "" for name in ("title", "detail", "details", "type")
        }
        return ErrorResponse(0, said["title"], said["detail"] or said["details"], said["type"])


def read_snapshot(answer: object) -> JobSnapshot:
    """Read a polling answer, or a row of the list of jobs."""
    raw = answer if isinstance(answer, dict) else {}
    return JobSnapshot(text(raw.get("status")) or "", number(raw.get("progress")) or 0.0, raw)
