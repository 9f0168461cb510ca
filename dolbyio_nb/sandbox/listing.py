"""`GET /media/jobs`: filters, and pages of a hundred."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dolbyio_nb.sandbox.http_error import VALIDATION, HttpError
from dolbyio_nb.sandbox.jobs import STATUSES, JobRecord

PAGE = 100


def page(jobs: list[JobRecord], query: Mapping[str, str]) -> dict[str, Any]:
    """One page of `jobs` (newest first) that pass the filters of the query."""
    tests = _tests(query)
    found = [job for job in jobs if all(test(job) for test in tests)]
    shown = found[:PAGE]
    answer = {"count": len(shown), "jobs": [job.row() for job in shown]}
    if len(found) > PAGE:
        answer["next_token"] = _token(shown[-1].number)
    return answer


def _tests(query: Mapping[str, str]) -> list[Callable[[JobRecord], bool]]:
    after = _moment(query, "submitted_after", -float("inf"))
    before = _moment(query, "submitted_before", float("inf"))
    if before < after:
        raise HttpError(VALIDATION, "submitted_before must not be earlier than submitted_after")
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise HttpError(VALIDATION, f"status must be one of {', '.join(STATUSES)}")
    job_id = query.get("job_id")
    number = _number(query.get("next_token"))
    return [
        lambda job: after <= _milliseconds(job.submitted) <= before,
        lambda job: status is None or job.status == status,
        lambda job: job_id is None or job.job_id == job_id,
        lambda job: number is None or job.number < number,
    ]


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


def _milliseconds(seconds: float) -> float:
    """Cut to what the list shows, so that a shown time used as a filter finds its own job."""
    return int(seconds * 1000) / 1000


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
