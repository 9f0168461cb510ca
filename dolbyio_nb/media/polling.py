"""Polling of a job: snapshots and schedule."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.http.retry import POLL, Attempts, RetryPolicy
from dolbyio_nb.media.parse import dig, number, text


@dataclass(frozen=True)
class PollSchedule:
    """How a job is waited for.

    Attributes:
        policy: the pauses between two looks, and how long the service may be out of reach.
        clock, sleep: what tells the time, and what lets it pass.
    """

    policy: RetryPolicy = POLL
    clock: Clock = now
    sleep: Callable[[float], None] = time.sleep

    def begin(self, timeout: float | None) -> Attempts:
        """Begin to wait, for `timeout` seconds or as long as results are kept."""
        return Attempts(self.policy, self.clock, self.sleep, timeout)


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
    progress = min(max(number(raw.get("progress")) or 0.0, 0.0), 100.0)
    return JobSnapshot(text(raw.get("status")) or "", progress, raw)
