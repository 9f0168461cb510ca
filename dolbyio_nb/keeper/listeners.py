"""Who is told of each new token."""

import logging
import threading
from collections.abc import Callable

from dolbyio_nb.keeper.windows import NOTHING, Holding
from dolbyio_nb.tokens import AccessToken

Listener = Callable[[AccessToken], object]

logger = logging.getLogger(__name__)


class Listeners:
    """Tells every listener of every token once, in order, one teller at a time."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}
        self._told = NOTHING.generation
        self.begin_again()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` from now on; returns what ends that."""
        place = object()
        self._listeners[place] = listener

        def remove() -> None:
            self._listeners.pop(place, None)

        return remove

    def tell(self, look: Callable[[], Holding], patience: float = -1) -> None:
        """Tell of the token that `look` finds, unless it is known; returns when everybody knows it.

        While another thread is telling, this one waits: `patience` seconds at most, if it is not negative.
        """
        if not self._telling.acquire(timeout=patience):
            return
        try:
            held = look()
            if held.generation not in (NOTHING.generation, self._told):
                self._told = held.generation
                self._tell_all(held.token)
        finally:
            self._telling.release()

    def _tell_all(self, token: AccessToken) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener(token)
            except Exception as error:  # whatever it is, it must not cost anybody the token
                logger.debug("A listener failed: %s", type(error).__name__)

    def clear(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()

    def begin_again(self) -> None:
        """Begin with a new lock: at birth, and in a forked child."""
        self._telling = threading.RLock()
