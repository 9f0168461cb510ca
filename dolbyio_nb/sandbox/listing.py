"""Listing of jobs: filters, pages of a hundred, and usage."""

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import VALIDATION, HttpError
from dolbyio_nb.sandbox.jobs import STATUSES, JobRecord, JobRecords

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
    rows: dict[str, dict[str, Any]] = {}
    for job in records.newest(app, after=since, before=until):
        row = rows.setdefault(job.path, {"path": job.path, "jobs": 0, "succeeded": 0, "failed": 0})
        row["jobs"] += 1
        row["succeeded"] += job.status == "Success"
        row["failed"] += job.status in ("Failed", "InternalError")
    return {"count": len(rows), "usage": [rows[path] for path in sorted(rows)]}


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
