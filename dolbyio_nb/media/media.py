"""The Media APIs: send a file, have something done to it, fetch what came out."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.arguments import checked
from dolbyio_nb.media.inputs import Local, Source, read_content, read_input
from dolbyio_nb.media.job_result import JobSpec
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.ledger import find_entry
from dolbyio_nb.media.listing import JobRecord, Moment, Webhook, find_job, list_jobs, list_usage
from dolbyio_nb.media.locations import from_here, local_path, name_of, new_input, remote_location
from dolbyio_nb.media.operations import Operations
from dolbyio_nb.media.outputs import Destination, Target, check_free, check_writable, file_for
from dolbyio_nb.media.parameters import Status
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.media.transfer import Storage

if TYPE_CHECKING:
    import requests

    from dolbyio_nb.batch import Batch


class Media(Operations):
    """The Media APIs of one log-in.

    In every method `source` is a path, bytes, a file open for reading bytes, samples with their rate
    (`(samples, rate)`), an `IPython.display.Audio`, an earlier result, a `dlb://`, `https://` or `s3://`
    address, or a mapping `{"url": ..., "auth": {...}}`. What is on this computer is sent first. `output` is a
    path on this computer, which `job.result()` writes, or an address or mapping that the service writes to;
    by default the result stays in Dolby.io's temporary storage for a day. Options have the names of Dolby's
    documents; what a method does not know is refused before anything is sent.

    Attributes:
        webhook: the application's webhook.
    """

    def __init__(
        self, session: "requests.Session", media_url: str, *, schedule: PollSchedule | None = None
    ) -> None:
        api, schedule = Api(session, media_url), schedule or PollSchedule()
        super().__init__(api, Storage(api, schedule.sleep), schedule)
        self.webhook = Webhook(api)

    def __repr__(self) -> str:
        return f"<Media at {self._api.origin}>"

    def close(self) -> None:
        """Close the connections to storage that are kept; the next transfer opens new ones."""
        self._storage.session.close()

    def upload(self, source: Local, name: str | None = None) -> str:
        """Send something to Dolby.io's temporary storage and give its `dlb://` address, good for a day.

        Args:
            source: a path, bytes, or a file open for reading bytes, which is read from where it stands.
            name: a file name for what has none, or a whole `dlb://` address; by default every upload gets an
                address of its own.

        Raises:
            TransferError: there is no such file, or it did not arrive.
        """
        chosen = name if name and name.startswith("dlb://") else None
        content = read_content(source, name_of(chosen) if chosen else name)
        address = chosen or new_input(content.name)
        self._storage.upload(content, address)
        return address

    def download(self, address: str, path: str | os.PathLike[str]) -> Path:
        """Fetch what is under a `dlb://` address into a file (or into a folder that is there).

        Raises:
            TransferError: it did not arrive whole; no half file is left.
            NotFound: it is not, or no longer, there.
        """
        target = local_path(path)
        return self._storage.download(address, target / name_of(address) if os.path.isdir(target) else target)

    @checked
    def jobs(
        self,
        *,
        submitted_after: Moment | None = None,
        submitted_before: Moment | None = None,
        status: Status | None = None,
    ) -> Iterator[JobRecord]:
        """Go through the jobs of the last 31 days; `pandas.DataFrame(media.jobs())` makes a table of them.

        Args:
            submitted_after, submitted_before: a `datetime` or ISO 8601, both inclusive.
            status: `Pending`, `Running`, `Success`, `Failed`, `Cancelled` or `InternalError`.
        """
        return list_jobs(self._api, submitted_after, submitted_before, status)

    @checked
    def usage(self, since: Moment | None = None, until: Moment | None = None) -> Iterator[Mapping[str, Any]]:
        """Go through how many jobs of each API there were; `pandas.DataFrame(media.usage())` is a table.

        Args:
            since, until: a `datetime` or ISO 8601, both inclusive, at most a year apart; by default the last
                day. The rows have the service's own names, which are not documented.
        """
        return list_usage(self._api, since, until)

    @checked
    def job(
        self,
        job_id: str | JobRecord,
        path: str | None = None,
        *,
        output: Destination | list[Destination] | None = None,
        source: Source | None = None,
    ) -> Job:
        """Pick up a job that was started before, here or elsewhere.

        What was started on this computer is known from the user's ledger, so that the id is enough.

        Args:
            job_id: its id, or its line in `jobs()`.
            path: its API, such as `/media/enhance`; found in the ledger or the list of jobs by default.
            output: where it writes, which the service does not tell, and `result()` needs for what is in a
                file; or, for a job of this computer, a path to write the result to.
            source: the original, for showing both.

        Raises:
            NotFound: there is no such job.
            InvalidOption: `output` is a path, and it is not known where the job writes.
        """
        found = job_id if isinstance(job_id, JobRecord) else None
        id_ = found.id if found else str(job_id)
        entry = find_entry(id_)
        if found is None and path is None and entry is None:
            found = find_job(self._api, id_)
        known = JobSpec.of(entry) if entry else JobSpec((found and found.path) or "")
        spec = _job_spec(replace(known, path=path or known.path), output, source)
        return Job(self._api, self._storage, spec, id_, self._schedule, self._poll)

    def batch(
        self,
        sources: Any,
        operation: str,
        *,
        output: str | os.PathLike[str] | None = None,
        executor: Any = None,
        journal: str | os.PathLike[str] | None = None,
        uploads: int = 16,
        in_flight: int = 200,
        known_by: Literal["path", "content"] = "path",
        **options: Any,
    ) -> "Batch":
        """Prepare one operation for many files; `run()` does it, and goes on where an earlier run ended.

        Args:
            sources: a glob (`"recordings/**/*.wav"`), a folder, or a list or column of anything that a single
                operation takes; `"s3://bucket/*.wav"` is listed and signed here with fsspec.
            operation: `enhance`, `diagnose`, `analyze` and so on, as the methods are called.
            output: where results go on this computer: `"better/{stem}.wav"`, with `{stem}`, `{name}`,
                `{parent}` and `{suffix}` of each source.
            executor: what carries the bytes: a number of threads, an executor of `concurrent.futures`, or a
                client of Dask, whose workers see the same folders. They are sent paths and signed addresses
                of one object each, never the token.
            journal: the file in which each step is noted; by default `dolby-batch-<operation>.sqlite3` here.
            uploads: files that are sent at once.
            in_flight: files that are anywhere between their first byte and their result.
            known_by: `path` (with size and time), or `content`, by which a renamed file is still known.
            options: those of the operation.

        Raises:
            InvalidOption: nothing matches, two results would be one file, or an option is not what it can be.
            BatchError: the journal is in use, or is another kind of file.
        """
        from dolbyio_nb.batch.batch import Batch

        return Batch(
            self._api,
            self._storage,
            self._poll,
            self._schedule,
            sources,
            operation,
            output=output,
            executor=executor,
            journal=journal,
            uploads=uploads,
            in_flight=in_flight,
            known_by=known_by,
            options=options,
        )

    def cancel(self, job: Job | JobRecord | str) -> bool:
        """Ask the service to stop a job; see `Job.cancel`."""
        return (job if isinstance(job, Job) else self.job(job)).cancel()


def _job_spec(
    known: JobSpec, output: Destination | list[Destination] | None, source: Source | None
) -> JobSpec:
    read = read_input(source) if source is not None else None
    places = output if isinstance(output, list) else [] if output is None else [output]
    targets = tuple(_target(place, known, count) for count, place in enumerate(places)) or known.targets
    name = read.name if read else known.name or (name_of(targets[0].location) if targets else "")
    return replace(known, source=read.path if read else known.source, name=name, targets=targets)


def _target(place: Destination, known: JobSpec, count: int) -> Target:
    """Read where a job writes; a path on this computer is where that is wanted here."""
    if (location := remote_location(place)) is not None:
        return Target(location)
    if count >= len(known.targets):
        raise InvalidOption(
            "It is not known where this job writes its result.",
            "The service does not tell, and the job was not started on this computer in the last 31 days.",
            'Name it: output="dlb://...", and save the result: .result().save("local.wav").',
        )
    location = known.targets[count].location
    path = from_here(file_for(cast("str | os.PathLike[str]", place), name_of(location)))
    check_writable(path)
    check_free(path)
    return Target(location, path)
