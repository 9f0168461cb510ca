"""Blocks that lend the token to `os.environ` leave nothing behind, in whatever order they end."""

import os
from contextlib import ExitStack
from itertools import permutations
from threading import Barrier, Thread

import pytest

from dolbyio_nb._util.place import NO_PROXY, PROXIES, no_proxy, renew_no_proxy, variable

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


LISTS = [(None, None), ("", None), ("inside.test", None), (None, "inside.test, .corp"), ("a.test", "b.test")]


@pytest.mark.parametrize("given", LISTS, ids=str)
@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_hosts_are_kept_from_proxies_until_their_last_block_ends(
    monkeypatch: pytest.MonkeyPatch, given: tuple[str | None, ...], order: tuple[int, ...]
) -> None:
    """Three blocks, two with one host, end in every order; what was listed before stays and comes back."""
    set_lists(monkeypatch, given)
    blocks = [ExitStack() for _ in range(3)]
    hosts = [{"127.0.0.1"}, {"127.0.0.1", "localhost"}, {"::1"}]
    for block, some in zip(blocks, hosts, strict=True):
        block.enter_context(no_proxy(some))
    for ends in order:
        wanted = set.union(*hosts)
        for name, before in zip(NO_PROXY, given, strict=True):
            listed = os.environ[name].split(",")
            assert set((before or "").split(",")) - {""} <= set(listed)
            assert wanted <= set(listed)
        blocks[ends].close()
        hosts[ends] = set()
    assert tuple(map(os.environ.get, NO_PROXY)) == given


def set_lists(monkeypatch: pytest.MonkeyPatch, given: tuple[str | None, ...]) -> None:
    for name, value in zip(NO_PROXY, given, strict=True):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)


def test_a_list_of_everything_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A star is one only where it stands alone."""
    set_lists(monkeypatch, (None, "*"))
    with no_proxy({"127.0.0.1"}):
        assert tuple(map(os.environ.get, NO_PROXY)) == (None, "*")


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_proxies_of_a_system_stay_in_use(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """There any variable about proxies would switch them off; beside other variables it does no harm."""
    set_lists(monkeypatch, (None, None))
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", system)
    with no_proxy({"127.0.0.1"}):
        assert "NO_PROXY" not in os.environ
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
        renew_no_proxy()
        assert os.environ["NO_PROXY"] == "127.0.0.1"
    assert "NO_PROXY" not in os.environ
