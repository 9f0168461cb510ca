"""Job runner: takes jobs from Pending to their end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dolbyio_nb.sandbox.http_error import Ending, JobFailure, broken_off, no_tools, not_processed, ordered
from dolbyio_nb.sandbox.job_files import Locations
from dolbyio_nb.sandbox.jobs import Cancelled, Job, JobBook
from dolbyio_nb.sandbox.routes import callback_place, destinations, sources
from dolbyio_nb.sandbox.storage import Store, discard
from dolbyio_nb.sandbox.worker_pool import Crew, Gate

WORKERS = 2
TOOLS = ("av", "numpy")
STOP_TIMEOUT = 2.0  # seconds that a job at work gets to notice that the sandbox stops


class Workshop:
    """Two worker threads for all jobs of one sandbox."""

    def __init__(self, book: JobBook, store: Store, gate: Gate, announce: Callable[[Job], None]) -> None:
        self._book = book
        self._store = store
        self._gate = gate
        self._locations = Locations(store)
        self._announce = announce
        self._crew: Crew | None = None
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._crew = Crew("worker", WORKERS)

    def stop(self) -> None:
        """Break off what runs, drop what waits, and say so in their records."""
        self._stopping = True
        if self._crew:
            self._crew.stop(STOP_TIMEOUT)
        for job in self._book.all():
            self._book.end(job.job_id, "InternalError", error=broken_off().error)

    def take(self, job: Job) -> None:
        """Queue a job."""
        if self._crew:
            self._crew.hand(lambda: self._do(job))

    def _do(self, pending: Job) -> None:
        job = self._book.begin(pending.job_id)
        if job is None:
            return
        try:
            result, seconds = self._attempt(job)
            ended = self._book.end(job.job_id, "Success", result=result, duration=seconds)
        except Cancelled:
            ended = self._book.end(job.job_id, "Cancelled")
        except JobFailure as failure:
            ended = self._book.end(job.job_id, failure.status, error=failure.error)
        if ended:
            self._announce(ended)

    def _attempt(self, job: Job) -> tuple[dict[str, Any], float | None]:
        """Do the work; whatever a hostile file makes the decoders raise becomes a failure in words."""
        try:
            self._tell(job, 0.0)
            self._obey(self._gate.take_ending())
            return self._work(job)
        except (Cancelled, JobFailure):
            raise
        except Exception as error:
            raise (broken_off() if self._stopping else _unforeseen(error)) from None

    def _obey(self, ending: Ending | None) -> None:
        if ending == "Cancelled":
            raise Cancelled
        if ending:
            raise ordered(ending)

    def _work(self, job: Job) -> tuple[dict[str, Any], float | None]:
        """Fetch, process, deliver; what is no longer needed is removed, however it ends."""
        places = destinations(job.body)
        for place in (*places, *callback_place(job.body)):
            self._locations.check(place)
        inputs: list[Path] = []
        outputs = [self._store.new_file(place.suffix) for place in places]
        try:
            for place in sources(job.body):
                inputs.append(self._locations.fetch(job.app, place, lambda: self._tell(job, 0.0)))
            result = _processed(job, inputs, outputs, lambda done: self._tell(job, done))
            seconds = _seconds(inputs[0])
            for place, path in zip(places, outputs, strict=True):
                self._locations.deliver(job.app, place, path, lambda: self._tell(job, 1.0))
            return result, seconds
        finally:
            for path in (*inputs, *outputs):
                discard(path)

    def _tell(self, job: Job, done: float) -> None:
        percent = int(done * 100)
        self._book.advance(job.job_id, percent)
        self._gate.wait(percent, lambda: self._stopping or self._book.is_cancelling(job.job_id))
        self._book.advance(job.job_id, percent)
        if self._stopping:
            raise broken_off()


def _unforeseen(error: Exception) -> JobFailure:
    package = error.name if isinstance(error, ImportError) else None
    return no_tools() if package in TOOLS else not_processed(error)


def _processed(
    job: Job, inputs: list[Path], outputs: list[Path], tell: Callable[[float], None]
) -> dict[str, Any]:
    from dolbyio_nb.sandbox.http_error import Refused
    from dolbyio_nb.sandbox.operations import process

    try:
        result = process(job.path, job.body, inputs, outputs, tell)
    except Refused as refusal:
        raise JobFailure(refusal.type, refusal.title, refusal.detail) from None
    json.dumps(result, allow_nan=False)  # what cannot be told should fail here, not when somebody asks
    return result


def _seconds(path: Path) -> float | None:
    """How long the media lasts by its own header; None where that does not say."""
    from dolbyio_nb.sandbox.http_error import Refused
    from dolbyio_nb.sandbox.operations.media_info import media_info

    try:
        return media_info(path)["container"]["duration"] or None
    except Refused:
        return None
