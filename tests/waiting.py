"""Waiting for what another thread, process or program does: the one place where a test pauses."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Gives = TypeVar("Gives")


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is so; fail when it is not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come to be in {seconds:g} s"
        time.sleep(0.002)


def run_loop(main: Coroutine[Any, Any, Gives]) -> Gives:
    """Run a coroutine in a loop of its own thread: a browser that is open has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, main).result()
