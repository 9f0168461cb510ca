"""Threads that end with the program, and what a forked child must not inherit of them."""

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar
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


Given = ParamSpec("Given")
Gives = TypeVar("Gives")


def brief_interrupt(function: Callable[Given, Gives]) -> Callable[Given, Gives]:
    """Let Ctrl-C out of `function` without its traceback, whose variables hold tokens and addresses."""

    @wraps(function)
    def guarded(*args: Given.args, **options: Given.kwargs) -> Gives:
        try:
            return function(*args, **options)
        except KeyboardInterrupt as interrupt:
            brief = _brief(getattr(interrupt, "__notes__", []))
        raise brief

    return guarded


def briefly(cancelled: BaseException, note: str) -> None:
    """Have IPython show a cancelled wait as what it is and a note, without the frames of what was waiting."""
    cancelled.add_note(note)
    vars(cancelled)["_render_traceback_"] = lambda: [f"{type(cancelled).__name__}: stopped.", note]


def _brief(notes: list[str]) -> KeyboardInterrupt:
    """Make an interrupt of the usual type, which IPython shows as its own lines."""
    brief = KeyboardInterrupt()
    for note in notes:
        brief.add_note(note)
    vars(brief)["_render_traceback_"] = lambda: ["KeyboardInterrupt: stopped.", *notes]
    return brief
