"""A few threads that do what is handed to them, in turn."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

Task = Callable[[], None]


class Crew:
    """`size` daemon threads with one queue. Tasks see to their own errors."""

    def __init__(self, name: str, size: int) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-{name}-{number}", daemon=True)
            for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def hand(self, task: Task) -> None:
        self._tasks.put(task)

    def stop(self, timeout: float) -> None:
        """Let go of what is queued; wait at most `timeout` seconds for what is running."""
        while not self._tasks.empty():
            self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout / len(self._threads))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
