"""Limits of time: to connect, to read, in all."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dolbyio_nb._util.clock import now
from dolbyio_nb._util.threads import start_thread

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

    if not start_thread(work, "dolbyio-look"):
        work()
    end = now() + seconds
    while not ended.wait(max(0.0, min(SLICE, end - now()))):
        if now() >= end:
            raise OutOfTime
    return answer.result()


TIME_LIMITS = (3.05, 60.0)  # seconds: to connect, just over one lost TCP packet's repetition; for each read

CONNECT_LIMIT = 3.05  # seconds; just over one lost TCP packet's repetition
READ_LIMIT = 10.0  # seconds; a slow service, and not yet a lost one
