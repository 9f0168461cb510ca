"""Batch: one operation for many files, which survives every crash without paying twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from dolbyio_nb._util.threads import brief_interrupt, briefly
from dolbyio_nb.batch.draft import Procedure
from dolbyio_nb.batch.estimate import hours_of_sound, in_words
from dolbyio_nb.batch.executors import choose_carrier
from dolbyio_nb.batch.frame import table
from dolbyio_nb.batch.item import FINAL, Item, State
from dolbyio_nb.batch.journal import Journal
from dolbyio_nb.batch.plan import journal_path, plan_items
from dolbyio_nb.batch.running import Running, first_of
from dolbyio_nb.batch.scheduler import Limits, Scheduler
from dolbyio_nb.batch.stages import Service
from dolbyio_nb.batch.tally import Tally
from dolbyio_nb.batch.watching import watching
from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import InvalidOption

if TYPE_CHECKING:
    import pandas

    from dolbyio_nb.media.api import Api
    from dolbyio_nb.media.polling import PollSchedule, SharedPoll
    from dolbyio_nb.media.results import Result
    from dolbyio_nb.media.transfer import Storage

GO_ON = "Nothing is lost. To go on: batch.run()"


class Batch:
    """Many files, made by `dolby.media.batch(...)`. Nothing is sent before `run()`, `await` or a loop."""

    def __init__(
        self,
        api: Api,
        storage: Storage,
        poll: SharedPoll,
        schedule: PollSchedule,
        sources: Any,
        operation: str,
        *,
        output: Any = None,
        executor: Any = None,
        journal: Any = None,
        uploads: int = 16,
        in_flight: int = 200,
        known_by: str = "path",
        options: Mapping[str, Any],
    ) -> None:
        procedure = Procedure(operation, options)
        self.operation = procedure.word
        self._executor, self._schedule = executor, schedule
        self._limits = _limits(executor, uploads, in_flight)
        self._journal = Journal(journal_path(journal, procedure.word))
        self.items = plan_items(sources, procedure, options, output, self._journal, api.origin, known_by)
        self._service = Service(api, storage, poll, procedure)
        self._check(procedure)
        for item in self.items:
            item.finish = self._finish
        self._known = sum(item.state in FINAL for item in self.items)
        self._running: Running | None = None
        self._hours: tuple[float, int] | None = None

    def _check(self, procedure: Procedure) -> None:
        """Say now what is wrong with the options."""
        for item in self.items[:1]:
            self._service.draft(item, f"dlb://in/check/{item.name}")

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return str(self.tally())

    def _repr_html_(self) -> str:
        from dolbyio_nb.display.status_cards import batch_card

        return str(batch_card(self)._repr_html_())

    def __reduce__(self) -> Any:
        raise TypeError(
            "A batch stays in this process, with its log-in: workers get paths and signed addresses alone."
        )

    @brief_interrupt
    def run(self, executor: Any = None) -> None:
        """Do what is left to do, and show how far it is. To interrupt it loses nothing; run again to go on.

        Args:
            executor: another one than the batch was made with.

        Raises:
            BatchError, DolbyError: no item can go on; a single item that fails raises nothing.
        """
        running = self._start(executor)
        try:
            with watching(self) as show:
                while not running.done.done():
                    running.wait()
                    show()
        except BaseException as error:
            self._leave(running, error)
            raise
        running.done.result()

    def __iter__(self) -> Iterator[Item]:
        """Go through all items: those that have ended, and the others as they end."""
        running = self._start()
        queue = running.queue()
        seen = self._ended_items()
        yield from seen.values()
        while (item := self._next(running, queue)) is not None:
            if item.key not in seen:
                yield item
        running.done.result()

    def __await__(self) -> Generator[Any, None, None]:
        """Wait without blocking the event loop; to cancel the task stops the run, which can go on later."""
        return self._awaited().__await__()

    async def __aiter__(self) -> AsyncIterator[Item]:
        """Go through all items as they end, without blocking the event loop."""
        running, loop = self._start(), asyncio.get_running_loop()
        queue: asyncio.Queue[Item | None] = asyncio.Queue()
        running.listen(lambda item: _put(loop, queue, item))
        seen = self._ended_items()
        for item in seen.values():
            yield item
        while (one := await self._next_async(running, queue)) is not None:
            if one.key not in seen:
                yield one
        running.done.result()

    @property
    def failed(self) -> list[Item]:
        """The items without a result, each with its `error`; those that nobody is sure of are in it, too."""
        return [item for item in self.items if item.state in (State.FAILED, State.UNSURE)]

    @property
    def done(self) -> bool:
        """Whether all items have ended, well or badly."""
        return all(item.state in FINAL for item in self.items)

    def tally(self) -> Tally:
        """Count the items by state, with the rate and the time left."""
        running = self._running
        return Tally(
            self.operation,
            Counter(item.state for item in self.items),
            self._known,
            **(running.progress() if running else {"sound": self._sound()}),
            real=not is_local_origin(self._service.api.origin),
            begun=running is not None,
        )

    def results(self) -> Iterator[tuple[str, Any]]:
        """Give what is known of all results, by the items' keys, as it came."""
        return self._journal.results()

    def to_frame(self) -> pandas.DataFrame:
        """Give a table with one row a file, the worst first: source, state, reason, job, and what was found.

        Raises:
            MissingPackage: pandas is not installed.
        """
        return table(self.items, dict(self.results()))

    def retry(self, unsure: bool = False) -> None:
        """Run the failed items again. A job that had ended well is not started again.

        Args:
            unsure: also those whose job may have been started; they may then be paid twice.
        """
        for item in self.failed:
            if item.state == State.FAILED or unsure:
                _start_over(item)
        self.run()

    def begin(self) -> None:
        """Run on a thread of its own and give at once; `stop()`, `await` and loops work as ever."""
        self._start()

    def stop(self) -> None:
        """Begin nothing more. Jobs that were started go on at the service; `run()` picks them up."""
        if self._running:
            self._running.stop()

    def cancel(self) -> None:
        """Stop, and ask the service to stop the jobs that are running. Items that were not begun stay new."""
        self.stop()
        if self._running:
            self._running.wait_for_end()
        for item in self.items:
            if item.state == State.RUNNING and item.job_id:
                self._service.cancel(item)

    async def _awaited(self) -> None:
        running = self._start()
        try:
            with watching(self) as show:
                while not running.done.done():
                    await asyncio.wait([asyncio.wrap_future(running.done)], timeout=1.0)
                    show()
        except BaseException as error:
            self._leave(running, error)
            raise
        running.done.result()

    def _start(self, executor: Any = None) -> Running:
        """Begin a run, or give the one that goes on."""
        if self._running and self._running.stopping:
            self._running.wait_for_end()
        if self._running and not self._running.done.done():
            return self._running
        if executor is not None:
            self._executor = executor
        running = Running(self._journal, self.items)
        carrier = choose_carrier(self._executor, self._limits.uploads, self._service.storage.session)
        policy, clock = self._schedule.policy, self._schedule.clock
        scheduler = Scheduler(
            self._service, self._journal, carrier, self._limits, running.ended, policy=policy, clock=clock
        )
        self._running = running
        running.start(scheduler)
        return running

    def _next(self, running: Running, queue: SimpleQueue[Item | None]) -> Item | None:
        try:
            return first_of(queue)
        except KeyboardInterrupt as error:
            self._leave(running, error)
            raise

    async def _next_async(self, running: Running, queue: asyncio.Queue[Item | None]) -> Item | None:
        try:
            return await queue.get()
        except asyncio.CancelledError as error:
            self._leave(running, error)
            raise

    def _leave(self, running: Running, error: BaseException) -> None:
        running.stop()
        if isinstance(error, asyncio.CancelledError):
            briefly(error, GO_ON)
        else:
            running.wait_for_end()
            error.add_note(GO_ON)

    def _ended_items(self) -> dict[str, Item]:
        return {item.key: item for item in self.items if item.state in FINAL}

    def _finish(self, item: Item) -> Result:
        return self._service.result(item, self._journal.result(item))

    def _sound(self) -> str:
        """Say how much sound there is; headers are read once, and only for people."""
        if self._hours is None:
            self._hours = hours_of_sound(self.items)
        hours, files = self._hours
        part = "" if files == len(self.items) else f" in {files:,} of them"
        return f"{in_words(hours)} of sound{part}" if files else ""


def _limits(executor: Any, uploads: int, in_flight: int) -> Limits:
    uploads = executor if isinstance(executor, int) else uploads
    for name, number in (("uploads", uploads), ("in_flight", in_flight)):
        if not isinstance(number, int) or number < 1:
            raise InvalidOption(f"`{name}` cannot be {number!r}.", "It is a whole number from 1.", "")
    return Limits(uploads, in_flight)


def _put(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Item | None], item: Item | None) -> None:
    with suppress(RuntimeError):  # the loop was closed; nobody listens any more
        loop.call_soon_threadsafe(queue.put_nowait, item)


def _start_over(item: Item) -> None:
    of_job = item.reason is not None and item.reason.of_job
    keep = item.state == State.FAILED and item.job_id and not of_job
    item.state = State.RUNNING if keep else State.NEW
    item.job_id, item.reason = item.job_id if keep else "", None
