"""Where jobs can be held up, and told how to end."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

Ending = Literal["Failed", "Cancelled", "InternalError"]


class Gate:
    """Every job of one sandbox passes here at each step."""

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

    def order_ending(self, status: Ending) -> None:
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
        """Stand here while jobs are held; `give_up` is asked every 50 ms."""
        with self._changed:
            while self._held_at is not None and percent >= self._held_at and not give_up():
                self._changed.wait(0.05)
