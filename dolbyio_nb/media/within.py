"""Waiting for a call no longer than there is time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dolbyio_nb.clock import now

Gives = TypeVar("Gives")

SLICE = 0.1  # seconds; a wait that is cut feels Ctrl-C at once, on Windows too


class OutOfTime(Exception):
    """The call goes on by itself, until its own time limits; nobody waits for its answer any more."""


def within(seconds: float, call: Callable[[], Gives]) -> Gives:
    """Make a call beside the caller, and give its answer, or raise its error, if that comes in time."""
    answer: Future[Gives] = Future()
    ended = threading.Event()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)
        ended.set()

    try:
        threading.Thread(target=work, name="dolbyio-look", daemon=True).start()
    except RuntimeError:  # no threads here, as in Pyodide
        work()
    end = now() + seconds
    while not ended.wait(max(0.0, min(SLICE, end - now()))):
        if now() >= end:
            raise OutOfTime
    return answer.result()
