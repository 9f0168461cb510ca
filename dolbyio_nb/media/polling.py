"""Polling: snapshots and schedule of a job, and one look at the list for all that wait in this process."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb._util.threads import register, start_thread
from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.http.retry import POLL, Attempts, RetryPolicy
from dolbyio_nb.media.api import Api, dig, items, number, opaque, text


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


PAGE = 100
"""Jobs on a page of the list."""
SINGLE = 2
"""Jobs that are asked for by themselves at once, when many are waited for."""


@dataclass(frozen=True)
class ActiveJobs:
    """Jobs that had not ended, as of `moment` on the clock. `complete`: every active job is among them."""

    moment: float
    jobs: Mapping[str, JobSnapshot]
    complete: bool


class SharedPoll:
    """Reads the lists of pending and running jobs, once for everybody who waits at that time."""

    def __init__(self, api: Api, clock: Clock = now) -> None:
        self._api, self._clock = api, clock
        self._waiting: Counter[str] = Counter()
        self.after_fork()
        register(self)

    def after_fork(self) -> None:
        """Begin anew: a look that the parent had begun gives no answer here."""
        self._lock = threading.Lock()
        self.single = threading.Semaphore(SINGLE)
        self._looking: Future[ActiveJobs] | None = None
        self._last = ActiveJobs(float("-inf"), {}, False)

    @property
    def waiting(self) -> int:
        """How many jobs are waited for."""
        return len(self._waiting)

    @contextmanager
    def waits_for(self, job_id: str) -> Iterator[None]:
        """Count a job as waited for while the block runs."""
        self.add(job_id)
        try:
            yield
        finally:
            self.remove(job_id)

    def add(self, job_id: str) -> None:
        """Count a job as waited for, until `remove`."""
        with self._lock:
            self._waiting[job_id] += 1

    def remove(self, job_id: str) -> None:
        """Count it no more."""
        with self._lock:
            self._waiting[job_id] -= 1
            if self._waiting[job_id] <= 0:
                del self._waiting[job_id]

    def look(self, oldest: float) -> "Future[ActiveJobs]":
        """Give a look that is at most `oldest` seconds old: the last one, the present one, or a new one."""
        with self._lock:
            if self._looking is not None:
                return self._looking
            looking: Future[ActiveJobs] = Future()
            looking.set_running_or_notify_cancel()  # a task that is cancelled takes the look from nobody else
            if self._clock() - self._last.moment <= oldest:
                looking.set_result(self._last)
                return looking
            self._looking = looking
        if not start_thread(lambda: self._answer(looking), "dolbyio-poll"):
            self._answer(looking)
        return looking

    def _answer(self, looking: "Future[ActiveJobs]") -> None:
        try:
            found, failure = self._read(), None
        except BaseException as error:
            failure = error.with_traceback(None)
        with self._lock:
            self._looking = None
            if failure is None:
                self._last = found
        looking.set_exception(failure) if failure else looking.set_result(found)

    def _read(self) -> ActiveJobs:
        """Read pending jobs first: one that begins to run meanwhile is then seen among the running ones."""
        began, wanted = self._clock(), set(self._waiting)
        jobs: dict[str, JobSnapshot] = {}
        budget, complete = len(ACTIVE) + len(wanted) // PAGE, True
        for count, status in enumerate(ACTIVE):
            others = len(ACTIVE) - count - 1
            pages, ended = self._pages(status, budget - others, lambda: wanted <= jobs.keys(), jobs)
            budget, complete = budget - pages, complete and ended
        return ActiveJobs(began, jobs, complete)

    def _pages(
        self, status: str, most: int, enough: Callable[[], bool], jobs: dict[str, JobSnapshot]
    ) -> tuple[int, bool]:
        token: str | None = None
        for count in range(1, most + 1):
            page = self._api.get("/media/jobs", status=status, next_token=token)
            rows = [row for row in items(dig(page, "jobs")) if isinstance(row, dict)]
            jobs.update({opaque(row.get("job_id")): read_snapshot(row) for row in rows})
            token = opaque(dig(page, "next_token"))
            if not token:
                return count, True
            if enough():
                return count, False
        return most, False
