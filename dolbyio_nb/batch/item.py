"""Item of a batch: one source, its state, its job, and its result or error."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dolbyio_nb.errors import ApiError, DolbyError, JobError, JobFailed
from dolbyio_nb.http.redact import scrub

if TYPE_CHECKING:
    from dolbyio_nb.media.results import Result


class State(StrEnum):
    """What is known of an item. `asked` and `unsure`: a job may have been started; only the service knows."""

    NEW = "new"
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"


FINAL = (State.DONE, State.FAILED, State.UNSURE)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item failed, in three lines; `of_job`: its job ended so, and is of no more use."""

    what: str
    why: str = ""
    next_step: str = ""
    of_job: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Reason:
        """Read an error of any class."""
        if isinstance(error, DolbyError):
            return cls(error.what, error.why, error.next_step)
        if isinstance(error, OSError) and error.strerror:
            return cls(f"{type(error).__name__}: {error.strerror}.")
        return cls(f"{type(error).__name__}.", "", "Look at the file, and try it alone.")

    def to_json(self) -> str:
        """Write it for the journal."""
        return json.dumps([self.what, self.why, self.next_step, self.of_job])

    @classmethod
    def from_json(cls, text: str | None) -> Reason | None:
        """Read it from the journal."""
        return cls(*json.loads(text)) if text else None

    @property
    def in_a_line(self) -> str:
        """Write what and why."""
        return " ".join(part for part in (self.what, self.why) if part)


@dataclass(slots=True, eq=False, repr=False)
class Item:
    """One source of a batch.

    Attributes:
        source: the path or address, for people.
        name: its file name.
        state: `new`, `asked`, `running`, `done`, `failed` or `unsure`.
        job_id: the job's id once it was started.
        path: where the result is wanted: a file on this computer, or an object's `s3://` address.
        progress: how far the job is, 0 to 100, as of the last look.
    """

    key: str
    source: str
    name: str
    content: Any
    size: int | None = None
    path: str | None = None
    state: State = State.NEW
    job_id: str = ""
    outputs: tuple[str, ...] = ()
    asked: float = 0.0
    progress: float = 0.0
    reason: Reason | None = None
    finish: Callable[[Item], Result] | None = field(default=None)

    def __repr__(self) -> str:
        return scrub(f"<{self.name}: {self.state}{f', job {self.job_id}' if self.job_id else ''}>")

    @property
    def is_stored(self) -> bool:
        """Whether the service writes the result to a store by itself."""
        return "://" in (self.path or "")

    @property
    def error(self) -> DolbyError | None:
        """Why there is no result, or None."""
        if self.reason is None:
            return None
        lines = self.reason.what, self.reason.why, self.reason.next_step
        if self.reason.of_job:
            return JobFailed(*lines, job_id=self.job_id)
        return JobError(*lines, job_id=self.job_id)

    def result(self) -> Result:
        """Give what came out; it was written down when it came, so nothing is asked of the service.

        Raises:
            JobFailed: the service could not do it.
            JobError: it was not sent, has not ended, or it is not known whether it was started.
        """
        if self.error is not None:
            raise self.error
        if self.state != State.DONE or self.finish is None:
            raise JobError(
                f"{self.name} has no result yet.", f"It is {self.state}.", "Let it run: batch.run().",
                job_id=self.job_id,
            )  # fmt: skip
        return self.finish(self)


def is_refused(error: BaseException) -> bool:
    """Tell whether the log-in is refused, so that no other item would fare better."""
    return isinstance(error, ApiError) and error.status in (401, 403)
