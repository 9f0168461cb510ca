"""Job at the service: how it is doing, and waiting for its result."""

import asyncio
import json
import threading
from collections.abc import Generator, Mapping
from itertools import count
from typing import Any

from dolbyio_nb._util.threads import brief_interrupt, briefly
from dolbyio_nb.errors import (
    ErrorResponse,
    InvalidRequest,
    JobCancelled,
    JobError,
    JobFailed,
    JobTimeout,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    TokenUnavailable,
)
from dolbyio_nb.http.limits import OutOfTime, within
from dolbyio_nb.http.redact import scrub
from dolbyio_nb.http.retry import POLL, Attempts, run
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.arguments import checked
from dolbyio_nb.media.job_result import JobSpec, make_result
from dolbyio_nb.media.parameters import Timeout
from dolbyio_nb.media.polling import JobSnapshot, PollSchedule, SharedPoll, read_snapshot
from dolbyio_nb.media.progress import Show, progress_bar
from dolbyio_nb.media.results import Result
from dolbyio_nb.media.transfer import Storage

SHORTEST_LOOK = 1.0
"""Seconds that a look may take, also when there is no time left at all."""
TOO_LATE = "It was not ready in the time given."
RETRYABLE = (ServiceUnavailable, RateLimited, TokenUnavailable)
"""What may be over at the next look: to look again does no harm."""


class Job:
    """A job at the service. It goes on by itself: this object only looks at it.

    Attributes:
        id: the job's id, by which `dolby.media.job(id)` finds it for 31 days.
    """

    def __init__(
        self,
        api: Api,
        storage: Storage,
        spec: JobSpec,
        job_id: str,
        schedule: PollSchedule,
        poll: SharedPoll | None = None,
    ) -> None:
        self._poll = poll or SharedPoll(api, schedule.clock)
        self._api, self._storage, self._spec, self._schedule = api, storage, spec, schedule
        self.id = job_id
        self._last = JobSnapshot()
        self._result: Result | None = None
        self._lock, self._looking = threading.Lock(), threading.Lock()

    def __repr__(self) -> str:
        """Show what the last look saw, without another one."""
        seen = f"{self._last.status}, {self._last.progress:.0f} %" if self._last.status else "started"
        return scrub(f"<Job {self._spec.about}: {seen}; id {self.id}>")

    def _repr_html_(self) -> str:
        from dolbyio_nb.display.status_cards import job_card

        failed = self._last.ended and self._last.status != "Success"
        problem = str(self._failure()) if failed else ""
        return job_card(repr(self), self._spec.about, self.id, self._last, problem)._repr_html_()

    @property
    def operation(self) -> str:
        """What is done, such as `enhance` or `analyze-speech`."""
        return self._spec.operation

    @property
    def status(self) -> str:
        """How it is doing now: `Pending`, `Running`, `Success`, `Failed`, `Cancelled` or `InternalError`."""
        return self._snapshot().status

    @property
    def progress(self) -> int:
        """How much is done now, 0 to 100."""
        return int(self._snapshot().progress)

    @property
    def raw(self) -> Mapping[str, Any]:
        """The whole answer of the last look."""
        return self._last.raw

    def done(self) -> bool:
        """Tell whether it has ended, well or badly."""
        return self._snapshot().ended

    def cancel(self) -> bool:
        """Ask the service to stop it: True when the request was taken, False when it had already ended.

        It is not immediate, and may come too late: `status` tells.
        """
        if self.done():
            return False
        try:
            self._api.post("/media/jobs/cancel", job_id=self.id)
        except (InvalidRequest, NotFound):
            if self.done():
                return False
            raise
        return True

    @checked
    @brief_interrupt
    def wait(self, timeout: Timeout | None = None) -> "Job":
        """Wait until it has ended, well or badly, and return the job.

        There is a progress bar when a person watches. To interrupt it stops the waiting, not the job.

        Args:
            timeout: seconds; a day by default.

        Raises:
            JobTimeout: it has not ended in that time, or the service was out of reach for five minutes.
            JobError: it has a status that nobody documents, and keeps it for five minutes.
        """
        attempts = self._schedule.begin(timeout)
        try:
            with (
                self._poll.waits_for(self.id),
                progress_bar(self.operation.capitalize(), 100, unit="%") as show,
            ):
                self._watch(attempts, show)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"The job goes on. To pick it up: {self.resume_code}")
            raise
        return self

    @checked
    def result(self, timeout: Timeout | None = None) -> Result:
        """Wait until it has ended and return what came out; with a local `output`, that file is written.

        Args:
            timeout: seconds; a day by default.

        Raises:
            JobFailed: the service could not do it; `response` says why.
            JobCancelled: somebody stopped it.
            JobTimeout, JobError: as for `wait`.
            TransferError: the result could not be fetched.
        """
        self.wait(timeout)
        with self._lock:
            if self._last.status != "Success":
                raise self._failure()
            if self._result is None:
                self._result = make_result(self._spec, self.id, self._last.raw, self._storage)
            return self._result

    @property
    def resume_code(self) -> str:
        """The line that picks this job up, in this notebook or another one."""
        return f"dolby.media.job({', '.join([json.dumps(self.id), *self._spec.arguments()])})"

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result without blocking the event loop; to cancel the task stops the waiting alone."""
        return self._awaited().__await__()

    async def _awaited(self) -> Result:
        attempts = self._schedule.begin(None)
        try:
            with self._poll.waits_for(self.id):
                await self._watch_async(attempts)
            return await asyncio.to_thread(self.result)
        except asyncio.CancelledError as cancelled:
            briefly(cancelled, f"The job goes on. To pick it up: {self.resume_code}")
            raise

    async def _watch_async(self, attempts: Attempts) -> None:
        for looks in count(1):
            at_least = 0.0
            try:
                seen = await self._look_async()
                if seen.ended:
                    return
                if not attempts.tolerates(seen.unknown):
                    raise self._unknown_status(seen)
            except RETRYABLE as error:
                if not attempts.tolerates(True):
                    raise self._late(self._unseen(error.why, attempts)) from None
                at_least = _asked(error)
            if not attempts.left:
                raise self._late(TOO_LATE)
            await asyncio.sleep(max(at_least, self._schedule.policy.pause(looks)))

    async def _look_async(self) -> JobSnapshot:
        active = await asyncio.wrap_future(self._poll.look(self._freshness))
        if self.id in active.jobs:
            return self._take(active.jobs[self.id])
        return await asyncio.to_thread(self._snapshot)

    @property
    def _freshness(self) -> float:
        """The seconds that a look at all jobs may be old."""
        return 4 * self._schedule.policy.first_pause

    def _look(self, seconds: float) -> JobSnapshot:
        """Look at this job: by itself when nothing else is waited for, else with all the others."""
        if self._poll.waiting < 2:
            return within(seconds, self._snapshot)
        try:
            active = self._poll.look(self._freshness).result(seconds)
        except TimeoutError:
            raise OutOfTime(seconds) from None
        if self.id in active.jobs:
            return self._take(active.jobs[self.id])
        with self._poll.single:
            return within(seconds, self._snapshot)

    def _snapshot(self) -> JobSnapshot:
        if self._last.ended:
            return self._last
        return self._take(read_snapshot(self._api.get(self._spec.path, job_id=self.id)))

    def _take(self, snapshot: JobSnapshot) -> JobSnapshot:
        with self._looking:
            if not self._last.ended:  # an answer that was overtaken by the last one says nothing any more
                self._last = snapshot
            return self._last

    def _watch(self, attempts: Attempts, show: Show) -> None:
        def look() -> JobSnapshot:
            return self._look(max(attempts.left, SHORTEST_LOOK))

        def wish(seen: JobSnapshot | BaseException) -> float | None:
            if isinstance(seen, JobSnapshot):
                show(seen.progress)
                return 0.0 if not seen.ended and attempts.tolerates(seen.unknown) else None
            return _asked(seen) if isinstance(seen, RETRYABLE) and attempts.tolerates(True) else None

        try:
            last = run(attempts, look, wish)
        except OutOfTime:
            raise self._late("The service did not say in time how it is doing.") from None
        except RETRYABLE as error:
            raise self._late(self._unseen(error.why, attempts)) from None
        if not last.ended:
            raise self._unknown_status(last) if attempts.left else self._late(TOO_LATE)

    def _unseen(self, why: str, attempts: Attempts) -> str:
        seconds = self._schedule.policy.patience
        return f"It could not be seen for {seconds:.0f} seconds: {why}" if attempts.left else TOO_LATE

    def _late(self, why: str) -> JobTimeout:
        return JobTimeout(
            f"Still no result of {self._name}.", why, f"It goes on: {self.resume_code}", job_id=self.id
        )

    def _unknown_status(self, snapshot: JobSnapshot) -> JobError:
        return JobError(
            f"It is not clear how {self._name} is doing.",
            f"The service answers with the status {snapshot.status!r}, which is none that it documents.",
            f"Look at it later: {self.resume_code}",
            job_id=self.id,
        )

    def _failure(self) -> JobError:
        response = self._last.error
        if self._last.status == "Cancelled":
            return JobCancelled(f"Cancelled: {self._name}.", "", "Start it again.", job_id=self.id)
        why = ": ".join(filter(None, (response.title, response.detail))) or "It did not say why."
        return JobFailed(
            f"The service could not finish {self._name}.",
            f"{why} ({response.type})" if response.type else why,
            _advice(self._last.status, response),
            job_id=self.id,
            response=response,
        )

    @property
    def _name(self) -> str:
        return f"job {self.id} ({self._spec.about})"


def _asked(error: ServiceUnavailable | RateLimited | TokenUnavailable) -> float:
    """Give the seconds for which the service asked to be left alone."""
    asked = error.retry_after if isinstance(error, TokenUnavailable) else error.response.retry_after
    return min(asked or 0.0, POLL.longest_retry_after)


def _advice(status: str, response: ErrorResponse) -> str:
    if status == "InternalError":
        return "The fault is the service's: start the job again, and report it if it stays so."
    if "input-file-access" in response.type:
        return "Check that the service can read the input: temporary files are kept for a day, links expire."
    return "Correct what it names, and start a new job."
