"""Environment variables that are set for a block, also when blocks overlap in whatever order."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Blocks:
    """The values that the blocks of one variable want, the newest last, and what was there before them."""

    before: str | None = None
    values: list[list[str]] = field(default_factory=list)


_blocks: dict[str, Blocks] = {}
_lock = Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set a variable for a block; when the last block has ended, it is as it was before the first."""
    mine = [value]  # a list, since two blocks may want equal values
    with _lock:
        blocks = _blocks.setdefault(name, Blocks(os.environ.get(name)))
        blocks.values.append(mine)
        os.environ[name] = value
    try:
        yield
    finally:
        with _lock:
            _end(name, blocks, mine)


def _end(name: str, blocks: Blocks, mine: list[str]) -> None:
    blocks.values[:] = [one for one in blocks.values if one is not mine]
    left = blocks.values[-1][0] if blocks.values else blocks.before
    if not blocks.values:
        del _blocks[name]
    if left is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = left
