"""Moves of an item: what follows from the outcome of a stage. No thread, clock or network here."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Any

from dolbyio_nb.batch.carry import Carried
from dolbyio_nb.batch.item import Item, Reason, State, is_refused
from dolbyio_nb.batch.pacing import NOT_STARTED, RETRYABLE
from dolbyio_nb.batch.reconcile import Finding, Verdict, unsure
from dolbyio_nb.batch.stages import is_sent
from dolbyio_nb.batch.work import CARRIED, Stage, Work
from dolbyio_nb.errors import (
    BatchError,
    DolbyError,
    MissingPackage,
    NotFound,
    NotLoggedIn,
    TokenRefused,
)
from dolbyio_nb.http.retry import TRANSFER
from dolbyio_nb.media.polling import JobSnapshot

MOST_FAILURES = 5
"""How often a call for one item may fail while others get through."""
LOOK_AGAIN = 10.0
"""Seconds between two looks for a job that may have been started."""


@dataclass(frozen=True)
class Go:
    """On to a stage, at once or in some seconds."""

    stage: Stage
    seconds: float = 0.0


@dataclass(frozen=True)
class Pause:
    """The service is in trouble or wants a rest: everybody waits, then the same stage again."""

    error: DolbyError


@dataclass(frozen=True)
class End:
    """The item's last state."""

    state: State
    reason: Reason | None = None


@dataclass(frozen=True)
class Stop:
    """The run ends for all items, with this error."""

    error: BaseException


Move = Go | Pause | End | Stop


def decide(work: Work, outcome: Any) -> Move:
    """Say what follows; what the next stage needs is noted in `work` and its item."""
    if isinstance(outcome, BaseException):
        return _failed(work, outcome)
    match work.stage:
        case Stage.ADDRESS:
            work.url = outcome
            return Go(Stage.SEND)
        case Stage.SEND:
            return _carried(work, outcome, Go(Stage.START), Stage.ADDRESS, "was not sent")
        case Stage.START:
            work.item.job_id, work.item.state = outcome, State.RUNNING
            return Go(Stage.WAIT)
        case Stage.RESULT:
            return _looked(work, outcome)
        case Stage.FETCH_ADDRESS:
            work.url = outcome
            return Go(Stage.FETCH)
        case Stage.FETCH:
            return _carried(work, outcome, End(State.DONE), Stage.FETCH_ADDRESS, "was not fetched")
    return _checked(work, outcome)


def _failed(work: Work, error: BaseException) -> Move:
    if not isinstance(error, Exception) or is_refused(error) or isinstance(error, FOR_ALL):
        return Stop(error)
    if work.stage == Stage.RESULT and isinstance(error, NotFound):
        return _start_over(work)
    if isinstance(error, BrokenExecutor) or work.stage in CARRIED:
        return Stop(_lost(error))  # what is carried raises nothing of its own
    if work.stage == Stage.START and isinstance(error, RETRYABLE) and not isinstance(error, NOT_STARTED):
        return Go(Stage.CHECK)
    if isinstance(error, RETRYABLE) and work.failures < MOST_FAILURES:
        return Pause(error)
    return End(State.FAILED, Reason.of(error))


def _start_over(work: Work) -> Move:
    """Start a job that the service has forgotten: after 31 days, or with a sandbox that is gone."""
    work.item.job_id, work.item.state, work.request = "", State.NEW, None
    return Go(Stage.ADDRESS if is_sent(work.item) else Stage.START)


FOR_ALL = (NotLoggedIn, TokenRefused, MissingPackage, BatchError)
"""What would be the same for every other item."""


def _lost(error: Exception) -> BatchError:
    broken = isinstance(error, BrokenExecutor)
    why = "a worker was killed, or ran out of memory" if broken else "it was closed, or its cluster is gone"
    return BatchError(
        "The executor takes no more work.",
        f"It says {type(error).__name__}: {why}.",
        "What is done is kept: make a new executor, and go on with batch.run(executor=...)",
    )


def _carried(work: Work, outcome: Carried, well: Move, again: Stage, what: str) -> Move:
    status, asked, said = outcome
    if status == 200:
        work.failures = 0
        return well
    work.failures += 1
    wish = TRANSFER.wish(status, asked)
    if wish is not None and work.failures < TRANSFER.attempts:
        return Go(again, max(wish, TRANSFER.pause(work.failures)))
    why, _, advice = (said or f"The storage answered {status}.").partition("\n")
    if status < 0 and advice:  # an error of a source, whole
        more, _, next_step = advice.partition("\n")
        return End(State.FAILED, Reason(why, more, next_step))
    return End(State.FAILED, Reason(f"{work.item.name} {what}.", why, "Try again: batch.retry()"))


def _looked(work: Work, seen: JobSnapshot) -> Move:
    work.item.progress = seen.progress
    if seen.status == "Success":
        return _finished(work.item) if work.item.outputs else End(State.DONE)
    if not seen.ended:
        return Go(Stage.WAIT)
    return End(State.FAILED, _reason(work, seen))


def _finished(item: Item) -> Move:
    """Fetch what is wanted here; what the service wrote to a store is where it should be."""
    return Go(Stage.FETCH_ADDRESS) if item.path and not item.is_stored else End(State.DONE)


def _reason(work: Work, seen: JobSnapshot) -> Reason:
    said = seen.error
    why = ": ".join(filter(None, (said.title, said.detail))) or f"Its status is {seen.status}."
    return Reason(f"The job of {work.item.name} has no result.", why, "Start it again: batch.retry()", True)


def _checked(work: Work, verdict: Verdict) -> Move:
    match verdict.finding:
        case Finding.FINISHED:
            return _finished(work.item)
        case Finding.ACTIVE:
            return Go(Stage.CHECK, LOOK_AGAIN)
        case Finding.ABSENT:
            return Go(Stage.START) if work.request else _start_over(work)
    return End(State.UNSURE, unsure(verdict))
