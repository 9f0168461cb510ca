"""Stages of an item that call the service: an address, the start, the result, and what became of a start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dolbyio_nb.batch.draft import JobRequest, Procedure
from dolbyio_nb.batch.item import Item
from dolbyio_nb.batch.remote import is_stored, sign, written_since
from dolbyio_nb.errors import ErrorResponse, NotFound, ServiceUnavailable, TransferError
from dolbyio_nb.http.retry import kept
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import Content
from dolbyio_nb.media.job_result import JobSpec, make_result
from dolbyio_nb.media.listing import list_jobs
from dolbyio_nb.media.locations import new_input, new_output
from dolbyio_nb.media.outputs import Target
from dolbyio_nb.media.polling import JobSnapshot, SharedPoll, read_snapshot
from dolbyio_nb.media.results import Result
from dolbyio_nb.media.transfer import Storage

MARGIN = 600.0
"""Seconds around the time of a lost answer in which its job would have been submitted: clocks differ."""


@dataclass(frozen=True)
class Service:
    """The service as a batch uses it."""

    api: Api
    storage: Storage
    poll: SharedPoll
    procedure: Procedure

    def address_to_send(self, address: str) -> str:
        """Ask for a signed address to send to."""
        return self._signed("/media/input", address)

    def address_to_fetch(self, address: str) -> str:
        """Ask for a signed address to fetch from; NotFound when nothing was written there."""
        if is_stored(address):
            return sign(address)
        return self._signed("/media/output", address)

    def draft(self, item: Item, address: Any) -> JobRequest:
        """Write the request of an item, with an output address that no other job has."""
        output = None
        if item.path and item.is_stored:
            request = self.procedure.draft(address, sign(item.path, to_write=True))
            return replace(request, outputs=(item.path,))
        if item.path:
            stem, suffix = os.path.splitext(os.path.basename(item.path))
            output = new_output(stem, suffix)
        return self.procedure.draft(address, output)

    def has_written(self, item: Item) -> bool:
        """Tell whether a job has written to the item's output since it was asked for."""
        if is_stored(item.outputs[0]):
            return written_since(item.outputs[0], item.asked)
        try:
            self.address_to_fetch(item.outputs[0])
        except NotFound:
            return False
        return True

    def start(self, request: JobRequest) -> str:
        """Start the job, once; gives its id."""
        return self.api.start(request.path, request.body)

    def look_at(self, item: Item) -> JobSnapshot:
        """See how a job is doing; what came out when it has ended, a report's content included."""
        seen = read_snapshot(self.api.get(self.procedure.path, job_id=item.job_id))
        if seen.status == "Success":
            return JobSnapshot(seen.status, seen.progress, self.content(item, seen.raw))
        return seen

    def content(self, item: Item, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Read what came out of a job, from its answer or from the report that it wrote."""
        spec = JobSpec(self.procedure.path, None, item.name, tuple(Target(one) for one in item.outputs))
        made = kept(lambda: make_result(spec, item.job_id, answer, self.storage))
        if isinstance(made, NotFound):  # not to be taken for a job that is not found
            raise TransferError(made.what, made.why, made.next_step)
        if isinstance(made, BaseException):
            raise made
        return dict(made.raw)

    def result(self, item: Item, raw: Mapping[str, Any]) -> Result:
        """Make the result of an item that is done."""
        source = Path(item.source) if isinstance(item.content, str) and os.path.exists(item.source) else None
        spec = JobSpec(self.procedure.path, source, item.name, tuple(Target(one) for one in item.outputs))
        result = make_result(spec, item.job_id, {"result": dict(raw)}, self.storage)
        if item.path and result.outputs and not item.is_stored and os.path.exists(item.path):
            result.outputs[0].path = Path(item.path)
        return result

    def cancel(self, item: Item) -> None:
        """Ask the service to stop a job."""
        self.api.post("/media/jobs/cancel", job_id=item.job_id)

    def candidates(self, asked: float) -> list[tuple[str, str]]:
        """List the jobs of this operation around a time: each one's id and status."""
        around = [datetime.fromtimestamp(asked + by, UTC) for by in (-MARGIN, MARGIN)]
        found = list_jobs(self.api, around[0], around[1])
        return [(one.id, one.status or "") for one in found if one.path == self.procedure.path]

    def _signed(self, path: str, address: str) -> str:
        answer = self.api.post(path, {"url": address})
        url = answer.get("url") if isinstance(answer, dict) else None
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            return url
        raise ServiceUnavailable(
            f"POST {path} gave no address.", ErrorResponse(200), "Try again in a minute."
        )


def is_sent(item: Item) -> bool:
    """Tell whether an item has to be sent: it is a path or bytes of this computer."""
    return isinstance(item.content, Content) or (isinstance(item.content, str) and "://" not in item.content)


def location(item: Item) -> Any:
    """Give where the service reads an item that is not sent; a store's object is signed now."""
    return sign(item.content) if is_stored(item.content) and isinstance(item.content, str) else item.content


def fresh_input(item: Item) -> str:
    """Make an address to send an item to."""
    return new_input(item.name)
