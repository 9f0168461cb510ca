"""Waiting for what another thread, process or program does: the one place where a test pauses."""

import time
from collections.abc import Callable


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is so; fail when it is not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come to be in {seconds:g} s"
        time.sleep(0.002)
