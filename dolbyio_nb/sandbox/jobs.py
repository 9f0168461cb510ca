"""Job records: what was asked, how far each one is, how it ended; and their listing, by pages."""

import base64
import binascii
import math
import threading
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import NOT_FOUND, VALIDATION, HttpError

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
        self._all: list[JobRecord] = []  # by number
        self._numbers: dict[str, int] = {}
        self._index: dict[tuple[str, Status | None], list[int]] = {}  # by app, and status or none; sorted
        self._changed = threading.Condition()

    def add(
        self, app: App, path: str, version: str, body: Mapping[str, Any], passed: Mapping[str, str]
    ) -> JobRecord:
        with self._changed:
            number = len(self._all)
            now = max(self._clock(), self._all[-1].submitted) if self._all else self._clock()
            job = JobRecord(str(uuid.uuid4()), number, app, path, version, now, body, passed)
            self._all.append(job)
            self._numbers[job.job_id] = number
            for status in (None, job.status):
                self._index.setdefault((app.app_key, status), []).append(number)
            return job

    def now(self) -> float:
        """The time on the sandbox's clock."""
        return self._clock()

    def find(self, app: App, job_id: str, path: str | None = None) -> JobRecord:
        """A job of this app (and of this API); anybody else's is not found."""
        job = self._all[self._numbers[job_id]] if job_id in self._numbers else None
        if job is None or job.app is not app or (path and job.path != path) or self._is_old(job):
            raise HttpError(NOT_FOUND, "There is no such job")
        return job

    def newest(
        self,
        app: App,
        *,
        status: Status | None = None,
        after: float = -math.inf,
        before: float = math.inf,
        below: int | None = None,
        most: int | None = None,
    ) -> list[JobRecord]:
        """The jobs of an app that are not older than 31 days, newest first, without a walk over all.

        `after` and `before` are compared with times as they are shown; `below` is a job's number.
        """
        with self._changed:
            numbers = self._index.get((app.app_key, status), [])
            first = max(
                bisect_left(numbers, self._clock() - KEPT, key=lambda number: self._all[number].submitted),
                bisect_left(numbers, after, key=self._shown_time),
            )
            last = bisect_right(numbers, before, key=self._shown_time)
            last = last if below is None else min(last, bisect_left(numbers, below))
            first = first if most is None else max(first, last - most)
            return [self._all[number] for number in reversed(numbers[first:last])]

    def all(self) -> list[JobRecord]:
        """Every job, oldest first."""
        with self._changed:
            return list(self._all)

    def begin(self, job_id: str) -> JobRecord | None:
        """Take a pending job in hand; None when it was cancelled meanwhile."""
        with self._changed:
            if self._job(job_id).status != "Pending":
                return None
            return self._change(job_id, status="Running", started=self._clock())

    def advance(self, job_id: str, percent: int) -> None:
        """Note how far a job is; raises Cancelled when it should stop."""
        with self._changed:
            job = self._job(job_id)
            if job.cancelling:
                raise Cancelled
            if percent > job.progress:
                self._change(job_id, progress=min(percent, 99))

    def end(self, job_id: str, status: Status, **facts: Any) -> JobRecord | None:
        """Close a job with its `result` or `error`, and `duration` where known; None if it had ended."""
        with self._changed:
            job = self._job(job_id)
            if job.ended:
                return None
            progress = 100 if status == "Success" else job.progress
            return self._change(job_id, status=status, completed=self._clock(), progress=progress, **facts)

    def cancel(self, job: JobRecord) -> None:
        """Ask for an end: at once while Pending, at the next step while Running, never after the end."""
        with self._changed:
            now = self._job(job.job_id)
            if now.status == "Pending":
                self._change(job.job_id, status="Cancelled", completed=self._clock())
            elif not now.ended:
                self._change(job.job_id, cancelling=True)

    def wait(self, job_id: str, timeout: float) -> JobRecord:
        """Wait until a job has ended; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._job(job_id).ended, timeout):
                raise TimeoutError(f"job {job_id} has not ended within {timeout:g} s")
            return self._job(job_id)

    def is_cancelling(self, job_id: str) -> bool:
        return self._job(job_id).cancelling

    def _change(self, job_id: str, **changes: Any) -> JobRecord:
        old = self._job(job_id)
        job = self._all[old.number] = replace(old, **changes)
        if job.status != old.status:
            before = self._index[job.app.app_key, old.status]
            del before[bisect_left(before, job.number)]
            insort(self._index.setdefault((job.app.app_key, job.status), []), job.number)
        self._changed.notify_all()
        return job

    def _job(self, job_id: str) -> JobRecord:
        return self._all[self._numbers[job_id]]

    def _shown_time(self, number: int) -> float:
        """Cut to what the list shows, so that a shown time used as a filter finds its own job."""
        return int(self._all[number].submitted * 1000) / 1000

    def _is_old(self, job: JobRecord) -> bool:
        return self._clock() > job.submitted + KEPT


def stamp(seconds: float) -> str:
    """A moment as the Media APIs write it: `2021-08-10T05:16:31.494Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


PAGE = 100
DAY = 86400.0
YEAR = 366 * DAY


def page(records: JobRecords, app: App, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of an app's jobs, newest first, that pass the filters of the query."""
    found = _one(records, app, query["job_id"]) if "job_id" in query else _found(records, app, query)
    shown = found[:PAGE]
    answer = {"count": len(shown), "jobs": [job.row() for job in shown]}
    if len(found) > PAGE:
        answer["next_token"] = _token(shown[-1].number)
    return answer


def usage(records: JobRecords, app: App, query: Mapping[str, str]) -> dict[str, Any]:
    """How many jobs of each API were asked for between `from` and `to`, by default during the last day.

    The published sample does not show the answer's names; these are the sandbox's own.
    """
    until = _moment(query, "to", records.now())
    since = _moment(query, "from", until - DAY)
    if not 0 <= until - since <= YEAR:
        raise HttpError(VALIDATION, "from must not be later than to, nor more than a year before it")
    usage: dict[str, dict[str, Any]] = {}
    for job in records.newest(app, after=since, before=until):
        row = usage.setdefault(job.path, {"path": job.path, "jobs": 0, "succeeded": 0, "failed": 0})
        row["jobs"] += 1
        row["succeeded"] += job.status == "Success"
        row["failed"] += job.status in ("Failed", "InternalError")
    return {"count": len(usage), "usage": [usage[path] for path in sorted(usage)]}


def _one(records: JobRecords, app: App, job_id: str) -> list[JobRecord]:
    try:
        return [records.find(app, job_id)]
    except HttpError:
        return []


def _found(records: JobRecords, app: App, query: Mapping[str, str]) -> list[JobRecord]:
    """The jobs of one page, and one more where there is a next page."""
    after = _moment(query, "submitted_after", -math.inf)
    before = _moment(query, "submitted_before", math.inf)
    if before < after:
        raise HttpError(VALIDATION, "submitted_before must not be earlier than submitted_after")
    status = next((status for status in STATUSES if status == query.get("status")), None)
    if "status" in query and status is None:
        raise HttpError(VALIDATION, f"status must be one of {', '.join(STATUSES)}")
    below = _number(query.get("next_token"))
    return records.newest(app, status=status, after=after, before=before, below=below, most=PAGE + 1)


def _moment(query: Mapping[str, str], name: str, default: float) -> float:
    text = query.get(name)
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise HttpError(
            VALIDATION, f"{name} must be a date and time such as 2021-08-10T05:16:31.494Z"
        ) from None


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"before:{number}".encode()).decode()


def _number(token: str | None) -> int | None:
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        return int(text.removeprefix("before:"))
    except (binascii.Error, ValueError):
        raise HttpError(VALIDATION, "next_token is not one that this service gave") from None
