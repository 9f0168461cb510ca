"""Worker pool, and jobs held up in it."""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from dolbyio_nb.sandbox.http_error import Ending

Task = Callable[[], None]


class WorkerPool:
    """`size` daemon threads with one queue. Tasks see to their own errors."""

    def __init__(self, name: str, size: int) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-{name}-{number}", daemon=True)
            for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> None:
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


class Hold:
    """Where jobs are held up: every job of one sandbox passes here at each step."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held_at: int | None = None
        self._endings: deque[Ending] = deque()

    def hold(self, at: int) -> None:
        """Let nothing past this percentage."""
        with self._changed:
            self._held_at = at

    def release(self) -> None:
        with self._changed:
            self._held_at = None
            self._changed.notify_all()

    def end_next(self, status: Ending) -> None:
        self._endings.append(status)

    def clear(self) -> None:
        self._endings.clear()
        self.release()

    def take_ending(self) -> Ending | None:
        """The ending ordered for the job that starts now."""
        try:
            return self._endings.popleft()
        except IndexError:
            return None

    def wait(self, percent: int, give_up: Callable[[], bool]) -> None:
        """Wait while jobs are held; `give_up` is asked every 50 ms."""
        with self._changed:
            while self._held_at is not None and percent >= self._held_at and not give_up():
                self._changed.wait(0.05)
