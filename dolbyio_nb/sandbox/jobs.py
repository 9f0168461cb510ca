"""Job records: what was asked, how far each one is, and how it ended."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import NOT_FOUND, HttpError

Status = Literal["Pending", "Running", "Success", "Failed", "Cancelled", "InternalError"]
STATUSES: tuple[Status, ...] = ("Pending", "Running", "Success", "Failed", "Cancelled", "InternalError")
KEPT = 31 * 86400  # seconds that a job stays queryable, as documented


class Cancelled(Exception):
    """Raised inside the work of a job that somebody cancelled."""


@dataclass(frozen=True)
class JobRecord:
    """One job at one moment. Times are seconds on the sandbox's clock, `duration` is that of the media."""

    job_id: str
    number: int
    app: App = field(repr=False)
    path: str
    api_version: str
    submitted: float
    body: Mapping[str, Any] = field(repr=False)
    passed_headers: Mapping[str, str] = field(repr=False)
    status: Status = "Pending"
    progress: int = 0
    started: float | None = None
    completed: float | None = None
    duration: float | None = None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, str] | None = None
    cancelling: bool = field(default=False, repr=False)

    @property
    def ended(self) -> bool:
        return self.status not in ("Pending", "Running")

    def answer(self) -> dict[str, Any]:
        """What polling says."""
        answer = {**self._common(), "result": self.result, "error": self.error}
        return {name: value for name, value in answer.items() if value is not None}

    def row(self) -> dict[str, Any]:
        """What the list of jobs says."""
        row = {
            "job_id": self.job_id,
            **self._common(),
            "duration": self.duration,
            "time_submitted": stamp(self.submitted),
            "time_started": self.started and stamp(self.started),
            "time_completed": self.completed and stamp(self.completed),
            "expiry": stamp(self.submitted + KEPT),
        }
        return {name: value for name, value in row.items() if value is not None}

    def _common(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "status": self.status,
            "progress": self.progress,
            "api_version": self.api_version,
        }


class JobRecords:
    """Every job of one sandbox. A job moves Pending, Running, then one of four ends, and never back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._jobs: dict[str, JobRecord] = {}
        self._changed = threading.Condition()

    def add(
        self, app: App, path: str, version: str, body: Mapping[str, Any], passed: Mapping[str, str]
    ) -> JobRecord:
        with self._changed:
            number = len(self._jobs)
            job = JobRecord(str(uuid.uuid4()), number, app, path, version, self._clock(), body, passed)
            self._jobs[job.job_id] = job
            return job

    def find(self, app: App, job_id: str, path: str | None = None) -> JobRecord:
        """A job of this app (and of this API); anybody else's is not found."""
        job = self._jobs.get(job_id)
        if job is None or job.app is not app or (path and job.path != path) or self._is_old(job):
            raise HttpError(NOT_FOUND, "There is no such job")
        return job

    def of(self, app: App) -> list[JobRecord]:
        """The jobs of an app that are not older than 31 days, newest first."""
        jobs = [job for job in self.all() if job.app is app and not self._is_old(job)]
        return jobs[::-1]

    def all(self) -> list[JobRecord]:
        """Every job, oldest first."""
        with self._changed:
            return list(self._jobs.values())

    def begin(self, job_id: str) -> JobRecord | None:
        """Take a pending job in hand; None when it was cancelled meanwhile."""
        with self._changed:
            if self._jobs[job_id].status != "Pending":
                return None
            return self._change(job_id, status="Running", started=self._clock())

    def advance(self, job_id: str, percent: int) -> None:
        """Note how far a job is; raises Cancelled when it should stop."""
        with self._changed:
            job = self._jobs[job_id]
            if job.cancelling:
                raise Cancelled
            if percent > job.progress:
                self._change(job_id, progress=min(percent, 99))

    def end(self, job_id: str, status: Status, **facts: Any) -> JobRecord | None:
        """Close a job with its `result` or `error`, and `duration` where known; None if it had ended."""
        with self._changed:
            job = self._jobs[job_id]
            if job.ended:
                return None
            progress = 100 if status == "Success" else job.progress
            return self._change(job_id, status=status, completed=self._clock(), progress=progress, **facts)

    def cancel(self, job: JobRecord) -> None:
        """Ask for an end: at once while Pending, at the next step while Running, never after the end."""
        with self._changed:
            now = self._jobs[job.job_id]
            if now.status == "Pending":
                self._change(job.job_id, status="Cancelled", completed=self._clock())
            elif not now.ended:
                self._change(job.job_id, cancelling=True)

    def wait(self, job_id: str, timeout: float) -> JobRecord:
        """Wait until a job has ended; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._jobs[job_id].ended, timeout):
                raise TimeoutError(f"job {job_id} has not ended within {timeout:g} s")
            return self._jobs[job_id]

    def is_cancelling(self, job_id: str) -> bool:
        return self._jobs[job_id].cancelling

    def _change(self, job_id: str, **changes: Any) -> JobRecord:
        job = self._jobs[job_id] = replace(self._jobs[job_id], **changes)
        self._changed.notify_all()
        return job

    def _is_old(self, job: JobRecord) -> bool:
        return self._clock() > job.submitted + KEPT


def stamp(seconds: float) -> str:
    """A moment as the Media APIs write it: `2021-08-10T05:16:31.494Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
