"""Progress bars, for as long as a person watches."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Show = Callable[[float], None]
"""Is told how much is done so far, in the bar's own unit."""

PATIENCE = 0.3  # seconds; what is done sooner needs no bar


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


@contextmanager
def progress_bar(label: str, total: float | None, **options: Any) -> Iterator[Show]:
    """Show a bar while the block runs, and yield the function that moves it; silent when nobody watches."""
    if not person_watches():
        yield lambda done: None
        return
    with _bar_class()(total=total, desc=label, leave=False, delay=PATIENCE, **options) as bar:
        yield lambda done: _move(bar, done)


def _bar_class() -> Any:
    if _kernel() is None:
        from tqdm.std import tqdm

        return tqdm
    from dolbyio_nb.media.bars import NotebookBar

    return NotebookBar


def _kernel() -> Any:
    ipython = sys.modules.get("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) if ipython else None


def _move(bar: Any, done: float) -> None:
    bar.update(done - bar.n)
