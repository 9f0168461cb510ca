"""Unmasked blocks: where a program shows a secret on purpose, outputs are let through as they are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_blocks: list[None] = []  # one for each block that is open, in whatever thread; these two need no lock


def is_unmasked() -> bool:
    """Whether such a block is open, in any thread: outputs are put together in threads of their own."""
    return bool(_blocks)


@contextmanager
def unmasked() -> Iterator[None]:
    """Let through what is put out in this block; what was printed before it is sent before, masked."""
    _flush()
    _blocks.append(None)
    try:
        yield
    finally:
        _flush()
        _blocks.pop()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, or it is closed
            stream.flush()
