"""Clock that nobody can set, and that goes on while the computer sleeps."""

import sys
import time
from collections.abc import Callable
from functools import partial

Clock = Callable[[], float]
"""Gives seconds since some fixed moment; only differences mean anything."""


def _best_clock() -> Clock:
    if hasattr(time, "CLOCK_BOOTTIME"):
        return partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    return time.monotonic


now: Clock = _best_clock()
"""Seconds on the best clock of this system: Linux counts suspended time with `CLOCK_BOOTTIME`, macOS with its
`CLOCK_MONOTONIC`; elsewhere `time.monotonic`."""

LARGEST_GAIN = 30.0  # seconds; far more than a clock is ever steered by


class WallWatch:
    """Compares the wall clock with the keeper's own, which on some systems stops during sleep."""

    def __init__(self, clock: Clock, wall: Callable[[], float]) -> None:
        self._clock, self._wall = clock, wall
        self._difference = self._wall() - self._clock()

    def gained(self) -> bool:
        """Tell whether the wall clock has run ahead since the last look."""
        before, self._difference = self._difference, self._wall() - self._clock()
        return self._difference - before > LARGEST_GAIN
