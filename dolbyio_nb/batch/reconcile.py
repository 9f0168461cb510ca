"""Reconciling a start whose answer was lost: what the service shows of it, without guessing."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from dolbyio_nb.batch.item import Item, Reason
from dolbyio_nb.batch.stages import Service
from dolbyio_nb.media.polling import ACTIVE

SETTLED = 60.0
"""Seconds after which a start that was sent has arrived, or never will."""


class Finding(Enum):
    """What became of a start."""

    FINISHED = "its output is there"
    ACTIVE = "it is too early to tell, or a job that may be it goes on"
    ABSENT = "no such job"
    OPEN = "nobody can tell"


@dataclass(frozen=True)
class Verdict:
    """A finding, and the jobs that may be the one."""

    finding: Finding
    candidates: tuple[str, ...] = ()


def reconcile(service: Service, item: Item, known: Collection[str]) -> Verdict:
    """Look for the job of an item by the output that only it writes; never by its time or size.

    The list is read before the output is looked for: a job that ends meanwhile has then written it.
    """
    others = [(job, status) for job, status in service.candidates(item.asked) if job not in known]
    names = tuple(job for job, _ in others)
    if item.outputs and service.has_written(item):
        return Verdict(Finding.FINISHED)
    if time.time() - item.asked < SETTLED:
        return Verdict(Finding.ACTIVE, names)
    if not item.outputs:
        return Verdict(Finding.OPEN, names)
    if any(status in ACTIVE for _, status in others):
        return Verdict(Finding.ACTIVE, names)
    bad = tuple(job for job, status in others if status != "Success")
    return Verdict(Finding.OPEN, bad) if bad else Verdict(Finding.ABSENT)


def unsure(verdict: Verdict) -> Reason:
    """Say why it is not known, and what may be done."""
    jobs = ", ".join(verdict.candidates[:3]) + ("…" if len(verdict.candidates) > 3 else "")
    seen = f"Jobs of that time that it may be: {jobs}." if jobs else "The service lists no job of that time."
    return Reason(
        "It is not known whether its job was started.",
        f"The answer was lost. {seen}",
        "Look at dolby.media.jobs(); to start it (again): batch.retry(unsure=True)",
    )
