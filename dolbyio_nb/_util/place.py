"""Place that this runs in, and what it can do."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


PANEL, PROMPT, NONE = "panel", "prompt", "none"


def door_of(shell: InteractiveShell) -> str:
    """Find the door for this place: `panel`, `prompt`, or `none` where nobody can answer."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return PROMPT if sys.stdin is not None and sys.stdin.isatty() else NONE
    if not getattr(kernel, "_allow_stdin", True):
        return NONE
    return PROMPT if "__vsc_ipynb_file__" in shell.user_ns else PANEL


def person_watches() -> bool:
    """Tell whether somebody sees the output: a notebook a person runs, or a terminal.

    Threads that work side by side are not watched: their bars would come and go all over each other.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    kernel = _kernel()
    if kernel is not None:  # which may not ask anybody when nbclient or papermill runs the notebook
        return bool(getattr(kernel, "_allow_stdin", True))
    return sys.stderr is not None and sys.stderr.isatty()


def _kernel() -> Any:
    ipython = sys.modules.get("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) if ipython else None


def notebook_folder() -> Path:
    """Give the folder a notebook's relative URLs start from: where its kernel was started."""
    return Path(getattr(_shell(), "starting_dir", None) or os.getcwd()).resolve()


def _embeds() -> bool:
    """Tell whether this is a place that shows outputs away from the files: VS Code and Colab."""
    names = getattr(_shell(), "user_ns", {})
    return "__vsc_ipynb_file__" in names or "google.colab" in sys.modules


def _shell() -> object:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
