"""Blocks that lend the token to `os.environ` leave nothing behind, in whatever order they end."""

import os
from contextlib import ExitStack
from itertools import permutations
from threading import Barrier, Thread

import pytest

from dolbyio_nb._util.environ import variable

NAME = "DOLBYIO_TEST_VARIABLE"


@pytest.mark.parametrize("before", [None, "", "mine"])
@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_overlapping_blocks_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, before: str | None, order: tuple[int, ...]
) -> None:
    """Three blocks, two with equal values, end in every order; the newest open one is seen."""
    monkeypatch.delenv(NAME, raising=False)
    if before is not None:
        monkeypatch.setenv(NAME, before)
    values = ["token-1", "token-2", "token-2"]
    blocks = [ExitStack() for _ in values]
    for block, value in zip(blocks, values, strict=True):
        block.enter_context(variable(NAME, value))
        assert os.environ[NAME] == value
    open_blocks = [0, 1, 2]
    for ends in order:
        blocks[ends].close()
        open_blocks.remove(ends)
        assert os.environ.get(NAME) == (values[open_blocks[-1]] if open_blocks else before)


def test_blocks_in_many_threads_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """They begin together, and end as they like."""
    monkeypatch.delenv(NAME, raising=False)
    together = Barrier(8, timeout=10)

    def lend(number: int) -> None:
        together.wait()
        for _ in range(200):
            with variable(NAME, f"token-{number}"):
                pass

    threads = [Thread(target=lend, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert NAME not in os.environ


def test_a_block_that_breaks_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error passes through, and the variable goes."""
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(ZeroDivisionError), variable(NAME, "token"):
        raise ZeroDivisionError
    assert NAME not in os.environ
