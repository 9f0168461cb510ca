"""Threads, and what a forked child must not inherit: its parent's locks, threads and connections."""

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something that has to begin again in a forked child."""

    def begin_again(self) -> None:
        """Replace what belongs to the parent; the other threads of the parent do not exist here."""


_REMEMBERED: "WeakSet[Forkable]" = WeakSet()


def remember(thing: Forkable) -> None:
    """Have `thing.begin_again()` called in every forked child, for as long as it lives."""
    _REMEMBERED.add(thing)


def _in_the_child() -> None:
    for thing in list(_REMEMBERED):
        thing.begin_again()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_in_the_child)
