"""Environment variables that are set for a block, also when blocks overlap in whatever order."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
NO_PROXY = ("no_proxy", "NO_PROXY")  # which of them is read first differs by library


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


@dataclass
class HostList:
    """A variable that lists hosts: what somebody gave it, and what was written in its place."""

    name: str
    given: str | None = None
    written: str | None = None

    def look(self) -> str:
        """Read what somebody gave it, since the last writing too."""
        present = os.environ.get(self.name)
        if self.written is None or present != self.written:
            self.given, self.written = present, None
        return self.given or ""

    def write(self, listed: str, hosts: Iterable[str]) -> None:
        """List more hosts."""
        there = listed.replace(" ", "").split(",")
        text = ",".join([*filter(None, [listed]), *(host for host in hosts if host not in there)])
        os.environ[self.name] = self.written = text

    def restore(self) -> None:
        """Bring back what was given."""
        if self.given is not None:
            os.environ[self.name] = self.given
        elif self.written is not None:
            del os.environ[self.name]
        self.written = None


_lists = [HostList(name) for name in NO_PROXY]
_direct: Counter[str] = Counter()


@contextmanager
def no_proxy(hosts: Iterable[str]) -> Iterator[None]:
    """Keep hosts away from the environment's proxies for a block, here and in programs started there.

    When the last block has ended, the variables are as they were, or as somebody has set them since.
    """
    mine = set(hosts)
    with _lock:
        _direct.update(mine)
    renew_no_proxy()
    try:
        yield
    finally:
        with _lock:
            _direct.subtract(mine)
        renew_no_proxy()


def renew_no_proxy() -> None:
    """List the hosts of all open blocks, also where somebody has set the variables since."""
    with _lock:
        hosts = sorted(host for host, blocks in _direct.items() if blocks > 0)
        given = next(filter(None, [one.look() for one in _lists]), "")
        for one in _lists:
            if hosts and given.strip() != "*" and _proxies_are_set_here():
                one.write(one.given or given, hosts)
            else:
                one.restore()


def _proxies_are_set_here() -> bool:
    """Tell whether proxies come from the environment alone: any variable would switch off the system's."""
    return sys.platform not in ("darwin", "win32") or any(map(os.environ.get, PROXIES))
