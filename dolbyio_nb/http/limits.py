"""Limits of time, speed and size, for every call; what is given up closes its connection.

A call stays on its caller's thread: what waits for a connection waits in slices, and looks at the limits in
between. A thread is needed only where nothing can be sliced: to open a connection, to ask a keyring.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from math import inf
from typing import Protocol, TypeVar

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb._util.threads import start_thread

Gives = TypeVar("Gives")
SLICE = 0.1  # seconds; a wait that is cut feels Ctrl-C at once, on Windows too

CONNECT_LIMIT = 3.05  # seconds; just over one lost TCP packet's repetition
READ_LIMIT = 10.0  # seconds for each read of a token's answer: a slow service, and not yet a lost one
TIME_LIMITS = (CONNECT_LIMIT, 60.0)  # seconds: to connect, for each read
CALL_LIMIT = 60.0  # seconds for one try of an API call, name resolution included
TOKEN_LIMIT = 15.0  # seconds for a token request
RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # to close is to reset: a flood stops at once
FLOOR, WINDOW = 1024.0, 60.0  # bytes a second over so many seconds, below which a transfer has stalled


class OutOfTime(Exception):
    """The call was given up; nobody waits for its answer any more. `seconds` is the limit."""

    def __init__(self, seconds: float, what: str = "No whole answer") -> None:
        super().__init__(f"{what} within {seconds:g} s")
        self.seconds = seconds


class _Over(BaseException):
    """A limit is over. What is a part of the call cannot take it for a failure of its own."""

    def __init__(self, work: "Work", error: OutOfTime) -> None:
        super().__init__(str(error))
        self.work, self.error = work, error


class Work:
    """A call under a limit: the bytes that it has moved, and the connection that is opened for it."""

    def __init__(self, above: "Work | None", limit: "Limit | None" = None) -> None:
        self.moved = 0
        self._above, self._limit = above, limit
        self.began: float | None = None
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._given_up = self._closed = False

    def check(self) -> None:
        """End it when its limit is over, or that of what it is a part of."""
        if self._above:
            self._above.check()
        if self._given_up:
            raise ConnectionAbortedError("nobody waits for it any more")
        try:
            if self._limit:
                self._limit.check(self)
        except OutOfTime as error:
            raise _Over(self, error) from None

    def move(self, count: int) -> None:
        """Count bytes, here and for the work that this is a part of."""
        self.moved += count
        if self._above:
            self._above.move(count)

    def begin(self, at: float) -> None:
        """Note that an attempt begins, here and for the work that this is a part of."""
        self.began = at
        if self._above:
            self._above.begin(at)

    def uses(self, connection: socket.socket) -> None:
        """Remember a connection, to close it if the work is given up; at once if it was."""
        with self._lock:
            if not self._closed:
                double = socket.fromfd(connection.fileno(), connection.family, connection.type)
                self._sockets.append(double)
        if self._given_up:
            self.give_up()

    def give_up(self) -> None:
        """End every connection, so that whatever reads or writes there ends too."""
        self._given_up = True
        with self._lock:
            for double in self._sockets:
                with suppress(OSError):
                    double.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    double.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connections, which others may go on using."""
        with self._lock:
            self._closed = True
            while self._sockets:
                self._sockets.pop().close()


_CURRENT: ContextVar[Work | None] = ContextVar("dolbyio_nb_work", default=None)


def check() -> None:
    """End the present work if its time is over, or if it was given up."""
    if work := _CURRENT.get():
        work.check()


def sliced(act: Callable[[], Gives], seconds: float | None) -> Gives:
    """Do what waits for a connection for a SLICE and is then done again, for so many seconds.

    Raises:
        TimeoutError: it waited for as long as that.
    """
    end = inf if seconds is None else now() + seconds
    while True:
        check()
        try:
            return act()
        except TimeoutError as error:
            if error.errno is not None or now() >= end:  # with a number it is the system's: it is broken
                raise


def sleep(seconds: float) -> None:
    """Let time pass, for as long as the present work may take."""
    end = now() + seconds
    while _CURRENT.get() and (left := end - now()) > SLICE:
        check()
        time.sleep(min(SLICE, left))
    time.sleep(max(0.0, end - now()))


def moved(count: int) -> None:
    """Tell the present work that bytes have moved."""
    if work := _CURRENT.get():
        work.move(count)


def uses(connection: socket.socket) -> None:
    """Tell the present work which connection it uses."""
    if work := _CURRENT.get():
        with suppress(OSError):  # it is closed already
            work.uses(connection)


def begin_attempt(at: float) -> None:
    """Tell the present work that an attempt begins; what comes of an earlier one counts no more."""
    if work := _CURRENT.get():
        work.begin(at)


def attempt_began() -> float | None:
    """Give the moment at which the present work's last attempt began."""
    return work.began if (work := _CURRENT.get()) else None


class Limit(Protocol):
    """Decides when a call has had its time."""

    def check(self, work: Work) -> None:
        """Raise OutOfTime when it is over."""


class Total:
    """So many seconds in all, from now or from an earlier moment on."""

    def __init__(self, seconds: float, clock: Clock = now, since: float | None = None) -> None:
        self._seconds, self._clock = seconds, clock
        self._end = (clock() if since is None else since) + seconds

    def check(self, work: Work) -> None:
        """Raise OutOfTime when they are over."""
        if self._clock() >= self._end:
            raise OutOfTime(self._seconds)


class Speed:
    """A floor of speed: FLOOR bytes a second, over each WINDOW seconds; however long it takes in all."""

    def __init__(self, clock: Clock = now, window: float = WINDOW) -> None:
        self._clock, self._window = clock, window
        self._since, self._before = clock(), 0

    def check(self, work: Work) -> None:
        """Raise OutOfTime when too little has moved."""
        if work.moved - self._before >= FLOOR * self._window:
            self._since, self._before = self._clock(), work.moved
        elif self._clock() >= self._since + self._window:
            raise OutOfTime(self._window)


def within(seconds: float, call: Callable[[], Gives], clock: Clock = now, *, alone: bool = False) -> Gives:
    """Make a call, and give its answer, or raise its error, if that comes in time."""
    return limited(Total(seconds, clock), call, alone=alone)


def limited(limit: Limit, call: Callable[[], Gives], *, alone: bool = False) -> Gives:
    """Make a call under a limit, which is felt wherever it waits for a connection.

    With `alone` it goes on when the call that it is a part of is given up: others wait for it too.
    """
    work = Work(None if alone else _CURRENT.get(), limit)
    before = _CURRENT.set(work)
    try:
        return call()
    except _Over as over:
        if over.work is not work:
            raise
        late = over.error.with_traceback(None)
    finally:
        _CURRENT.reset(before)
    raise late


def beside(seconds: float, call: Callable[[], Gives]) -> Gives:
    """Make a call on a thread of its own, where it waits for what cannot be sliced.

    A call that is given up loses the connection that it opens; what cannot be ended, such as asking for a
    host's address, is left behind on its thread.
    """
    return within(seconds, lambda: _beside(call))


def _beside(call: Callable[[], Gives]) -> Gives:
    answer: Future[Gives] = Future()
    ended = threading.Event()
    work = Work(_CURRENT.get())

    def run() -> None:
        _CURRENT.set(work)
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)
        finally:
            work.close()
            ended.set()

    if not start_thread(run, name="dolbyio-call"):
        return call()  # no threads here, as in Pyodide
    try:
        while not ended.wait(SLICE):
            work.check()
    except BaseException:
        work.give_up()
        ended.wait(SLICE)  # it tidies up
        raise
    return answer.result()
