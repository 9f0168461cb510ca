"""Scheduler of a batch: one thread that moves items from stage to stage, within limits."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.batch.executors import Carrier, DaemonExecutor
from dolbyio_nb.batch.item import FINAL, Item, State
from dolbyio_nb.batch.journal import Journal
from dolbyio_nb.batch.moves import End, Go, Move, Pause, Stop, decide
from dolbyio_nb.batch.pacing import RETRYABLE, CommonPause, LookPace
from dolbyio_nb.batch.reconcile import reconcile
from dolbyio_nb.batch.stages import Service, fresh_input, location
from dolbyio_nb.batch.work import CARRIED, SENDING, Stage, Work, begin
from dolbyio_nb.http.retry import POLL, RetryPolicy, kept
from dolbyio_nb.media.polling import ActiveJobs

CALLS = 8
"""Calls to the service at the same time: enough for a hundred files a second, few for a service."""
COMMIT = 0.2
"""Seconds after which what was written is safe on the disk, where nothing asks for it at once."""
GRACE = 15.0
"""Seconds that a run which is stopped waits for the ids of jobs that are being started."""


@dataclass(frozen=True)
class Limits:
    """How many files are sent at once, and how many are between their first byte and their result."""

    uploads: int = 16
    in_flight: int = 200


class Scheduler:
    """Moves items from stage to stage until all have ended, or it is stopped."""

    def __init__(
        self,
        service: Service,
        journal: Journal,
        carrier: Carrier,
        limits: Limits,
        ended: Callable[[Item], None],
        *,
        policy: RetryPolicy = POLL,
        clock: Clock = now,
    ) -> None:
        self._service, self._journal, self._carrier, self._limits = service, journal, carrier, limits
        self._ended, self._clock = ended, clock
        self._pause, self._pace = CommonPause(clock, policy), LookPace(clock, policy)
        self._calls = DaemonExecutor(CALLS, "dolbyio-call")
        self._events: SimpleQueue[tuple[Work | None, Any]] = SimpleQueue()
        self._ready: dict[bool, deque[Work]] = {True: deque(), False: deque()}  # by whether it is carried
        self._later: list[tuple[float, int, Work]] = []
        self._numbers = count()
        self._busy: dict[bool, set[Work]] = {True: set(), False: set()}
        self._waiting: dict[str, Work] = {}
        self._sending = self._active = self._successes = 0
        self._looking = self._stopping = False
        self._error: BaseException | None = None
        self._commit_at = 0.0

    def stop(self) -> None:
        """Begin nothing more; the run returns once it knows the ids of jobs that are being started."""
        self._stopping = True
        self._events.put((None, None))

    def run(self, items: Iterable[Item]) -> None:
        """Move all items that have not ended, until they have.

        Raises:
            DolbyError: no item could go on: the log-in is refused, the journal cannot be written, the service
                is out of reach for minutes. Another run goes on where this one ended.
        """
        new = iter([item for item in items if item.state not in FINAL])
        try:
            while self._turn(new):
                pass
            self._wait_for_starts()
            self._journal.commit()
        finally:
            self._let_go()
        if self._error:
            raise self._error

    def _turn(self, new: Any) -> bool:
        self._begin_items(new)
        self._look()
        self._submit()
        if self._stopping or self._error or not self._active:
            return False
        self._handle()
        return True

    def _begin_items(self, new: Any) -> None:
        while self._active < self._limits.in_flight and self._sending < self._limits.uploads + 2:
            item = next(new, None)
            if item is None:
                return
            self._active += 1
            self._go(begin(item), None)

    def _go(self, work: Work, stage: Stage | None, seconds: float = 0.0) -> None:
        """Bring a work to a stage; None for the one that it is in."""
        before, work.stage = work.stage, stage or work.stage
        self._sending += (work.stage in SENDING) - (before in SENDING and stage is not None)
        if seconds:
            heapq.heappush(self._later, (self._clock() + seconds, next(self._numbers), work))
        elif work.stage == Stage.WAIT:
            self._wait_for(work)
        else:
            self._ready[work.stage in CARRIED].append(work)

    def _wait_for(self, work: Work) -> None:
        work.since = self._clock() + (2.0 ** min(work.looks, 5) - 1 if work.looks else 0.0)
        if work.item.job_id not in self._waiting:
            self._service.poll.add(work.item.job_id)
            self._waiting[work.item.job_id] = work

    def _look(self) -> None:
        """Look at all jobs, if it is time for it."""
        if not self._waiting or self._looking or self._pace.left or self._pause.left:
            return
        self._looking = True
        look = self._service.poll.look(self._pace.shortest / 2)
        look.add_done_callback(lambda future: self._events.put((None, kept(future.result))))

    def _looked(self, seen: ActiveJobs) -> None:
        ended = [
            work for job, work in self._waiting.items() if job not in seen.jobs and work.since <= seen.moment
        ]
        for job in self._waiting.keys() & seen.jobs.keys():
            self._waiting[job].item.progress = seen.jobs[job].progress
        for work in ended:
            self._waiting.pop(work.item.job_id)
            self._service.poll.remove(work.item.job_id)
            work.looks += 1
            self._go(work, Stage.RESULT)
        self._pace.looked(bool(ended))

    def _submit(self) -> None:
        """Hand out what is ready; what is to be started is written down, on the disk, before that."""
        while self._later and self._later[0][0] <= self._clock():
            work = heapq.heappop(self._later)[2]
            self._ready[work.stage in CARRIED].append(work)
        chosen = self._choose(True, self._limits.uploads)
        if not self._pause.left:
            chosen += self._choose(False, CALLS)
        chosen = [work for work in chosen if work.stage != Stage.START or self._drafted(work)]
        self._commit(any(work.stage == Stage.START for work in chosen))
        for work in chosen:
            self._hand_out(work)

    def _choose(self, carried: bool, most: int) -> list[Work]:
        busy, ready = self._busy[carried], self._ready[carried]
        chosen = [ready.popleft() for _ in range(min(most - len(busy), len(ready)))]
        busy.update(chosen)
        return chosen

    def _commit(self, at_once: bool) -> None:
        if at_once or self._clock() >= self._commit_at:
            self._journal.commit()
            self._commit_at = self._clock() + COMMIT

    def _drafted(self, work: Work) -> bool:
        """Write a start down; what cannot be asked for fails alone."""
        if work.request is None:
            request = kept(lambda: self._service.draft(work.item, work.address or location(work.item)))
            if isinstance(request, BaseException):
                self._events.put((work, request))
                return False
            work.request, work.item.outputs = request, request.outputs
        work.item.state, work.item.asked = State.ASKED, time.time()
        self._journal.write(work.item)
        return True

    def _hand_out(self, work: Work) -> None:
        future = kept(lambda: self._future(work))
        if isinstance(future, BaseException):
            self._events.put((work, future))
        else:
            future.add_done_callback(lambda done: self._events.put((work, kept(done.result))))

    def _future(self, work: Work) -> Any:
        item, service = work.item, self._service
        match work.stage:
            case Stage.SEND:
                return self._carrier.send(work.url, item.content)
            case Stage.FETCH:
                return self._carrier.fetch(work.url, item.path or "")
            case Stage.ADDRESS:
                work.address = fresh_input(item)
                return self._calls.submit(service.address_to_send, work.address)
            case Stage.START:
                return self._calls.submit(service.start, work.request)
            case Stage.RESULT:
                return self._calls.submit(service.look_at, item)
            case Stage.FETCH_ADDRESS:
                return self._calls.submit(service.address_to_fetch, item.outputs[0])
        return self._calls.submit(reconcile, service, item, self._journal.job_ids())

    def _handle(self) -> None:
        """Wait for an event, and take all that have come meanwhile."""
        try:
            event = self._events.get(timeout=self._patience())
            while True:
                self._take(*event)
                event = self._events.get_nowait()
        except Empty:
            return

    def _patience(self) -> float:
        waits = [COMMIT if self._commit_at else 1.0]
        if self._later:
            waits.append(self._later[0][0] - self._clock())
        if self._waiting and not self._looking:
            waits.append(max(self._pace.left, self._pause.left))
        if self._ready[False] and len(self._busy[False]) < CALLS:
            waits.append(self._pause.left)
        return max(0.0, min(waits))

    def _take(self, work: Work | None, outcome: Any) -> None:
        if work is not None:
            self._busy[work.stage in CARRIED].discard(work)
            self._apply(work, outcome)
        elif outcome is not None:
            self._looking = False
            self._looked(outcome) if isinstance(outcome, ActiveJobs) else self._not_seen(outcome)

    def _not_seen(self, error: BaseException) -> None:
        if not isinstance(error, RETRYABLE) or not self._pause.failed(error):
            self._error = self._error or error
        self._pace.looked(False)

    def _apply(self, work: Work, outcome: Any) -> None:
        self._count(work, outcome)
        before = work.item.state
        move: Move = decide(work, outcome)
        match move:
            case Go(stage, seconds):
                self._go(work, stage, seconds)
            case Pause(error):
                self._not_started(work)
                self._go(work, work.stage)
                if not self._pause.failed(error):
                    self._error = self._error or error
            case Stop(error):
                self._not_started(work)
                self._error = self._error or error
            case End(state, reason):
                self._end(work, state, reason)
        if work.item.state != before or work.stage == Stage.FETCH_ADDRESS:
            self._write(work, outcome)

    def _not_started(self, work: Work) -> None:
        """Take back what was written of a start that was refused."""
        if work.stage == Stage.START:
            work.item.state = State.NEW

    def _count(self, work: Work, outcome: Any) -> None:
        if work.stage in CARRIED:
            return
        if not isinstance(outcome, BaseException):
            self._successes += 1
            self._pause.succeeded()
        elif isinstance(outcome, RETRYABLE) and self._successes > work.seen:
            work.seen, work.failures = self._successes, work.failures + 1

    def _write(self, work: Work, outcome: Any) -> None:
        raw = getattr(outcome, "raw", None) if work.item.state != State.FAILED else None
        self._journal.write(work.item, raw)
        if work.item.state == State.RUNNING:
            self._commit_at = 0.0  # the id of a job that costs

    def _end(self, work: Work, state: State, reason: Any) -> None:
        self._active -= 1
        self._sending -= work.stage in SENDING
        work.item.state, work.item.reason = state, reason
        self._ended(work.item)

    def _wait_for_starts(self) -> None:
        end = self._clock() + GRACE
        while any(work.stage == Stage.START for work in self._busy[False]) and self._clock() < end:
            self._handle()

    def _let_go(self) -> None:
        for job in self._waiting:
            self._service.poll.remove(job)
        self._waiting.clear()
        self._calls.shutdown()
        self._carrier.close()
