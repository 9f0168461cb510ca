"""Place that this runs in, what it can do, and environment variables that are set for a block."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

PANEL, PROMPT, NONE = "panel", "prompt", "none"
VSCODE_FILE = "__vsc_ipynb_file__"  # VS Code's own name for the notebook, among the notebook's variables


def _may_ask() -> bool:
    """nbclient and papermill say with each request that nobody is there to answer; so do pipes."""
    running = kernel()
    if running is not None:
        return bool(getattr(running, "_allow_stdin", True))
    return sys.stdin is not None and sys.stdin.isatty()


def _started_in() -> Path | None:
    """A kernel is started in its notebook's folder."""
    return Path(getattr(shell(), "starting_dir", None) or os.getcwd()).resolve()


def _vscode_folder() -> Path | None:
    return Path(_variables()[VSCODE_FILE]).resolve().parent


def _no_folder() -> Path | None:
    return None


@dataclass(frozen=True)
class Place:
    """One kind of place.

    Attributes:
        name: what people call it.
        is_here: tells whether this is it.
        folder: gives the folder that a relative URL in an output starts from; None where it reaches no file.
        prompts: whether this place can ask at a prompt, where somebody is there to answer.
        widgets: whether a widget lives here.
        paste: whether one can paste into a widget; a prompt is better where one cannot.
        updates: whether a display that was shown can be changed later.
        magics: whether `%dolby_login` can be typed, so that texts may speak of it.
        stores: the stores of secrets that exist here only.
    """

    name: str
    is_here: Callable[[], bool]
    folder: Callable[[], Path | None] = _started_in
    prompts: bool = True
    widgets: bool = True
    paste: bool = True
    updates: bool = True
    magics: bool = True
    stores: tuple[str, ...] = ()

    @property
    def can_type(self) -> bool:
        """Whether somebody can answer a prompt at this moment."""
        return self.prompts and _may_ask()

    @property
    def ui(self) -> str:
        """How a person is asked: `panel`, `prompt`, or `none` where nobody can answer."""
        typing = self.can_type
        if self.widgets and self.paste and (typing or not self.prompts):
            return PANEL
        return PROMPT if typing else NONE

    @property
    def login_line(self) -> str:
        """What to type to log in."""
        return "%dolby_login" if self.magics else "dolbyio_nb.login()"


def _loaded(module: str) -> Callable[[], bool]:
    return lambda: module in sys.modules


def _set(variable: str) -> Callable[[], bool]:
    return lambda: variable in os.environ


def _in_marimo() -> bool:
    running = getattr(sys.modules.get("marimo"), "running_in_notebook", None)
    return bool(running and running())


PLACES = (  # the first that is here
    Place("marimo", _in_marimo, _no_folder, prompts=False, magics=False),
    Place("Pyodide", lambda: sys.platform == "emscripten", _no_folder),
    Place("Colab", _loaded("google.colab"), _no_folder, stores=("Colab",)),
    Place("Kaggle", _set("KAGGLE_KERNEL_RUN_TYPE"), _no_folder, stores=("Kaggle",)),
    Place("Databricks", _set("DATABRICKS_RUNTIME_VERSION"), _no_folder, stores=("Databricks",)),
    Place("VS Code", lambda: VSCODE_FILE in _variables(), _vscode_folder, paste=False, updates=False),
    Place(
        "Voila",  # gives out pictures alone, unless told otherwise
        lambda: os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"),
        _no_folder,
        prompts=False,
    ),
    Place("Spyder", _loaded("spyder_kernels"), _no_folder, widgets=False, updates=False),
    Place("PyCharm", _set("PYCHARM_HOSTED"), _no_folder, widgets=False, updates=False),
    Place("Binder", _set("BINDER_SERVICE_HOST")),
    Place("notebook", lambda: kernel() is not None),
    Place("IPython", lambda: shell() is not None, widgets=False),
    Place("Python", lambda: True, widgets=False, magics=False),
)


def current_place() -> Place:
    """Find the place that this runs in, at this moment."""
    return next(place for place in PLACES if place.is_here())


def has_magics() -> bool:
    """Tell whether `%dolby_login` is there to be typed."""
    find = getattr(shell(), "find_line_magic", None)
    return bool(current_place().magics and find and find("dolby_login"))


def login_words(option: str = "", value: str = "") -> str:
    """Write down what to type here to log in: the magic with its option, or the call that does the same."""
    if has_magics():
        return " ".join(filter(None, ("%dolby_login", option, value)))
    name = option.strip("-").replace("-", "_")
    if name == "form":
        return "dolbyio_nb.login_panel()"
    argument = f"{name}={value!r}" if value else f"{name}=True" if name else ""
    return f"dolbyio_nb.login({argument})"


def shell() -> Any:
    """Give IPython's shell, if this runs in one; IPython is never loaded for it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def shows_html() -> bool:
    """Tell whether what a cell gives is shown as HTML too, as every kernel does, whatever its front end."""
    return "text/html" in getattr(getattr(shell(), "display_formatter", None), "active_types", ())


def kernel() -> Any:
    """Give the kernel that runs this, if one does."""
    return getattr(shell(), "kernel", None)


def _variables() -> dict[str, Any]:
    return getattr(shell(), "user_ns", {})


def person_watches() -> bool:
    """Tell whether somebody sees the output: a notebook a person runs, or a terminal.

    Threads that work side by side are not watched: their bars would come and go all over each other.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    if kernel() is not None:
        return _may_ask()
    return sys.stderr is not None and sys.stderr.isatty()


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
    before: str | None = None
    written: str | None = None

    def look(self) -> str:
        """Read what somebody gave it, since the last writing too."""
        present = os.environ.get(self.name)
        if self.written is None or present != self.written:
            self.before, self.written = present, None
        return self.before or ""

    def write(self, listed: str, hosts: Iterable[str]) -> None:
        """List more hosts."""
        there = listed.replace(" ", "").split(",")
        text = ",".join([*filter(None, [listed]), *(host for host in hosts if host not in there)])
        os.environ[self.name] = self.written = text

    def restore(self) -> None:
        """Bring back what was given."""
        if self.before is not None:
            os.environ[self.name] = self.before
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
                one.write(one.before or given, hosts)
            else:
                one.restore()


def _proxies_are_set_here() -> bool:
    """Tell whether proxies come from the environment alone: any variable would switch off the system's."""
    return sys.platform not in ("darwin", "win32") or any(map(os.environ.get, PROXIES))
