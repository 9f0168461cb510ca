"""Executors: what carries the bytes, which is threads of this process or whatever was given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from dolbyio_nb._util.threads import start_thread
from dolbyio_nb.batch import carry
from dolbyio_nb.batch.carry import Carried
from dolbyio_nb.batch.local import LocalCarrier
from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.http.session import PlainSession
from dolbyio_nb.media.inputs import Content

Task = Callable[[], None]


class DaemonExecutor(Executor):
    """Threads that start when there is work for them, and never hold up the end of the program."""

    def __init__(self, threads: int, name: str) -> None:
        self._most, self._name = threads, name
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._idle = 0

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Have a call made by one of the threads."""
        future: Future[Any] = Future()
        self._tasks.put(lambda: _settle(future, call, args, options))
        self._add_thread()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end once they have done what was asked."""
        with self._lock:
            for _ in range(self._threads):
                self._tasks.put(None)
            self._threads = 0

    def _add_thread(self) -> None:
        with self._lock:
            if self._idle or self._threads >= self._most:
                return
            self._threads += 1
        start_thread(self._work, self._name)

    def _work(self) -> None:
        while True:
            self._idle += 1
            task = self._tasks.get()
            self._idle -= 1
            if task is None:
                return
            task()
            del task


def _settle(future: Future[Any], call: Callable[..., Any], args: Any, options: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call(*args, **options))
    except BaseException as error:
        future.set_exception(error.with_traceback(None))


@dataclass(frozen=True)
class Carrier:
    """Puts and gets on an executor; `near` does what no other process could: bytes and open files."""

    submit: Callable[..., Any]
    put: Callable[[str, str], Carried]
    get: Callable[[str, str], Carried]
    near: LocalCarrier
    threads: DaemonExecutor
    own: bool

    def send(self, url: str, content: Any) -> Any:
        """Begin to send a path or a content; gives a future."""
        if isinstance(content, Content):
            return self.threads.submit(self.near.put, url, content)
        return self.submit(self.put, url, content)

    def fetch(self, url: str, path: str) -> Any:
        """Begin to fetch into a path; gives a future."""
        return self.submit(self.get, url, path)

    def close(self) -> None:
        """End the threads that were made here; an executor that was given goes on."""
        self.threads.shutdown()


def choose_carrier(executor: Any, uploads: int, session: PlainSession) -> Carrier:
    """Make a carrier of what was given: None or a number of threads, an executor, or a Dask client."""
    near, threads = LocalCarrier(session), DaemonExecutor(uploads, "dolbyio-upload")
    if executor is None or isinstance(executor, int):
        return Carrier(threads.submit, near.put, near.get, near, threads, True)
    if _is_dask(executor):
        put, get = carry.by_value(carry.put), carry.by_value(carry.get)
        return Carrier(_impure(executor), put, get, near, threads, False)
    if hasattr(executor, "submit"):
        return Carrier(executor.submit, carry.put, carry.get, near, threads, False)
    raise InvalidOption(
        f"`executor` cannot be of the type {type(executor).__name__}.",
        "It is a number of threads, an executor of concurrent.futures, or a client of Dask.",
        "Leave it out for threads of this process.",
    )


def _is_dask(executor: Any) -> bool:
    return type(executor).__module__.startswith("distributed") and hasattr(executor, "scheduler_info")


def _impure(client: Any) -> Callable[..., Any]:
    """Submit as what it is: the same path may hold another sound, so no earlier result will do."""
    return lambda call, *args: client.submit(call, *args, pure=False)
