"""A clock that nobody can set, and that goes on while the computer sleeps."""

import sys
import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Gives seconds since some fixed moment; only differences mean anything."""


def _best_clock() -> Clock:
    if hasattr(time, "CLOCK_BOOTTIME"):
        return lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return lambda: time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic


now: Clock = _best_clock()
"""Seconds on the best clock of this system: Linux counts suspended time with `CLOCK_BOOTTIME`, macOS with its
`CLOCK_MONOTONIC`; elsewhere `time.monotonic`."""
