"""Who is told of each new token, and of each trouble."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Listeners(Generic[T]):
    """Tells every listener of every piece of news once, in order, one teller at a time."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[T], object]] = {}
        self._told: T | None = None
        self.begin_again()

    def add(self, listener: Callable[[T], object]) -> Callable[[], None]:
        """Tell `listener` from now on; returns what ends that."""
        place = object()
        self._listeners[place] = listener

        def remove() -> None:
            self._listeners.pop(place, None)

        return remove

    def tell(self, look: Callable[[], T | None], patience: float = -1) -> None:
        """Tell of the news that `look` finds, unless it is known; returns when everybody knows it.

        While another thread is telling, this one waits: `patience` seconds at most, if it is not negative.
        """
        if not self._telling.acquire(timeout=patience):
            return
        try:
            news = look()
            if news is not None and news is not self._told:
                self._told = news
                self._tell_all(news)
        finally:
            self._telling.release()

    def _tell_all(self, news: T) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener(news)
            except Exception as error:  # whatever it is, it must not cost anybody the token
                logger.debug("A listener failed: %s", type(error).__name__)

    def clear(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()

    def begin_again(self) -> None:
        """Begin with a new lock: at birth, and in a forked child."""
        self._telling = threading.RLock()
