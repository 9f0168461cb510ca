"""Place that this runs in, and what it can do: one table, read from what is loaded and the environment."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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
    Place("Voila", lambda: os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"), prompts=False),
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
