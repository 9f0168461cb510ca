"""Progress bars, for as long as a person watches."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.std import tqdm

from dolbyio_nb._util.place import current_place, kernel, person_watches
from dolbyio_nb.http.redact import scrub

Show = Callable[[float], None]
"""Is told how much is done so far, in the bar's own unit."""
PATIENCE = 0.3  # seconds; what is done sooner needs no bar


@contextmanager
def progress_bar(label: str, total: float | None, **options: Any) -> Iterator[Show]:
    """Show a bar while the block runs, and yield the function that moves it.

    Silent when nobody watches, and where what was shown cannot be taken away again.
    """
    if not person_watches() or (kernel() is not None and not current_place().updates):
        yield lambda done: None
        return
    with _bar_class()(total=total, desc=scrub(label), leave=False, delay=PATIENCE, **options) as bar:
        yield lambda done: _move(bar, done)


def _bar_class() -> Any:
    if kernel() is None:
        return tqdm
    return NotebookBar


def _move(bar: Any, done: float) -> None:
    bar.update(done - bar.n)


class NotebookBar(tqdm):  # type: ignore[type-arg]  # it counts, and iterates over nothing
    """A bar without a widget, whose model would be missing when the notebook is opened again."""

    def __init__(self, **options: Any) -> None:
        self._handle: Any = None
        super().__init__(gui=True, **options)

    def display(self, *_: object, **__: object) -> None:
        """Draw the bar as it stands."""
        self._show(self._text(), self._html())

    def close(self) -> None:
        """Empty the output that held the bar."""
        super().close()
        if self._handle:
            self._show("", "")

    def _text(self) -> str:
        share = f"{self.n / self.total:.0%}" if self.total else self.format_sizeof(self.n)
        return f"{self.desc.removesuffix(': ')}: {share}, {self.format_interval(self.format_dict['elapsed'])}"

    def _html(self) -> str:
        value = f'value="{self.n}" max="{self.total}" ' if self.total else ""
        bar = f'<progress {value}style="width: 14em; vertical-align: middle"></progress>'
        return f"<div>{bar} {html.escape(self._text())}</div>"

    def _show(self, text: str, markup: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text, "text/html": markup}
        if self._handle:
            self._handle.update(bundle, raw=True)
        else:
            self._handle = display(bundle, raw=True, display_id=True)
