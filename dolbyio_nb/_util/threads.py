"""Threads that end with the program, and what a forked child must not inherit of them."""

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol
from weakref import WeakSet


def start_thread(job: Callable[[], object], name: str = "dolbyio_nb") -> bool:
    """Run `job` on a daemon thread, which never holds up the end of the program; False where none can start.

    With the caller's context: ipykernel finds the cell that an output belongs to in there.
    """
    thread = threading.Thread(target=copy_context().run, args=(job,), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no threads here (Pyodide), or the interpreter is shutting down
        return False
    return True


class Forkable(Protocol):
    """Something that has to begin anew in a forked child."""

    def after_fork(self) -> None:
        """Replace what belongs to the parent; the other threads of the parent do not exist here."""


_REGISTERED: "WeakSet[Forkable]" = WeakSet()


def register(thing: Forkable) -> None:
    """Have `thing.after_fork()` called in every forked child, for as long as it lives."""
    _REGISTERED.add(thing)


def _in_the_child() -> None:
    for thing in list(_REGISTERED):
        thing.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_in_the_child)
