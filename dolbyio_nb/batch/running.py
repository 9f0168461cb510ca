"""Run of a batch on a thread of its own, and those who wait for its items."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from dolbyio_nb._util.clock import now
from dolbyio_nb._util.threads import start_thread
from dolbyio_nb.batch.item import Item
from dolbyio_nb.batch.journal import Journal
from dolbyio_nb.batch.scheduler import Scheduler

SLICE = 0.5  # seconds; a wait without an end can miss a Ctrl-C that comes just before it
Listener = Callable[[Item | None], None]


class Running:
    """One run. `done` is a future that ends with it; listeners hear each item, and None at the end."""

    def __init__(self, journal: Journal, items: list[Item]) -> None:
        self._journal, self._items = journal, items
        self.done: Future[None] = Future()
        self.done.set_running_or_notify_cancel()  # to cancel a task that waits for it does not end it
        self.stopping = False
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._scheduler: Scheduler | None = None
        self._count, self._size = 0, 0
        self._began = self._last = now()

    def start(self, scheduler: Scheduler) -> None:
        """Begin; gives at once."""
        self._scheduler = scheduler
        if not start_thread(self._run, "dolbyio-batch"):
            self._run()

    def stop(self) -> None:
        """Begin nothing more; `done` ends as soon as it is known what was started."""
        self.stopping = True
        if self._scheduler:
            self._scheduler.stop()

    def ended(self, item: Item) -> None:
        """Tell everybody that an item has ended."""
        with self._lock:
            listeners = list(self._listeners)
            self._count, self._size = self._count + 1, self._size + (item.size or 0)
            self._last = now()
        for listener in listeners:
            listener(item)

    def progress(self) -> dict[str, Any]:
        """Give how many items have ended in this run, in how many seconds, and their bytes."""
        with self._lock:
            end = self._last if self.done.done() else now()
            return {"ended": self._count, "seconds": end - self._began, "size": self._size}

    def listen(self, listener: Listener) -> None:
        """Hear of every item from now on, and None at the end."""
        with self._lock:
            if not self.done.done():
                self._listeners.append(listener)
                return
        listener(None)

    def wait(self) -> None:
        """Wait for the end, for a SLICE at most."""
        wait([self.done], SLICE)

    def wait_for_end(self) -> None:
        """Wait for the end."""
        while not self.done.done():
            self.wait()

    def queue(self) -> SimpleQueue[Item | None]:
        """Make a queue of items as they end, with None at the end."""
        items: SimpleQueue[Item | None] = SimpleQueue()
        self.listen(items.put)
        return items

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            with self._journal.opened():
                self._scheduler.run(self._items)  # type: ignore[union-attr]  # it was given in `start`
        except BaseException as error:
            failure = error.with_traceback(None)
        with self._lock:
            self.done.set_exception(failure) if failure else self.done.set_result(None)
            listeners = list(self._listeners)
        for listener in listeners:
            listener(None)


def first_of(queue: SimpleQueue[Item | None]) -> Item | None:
    """Take what comes next, however long that takes."""
    while True:
        with suppress(Empty):
            return queue.get(timeout=SLICE)
