"""Account: the jobs of the last 31 days, page by page, and the webhook that every job's end calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import ErrorResponse, NotFound
from dolbyio_nb.http.redact import scrub, scrub_all
from dolbyio_nb.media.api import Api, Model, dig, items, opaque
from dolbyio_nb.media.locations import shown

Moment = datetime | str
"""A time: a `datetime` (without a zone it is this computer's), or ISO 8601."""
MOST_PAGES = 10_000
"""Pages after which a list has no end."""


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
    query = {"submitted_after": _iso(after), "submitted_before": _iso(before), "status": status}
    for page in _pages(api, "/media/jobs", query):
        yield from JobRecord.read_all(dig(page, "jobs"))


def list_usage(api: Api, since: Moment | None, until: Moment | None) -> Iterator[Mapping[str, Any]]:
    """Read how many jobs of each API there were; rows as they come, since nobody documents their names."""
    for page in _pages(api, "/media/usage", {"from": _iso(since), "to": _iso(until)}):
        rows = page if isinstance(page, list) else dig(page, "usage") or dig(page, "jobs")
        yield from (scrub_all(row) for row in items(rows) if isinstance(row, Mapping))


def _pages(api: Api, path: str, query: Mapping[str, str | None]) -> Iterator[Any]:
    """Ask page by page, until there is no further one, or one that was there already."""
    seen: set[str | None] = {None}
    token: str | None = None
    while len(seen) <= MOST_PAGES:
        page = api.get(path, **query, next_token=token)
        yield page
        token = opaque(dig(page, "next_token")) or None
        if token in seen:
            return
        seen.add(token)


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


PATH = "/media/webhooks"


@dataclass(frozen=True)
class WebhookInfo:
    """A webhook as the service has it. Its headers may be secrets, so they are not shown."""

    id: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return scrub(f"{self.id} calling {shown(self.url)}")


class Webhook:
    """The one webhook that an application can have."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, webhook_id: str | None = None) -> WebhookInfo | None:
        """Give the webhook, or None when there is none."""
        try:
            answer = self._api.get(PATH, id=webhook_id)
        except NotFound:
            return None
        # The service's how-to shows a list, its clients read one object.
        return _read(next(iter(answer), None) if isinstance(answer, list) else answer)

    def set(self, url: str, headers: Mapping[str, str] | None = None) -> str:
        """Have the service POST every job's end to `url`, in place of what was set before; gives the id."""
        body = {"callback": {"url": url, "headers": dict(headers or {})}}
        known = self.get()
        answer = self._api.put(PATH, body, id=known.id) if known else self._api.post(PATH, body)
        return opaque(dig(answer, "webhook_id")) or (known.id if known else "")

    def delete(self, webhook_id: str | None = None) -> None:
        """Remove the webhook; nothing happens when there is none."""
        known = webhook_id or getattr(self.get(), "id", None)
        if known:
            self._api.delete(PATH, id=known)


def _read(raw: object) -> WebhookInfo | None:
    webhook_id = opaque(dig(raw, "webhook_id"))
    if not webhook_id:
        return None
    headers = dig(raw, "callback", "headers")
    return WebhookInfo(
        webhook_id,
        opaque(dig(raw, "callback", "url")),
        {str(name): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {},
    )
