"""Job runner: takes jobs from Pending to their end, on a pool of workers, past where they are held up."""

import json
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from dolbyio_nb.sandbox.http_error import Ending, JobFailure, broken_off, no_tools, not_processed, ordered
from dolbyio_nb.sandbox.job_files import JobFiles
from dolbyio_nb.sandbox.jobs import Cancelled, JobRecord, JobRecords
from dolbyio_nb.sandbox.routes import callback_place, destinations, sources
from dolbyio_nb.sandbox.storage import ObjectStore, discard

WORKERS = 2
TOOLS = ("av", "numpy")
STOP_TIMEOUT = 2.0  # seconds that a job at work gets to notice that the sandbox stops


Task = Callable[[], None]


class WorkerPool:
    """`size` daemon threads with one queue. Tasks see to their own errors."""

    def __init__(self, name: str, size: int) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-{name}-{number}", daemon=True)
            for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> None:
        self._tasks.put(task)

    def stop(self, timeout: float) -> None:
        """Let go of what is queued; wait at most `timeout` seconds for what is running."""
        while not self._tasks.empty():
            self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout / len(self._threads))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


class Hold:
    """Where jobs are held up: every job of one sandbox passes here at each step."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held_at: int | None = None
        self._endings: deque[Ending] = deque()

    def hold(self, at: int) -> None:
        """Let nothing past this percentage."""
        with self._changed:
            self._held_at = at

    def release(self) -> None:
        with self._changed:
            self._held_at = None
            self._changed.notify_all()

    def end_next(self, status: Ending) -> None:
        self._endings.append(status)

    def clear(self) -> None:
        self._endings.clear()
        self.release()

    def take_ending(self) -> Ending | None:
        """The ending ordered for the job that starts now."""
        try:
            return self._endings.popleft()
        except IndexError:
            return None

    def wait(self, percent: int, give_up: Callable[[], bool]) -> None:
        """Wait while jobs are held; `give_up` is asked every 50 ms."""
        with self._changed:
            while self._held_at is not None and percent >= self._held_at and not give_up():
                self._changed.wait(0.05)


class JobRunner:
    """Two worker threads for all jobs of one sandbox."""

    def __init__(
        self, jobs: JobRecords, store: ObjectStore, hold: Hold, notify: Callable[[JobRecord], None]
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._hold = hold
        self._files = JobFiles(store)
        self._notify = notify
        self._pool: WorkerPool | None = None
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._pool = WorkerPool("worker", WORKERS)

    def stop(self) -> None:
        """Break off what runs, drop what waits, and say so in their records."""
        self._stopping = True
        if self._pool:
            self._pool.stop(STOP_TIMEOUT)
        for job in self._jobs.all():
            self._jobs.end(job.job_id, "InternalError", error=broken_off().error)

    def submit(self, job: JobRecord) -> None:
        """Queue a job."""
        if self._pool:
            self._pool.submit(lambda: self._run(job))

    def _run(self, pending: JobRecord) -> None:
        job = self._jobs.begin(pending.job_id)
        if job is None:
            return
        try:
            result, seconds = self._attempt(job)
            ended = self._jobs.end(job.job_id, "Success", result=result, duration=seconds)
        except Cancelled:
            ended = self._jobs.end(job.job_id, "Cancelled")
        except JobFailure as failure:
            ended = self._jobs.end(job.job_id, failure.status, error=failure.error)
        if ended:
            self._notify(ended)

    def _attempt(self, job: JobRecord) -> tuple[dict[str, Any], float | None]:
        """Do the work; whatever a hostile file makes the decoders raise becomes a failure in words."""
        try:
            self._advance(job, 0.0)
            self._obey(self._hold.take_ending())
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

    def _work(self, job: JobRecord) -> tuple[dict[str, Any], float | None]:
        """Fetch, process, deliver; what is no longer needed is removed, however it ends."""
        places = destinations(job.body)
        for place in (*places, *callback_place(job.body)):
            self._files.check(place)
        inputs: list[Path] = []
        outputs = [self._store.new_file(place.suffix) for place in places]
        try:
            for place in sources(job.body):
                inputs.append(self._files.fetch(job.app, place, lambda: self._advance(job, 0.0)))
            result = _processed(job, inputs, outputs, lambda done: self._advance(job, done))
            seconds = _seconds(inputs[0])
            for place, path in zip(places, outputs, strict=True):
                self._files.deliver(job.app, place, path, lambda: self._advance(job, 1.0))
            return result, seconds
        finally:
            for path in (*inputs, *outputs):
                discard(path)

    def _advance(self, job: JobRecord, done: float) -> None:
        percent = int(done * 100)
        self._jobs.advance(job.job_id, percent)
        self._hold.wait(percent, lambda: self._stopping or self._jobs.is_cancelling(job.job_id))
        self._jobs.advance(job.job_id, percent)
        if self._stopping:
            raise broken_off()


def _unforeseen(error: Exception) -> JobFailure:
    package = error.name if isinstance(error, ImportError) else None
    return no_tools() if package in TOOLS else not_processed(error)


def _processed(
    job: JobRecord, inputs: list[Path], outputs: list[Path], tell: Callable[[float], None]
) -> dict[str, Any]:
    from dolbyio_nb.sandbox.http_error import Refused
    from dolbyio_nb.sandbox.operations import process

    try:
        result = process(job.path, job.body, inputs, outputs, tell)
    except Refused as refusal:
        raise JobFailure(refusal.type, refusal.title, refusal.detail) from None
    json.dumps(result, allow_nan=False)  # what cannot be told should fail here, not when somebody asks
    answer: dict[str, Any] = whole_numbers(result)
    return answer


def whole_numbers(value: Any) -> Any:
    """The value as the service's answers write it: 30, not 30.0."""
    if isinstance(value, dict):
        return {name: whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _seconds(path: Path) -> float | None:
    """How long the media lasts by its own header; None where that does not say."""
    from dolbyio_nb.errors import SoundError
    from dolbyio_nb.sandbox.operations.media_info import media_info

    try:
        return media_info(path)["container"]["duration"] or None
    except SoundError:
        return None
