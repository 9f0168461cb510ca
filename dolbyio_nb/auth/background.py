"""Background refresh: the thread that renews ahead of time, its listeners, and asyncio tasks that wait."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar
from weakref import WeakMethod

from dolbyio_nb._util.threads import start_thread
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh_state import RefreshState
from dolbyio_nb.errors import TokenError
from dolbyio_nb.http import limits

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
        """Run `job` on a thread of its own."""
        return start_thread(job)

    def wait(self, event: threading.Event, seconds: float) -> object:
        """Wait until `event`, for `seconds` at most; Ctrl-C ends it, as does the end of the caller's time."""
        limits.check()
        return event.wait(seconds)


class Worker:
    """Calls `run_once`, which answers with the seconds until it wants to be called again."""

    def __init__(self, run_once: Callable[[], float], background: Background) -> None:
        self._run_once = WeakMethod(
            run_once
        )  # a keeper that nobody holds any more can go, and its worker with it
        self._background = background
        self._lock = threading.Lock()
        self._running = False
        self._stopped = False
        self.woken = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._running

    def start(self) -> bool:
        """Start the thread, if there is none yet; False where there can be none."""
        with self._lock:
            if not self._running and not self._stopped:
                self._running = self._background.start(self._work)
            return self._running

    def wake(self) -> None:
        """Let it look again at once."""
        self.woken.set()

    def stop(self) -> None:
        """Let the thread end; it does not start again."""
        self._stopped = True
        self.wake()

    def step(self) -> float | None:
        """Do what is due; the seconds to sleep afterwards, or None when there is nothing to live for."""
        self.woken.clear()
        run_once = None if self._stopped else self._run_once()
        return min(run_once(), LONGEST_SLEEP) if run_once else None

    def _work(self) -> None:
        try:
            while (seconds := self.step()) is not None:
                self._background.wait(self.woken, seconds)
        finally:
            self._running = False


T = TypeVar("T")
logger = logging.getLogger(__name__)


class Listeners(Generic[T]):
    """Tells every listener of everything new once, in order, one teller at a time."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[T], object]] = {}
        self._announced: T | None = None
        self.after_fork()

    def add(self, listener: Callable[[T], object]) -> Callable[[], None]:
        """Tell `listener` from now on; returns what ends that."""
        place = object()
        self._listeners[place] = listener

        def remove() -> None:
            self._listeners.pop(place, None)

        return remove

    def announce(self, look: Callable[[], T | None], patience: float = -1) -> None:
        """Tell of what `look` finds, unless it is known; returns when everybody knows it.

        While another thread is telling, this one waits: `patience` seconds at most, if it is not negative.
        """
        if not self._telling.acquire(timeout=patience):
            return
        try:
            latest = look()
            if latest is not None and latest is not self._announced:
                self._announced = latest
                self._announce_to_all(latest)
        finally:
            self._telling.release()

    def _announce_to_all(self, latest: T) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener(latest)
            except Exception as error:  # whatever it is, it must not cost anybody the token
                logger.debug("A listener failed: %s", type(error).__name__)

    def clear(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()

    def after_fork(self) -> None:
        """Begin with a new lock: at birth, and in a forked child."""
        self._telling = threading.RLock()


class Announcements:
    """Who is told of new tokens, and who of renewals that failed."""

    def __init__(self) -> None:
        self.tokens = Listeners[AccessToken]()
        self.failures = Listeners[TokenError]()

    def announce(self, look: Callable[[], RefreshState], patience: float = -1) -> None:
        """Tell of the latest token and the latest failure; see `Listeners.announce`."""
        self.tokens.announce(lambda: look().latest, patience)
        self.failures.announce(lambda: look().last_error, patience)

    def clear(self) -> None:
        """Tell nobody any more."""
        self.tokens.clear()
        self.failures.clear()

    def after_fork(self) -> None:
        """Begin with new locks in a forked child."""
        self.tokens.after_fork()
        self.failures.after_fork()


BATCH = 100  # tasks woken in one turn of a loop; a turn of a thousand would take longer than 10 ms


class Crowd:
    """Tasks that wait in one event loop: one timer for all, as a timer each takes longer than the wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._futures: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def join(self, seconds: float) -> "asyncio.Future[None]":
        """Wait with the others, for `seconds` at most; all are woken when the first gives up."""
        end = self.loop.time() + max(0.0, seconds)
        if self._timer is None or end < self._timer.when():
            self._stop_timer()
            self._timer = self.loop.call_at(end, self.wake)
        future = self.loop.create_future()
        self._futures.append(future)
        return future

    def wake(self) -> None:
        """Wake those who are here now; called in the loop."""
        self._stop_timer()
        futures, self._futures = self._futures, []
        _wake(futures)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


class Waiters:
    """Tasks that wait for something to happen, in as many event loops as there are; it happens once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._crowds: dict[asyncio.AbstractEventLoop, Crowd] = {}
        self._released = False

    async def wait(self, seconds: float) -> None:
        """Wait until it has happened, for `seconds` at most; it may end earlier, so look again."""
        if future := self._join(asyncio.get_running_loop(), seconds):
            await future

    def _join(self, loop: asyncio.AbstractEventLoop, seconds: float) -> "asyncio.Future[None] | None":
        with self._lock:
            if self._released:
                return None
            if loop not in self._crowds:
                self._crowds[loop] = Crowd(loop)
            return self._crowds[loop].join(seconds)

    def release(self) -> None:
        """Wake everybody, with one call for each loop: it has happened."""
        with self._lock:
            self._released = True
            crowds, self._crowds = self._crowds, {}
        for loop, crowd in crowds.items():
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(crowd.wake)


def _wake(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures[:BATCH]:
        if not future.done():
            future.set_result(None)
    if rest := futures[BATCH:]:
        rest[0].get_loop().call_soon(_wake, rest)
