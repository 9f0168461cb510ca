"""Where jobs are done: fetch the inputs, work on the sound, deliver the outputs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .apis import callback_place, destinations, sources
from .crew import Crew
from .gate import Gate
from .jobs import Cancelled, Job, JobBook, Status
from .locations import Locations, Unusable
from .store import Store, discard

WORKERS = 2
STOP_TIMEOUT = 2.0  # seconds that a job at work gets to notice that the sandbox stops
INSTALL = "This job needs sound tools that are not installed: pip install 'dolbyio_nb[sandbox]'"


def _error(type: str, title: str, detail: str) -> dict[str, Any]:
    return {"error": {"type": type, "title": title, "detail": detail}}


STOPPED = _error("/problems/internal-error", "The job was broken off", "The sandbox was stopped")


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
            self._book.end(job.job_id, "InternalError", **STOPPED)

    def take(self, job: Job) -> None:
        """Queue a job."""
        if self._crew:
            self._crew.hand(lambda: self._do(job))

    def _do(self, pending: Job) -> None:
        job = self._book.begin(pending.job_id)
        if job is None:
            return
        status, facts = self._outcome(job)
        if ended := self._book.end(job.job_id, status, **facts):
            self._announce(ended)

    def _outcome(self, job: Job) -> tuple[Status, dict[str, Any]]:
        """How a job ends: whatever a hostile file makes the decoders raise ends in words."""
        try:
            self._tell(job, 0.0)
            if ordered := self._gate.take_ending():
                return ordered, _ordered_facts(ordered)
            return "Success", self._work(job)
        except Cancelled:
            return "Cancelled", {}
        except Unusable as error:
            return "Failed", _error(error.type, error.title, error.detail)
        except ImportError:
            return "Failed", _error("/problems/missing-package", "The sandbox cannot process sound", INSTALL)
        except Exception as error:
            if self._stopping:
                return "InternalError", STOPPED
            if self._book.is_cancelling(job.job_id):
                return "Cancelled", {}
            detail = f"The file could not be processed ({type(error).__name__})"
            return "Failed", _error("/problems/processing-failed", "Processing failed", detail)

    def _work(self, job: Job) -> dict[str, Any]:
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
            return {"result": result, "duration": seconds}
        finally:
            for path in (*inputs, *outputs):
                discard(path)

    def _tell(self, job: Job, done: float) -> None:
        percent = int(done * 100)
        self._book.advance(job.job_id, percent)
        self._gate.wait(percent, lambda: self._stopping or self._book.is_cancelling(job.job_id))
        self._book.advance(job.job_id, percent)
        if self._stopping:
            raise RuntimeError("the sandbox stops")


def _processed(
    job: Job, inputs: list[Path], outputs: list[Path], tell: Callable[[float], None]
) -> dict[str, Any]:
    from .processing import Refused, process

    try:
        return process(job.path, job.body, inputs, outputs, tell)
    except Refused as refusal:
        raise Unusable(refusal.type, refusal.title, refusal.detail) from None


def _seconds(path: Path) -> float | None:
    """How long the media lasts by its own header; None where that does not say."""
    from .processing import Refused
    from .processing.media_info import media_info

    try:
        return media_info(path)["container"]["duration"] or None
    except Refused:
        return None


def _ordered_facts(status: Status) -> dict[str, Any]:
    if status == "Cancelled":
        return {}
    type = "/problems/internal-error" if status == "InternalError" else "/problems/processing-failed"
    return _error(type, "The job was made to fail", "Ordered by sandbox.faults")
