"""Ctrl-C, told in a line or three, and without the frames of what was waiting."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Gives = TypeVar("Gives")


class Interrupted(KeyboardInterrupt):
    """A KeyboardInterrupt that a notebook shows as its own lines; the cell still counts as failed."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: stopped.", *getattr(self, "__notes__", ())]


def brief_interrupt(function: Callable[Given, Gives]) -> Callable[Given, Gives]:
    """Let Ctrl-C out of `function` without its traceback, whose variables hold tokens and addresses."""

    @wraps(function)
    def guarded(*args: Given.args, **options: Given.kwargs) -> Gives:
        try:
            return function(*args, **options)
        except KeyboardInterrupt as interrupt:
            brief = Interrupted()
            for note in getattr(interrupt, "__notes__", ()):
                brief.add_note(note)
        raise brief

    return guarded
