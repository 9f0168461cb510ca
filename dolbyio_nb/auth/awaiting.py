"""Asyncio tasks that wait for a keeper: woken from any thread, a few at a time, which holds up no loop."""

import asyncio
import threading
from contextlib import suppress

BATCH = 100  # tasks woken in one turn of a loop; a turn of a thousand would take longer than 10 ms


class Waiters:
    """Tasks that wait for something to happen, in as many event loops as there are; it happens once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        self._released = False

    async def wait(self, seconds: float) -> None:
        """Wait until it has happened, for `seconds` at most."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if not self._add(future, loop):
            return
        timer = loop.call_later(max(0.0, seconds), _wake, [future])
        try:
            await future
        finally:
            timer.cancel()

    def _add(self, future: "asyncio.Future[None]", loop: asyncio.AbstractEventLoop) -> bool:
        with self._lock:
            if not self._released:
                self._waiting.setdefault(loop, []).append(future)
            return not self._released

    def release(self) -> None:
        """Wake everybody, with one call for each loop: it has happened."""
        with self._lock:
            self._released = True
            waiting, self._waiting = self._waiting, {}
        for loop, futures in waiting.items():
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_wake, futures)


def _wake(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures[:BATCH]:
        if not future.done():
            future.set_result(None)
    if rest := futures[BATCH:]:
        rest[0].get_loop().call_soon(_wake, rest)
