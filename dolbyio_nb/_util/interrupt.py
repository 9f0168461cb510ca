"""Interrupt (Ctrl-C) told in a line or two, without the frames of what was waiting."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

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
