"""The thread that renews ahead of time, and how it waits."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol
from weakref import WeakMethod

LONGEST_SLEEP = 30.0  # seconds; a computer that slept, or a wall clock that was set, is noticed after this


class Background(Protocol):
    """Runs jobs beside the caller and waits for events; the tests bring one whose time is moved by hand."""

    def start(self, job: Callable[[], object]) -> bool:
        """Run `job` beside the caller; False where that cannot be done."""

    def wait(self, event: threading.Event, seconds: float) -> object:
        """Wait until `event`, for `seconds` at most."""


class Threads:
    """Real threads, real waiting."""

    def start(self, job: Callable[[], object]) -> bool:
        """Run `job` on a daemon thread, which never holds up the end of the program.

        With the caller's context: ipykernel finds the cell that an output belongs to in there.
        """
        thread = threading.Thread(target=copy_context().run, args=(job,), name="dolbyio_nb", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no threads here (Pyodide), or the interpreter is shutting down
            return False
        return True

    def wait(self, event: threading.Event, seconds: float) -> object:
        """Wait until `event`, for `seconds` at most; Ctrl-C ends it."""
        return event.wait(seconds)


class Worker:
    """Calls `tend`, which answers with the seconds until it wants to be called again."""

    def __init__(self, tend: Callable[[], float], background: Background) -> None:
        self._tend = WeakMethod(tend)  # a keeper that nobody holds any more can go, and its worker with it
        self._background = background
        self._lock = threading.Lock()
        self._running = False
        self._stopped = False
        self.news = threading.Event()

    def start(self) -> bool:
        """Start the thread, if there is none yet; False where there can be none."""
        with self._lock:
            if not self._running and not self._stopped:
                self._running = self._background.start(self._work)
            return self._running

    def wake(self) -> None:
        """Let it look again at once."""
        self.news.set()

    def stop(self) -> None:
        """Let the thread end; it does not start again."""
        self._stopped = True
        self.wake()

    def step(self) -> float | None:
        """Do what is due; the seconds to sleep afterwards, or None when there is nothing to live for."""
        self.news.clear()
        tend = None if self._stopped else self._tend()
        return min(tend(), LONGEST_SLEEP) if tend else None

    def _work(self) -> None:
        try:
            while (seconds := self.step()) is not None:
                self._background.wait(self.news, seconds)
        finally:
            self._running = False
