"""The jobs of the last 31 days, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import ErrorResponse, NotFound
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.parse import Model, dig, items, text

Moment = datetime | str
"""A time: a `datetime` (without a zone it is this computer's), or ISO 8601."""


@dataclass(frozen=True)
class JobRecord(Model):
    """One line of the list of jobs: `duration` is the sound's in seconds, times are ISO 8601 in UTC."""

    job_id: str | None = None
    path: str | None = None
    status: str | None = None
    progress: int | None = None
    duration: float | None = None
    time_submitted: str | None = None
    time_started: str | None = None
    time_completed: str | None = None
    expiry: str | None = None
    api_version: str | None = None

    @property
    def id(self) -> str:
        """The job's id, as `Job` has it."""
        return self.job_id or ""


def list_jobs(
    api: Api, after: Moment | None = None, before: Moment | None = None, status: str | None = None
) -> Iterator[JobRecord]:
    """Read the list, asking for a further page only when it is wanted."""
    token: str | None = None
    while True:
        page = api.get(
            "/media/jobs",
            submitted_after=_iso(after),
            submitted_before=_iso(before),
            status=status,
            next_token=token,
        )
        yield from JobRecord.read_all(dig(page, "jobs"))
        last, token = token, text(dig(page, "next_token"))
        if not token or token == last:
            return


def find_job(api: Api, job_id: str) -> JobRecord:
    """Read the line of one job."""
    found = JobRecord.read_all(items(dig(api.get("/media/jobs", job_id=job_id), "jobs")))
    record = next((one for one in found if one.job_id == job_id), None)
    if record is None or not record.path:
        response = ErrorResponse(404, "No such job", "the list of jobs does not have it")
        raise NotFound(f"There is no job {job_id}.", response, _why_gone(api))
    return record


def _why_gone(api: Api) -> str:
    if is_local_origin(api.origin):
        return "A sandbox's jobs end with it, and this one began anew; check the id, or start the job again."
    return "Jobs are kept for 31 days; check the id."


def _iso(moment: Moment | None) -> str | None:
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
