"""Progress of a batch: a live card in a notebook, a line in a terminal, elsewhere a log line a minute."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Protocol

from dolbyio_nb._util.clock import now
from dolbyio_nb._util.place import current_place, kernel, person_watches

if TYPE_CHECKING:
    from dolbyio_nb.batch.batch import Batch

LOG = logging.getLogger("dolbyio_nb.batch")
MINUTE = 60.0
"""Seconds between two log lines."""


class View(Protocol):
    """Shows a batch again and again, and once more at its end."""

    def show(self) -> None:
        """Show it as it stands."""

    def close(self) -> None:
        """Show it as it ended."""


@contextmanager
def watching(batch: Batch) -> Iterator[Callable[[], None]]:
    """Show how far a run is while the block runs; the function that is given shows it anew."""
    view = _choose(batch)
    try:
        yield view.show
    finally:
        view.close()


def _choose(batch: Batch) -> View:
    if kernel() is not None and current_place().updates:
        return Card(batch)
    return Line(batch) if person_watches() else Log(batch)


class Card:
    """A card in the cell's output, whose last state stays in the notebook as plain HTML."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self._handle = batch, None
        self.show()

    def show(self) -> None:
        """Draw the numbers."""
        self._draw(rows=0)

    def close(self) -> None:
        """Draw the table, too."""
        from dolbyio_nb.display.status_cards import ROWS

        self._draw(rows=ROWS)

    def _draw(self, rows: int) -> None:
        from IPython.display import display

        from dolbyio_nb.display.status_cards import batch_card

        picture = batch_card(self._batch, rows)
        bundle = {"text/plain": repr(picture), "text/html": picture._repr_html_()}
        handle: Any = self._handle
        if handle:
            handle.update(bundle, raw=True)
        else:
            self._handle = display(bundle, raw=True, display_id=True)


class Line:
    """One line of a terminal, written over and over."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self._length = batch, 0

    def show(self) -> None:
        """Write the line over the last one; one that wraps could not be written over."""
        line = self._batch.tally().line[: get_terminal_size().columns - 1]
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def close(self) -> None:
        """Write it for the last time, and leave it."""
        self.show()
        sys.stderr.write("\n")


class Log:
    """A log line a minute, where nobody watches."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self._last = batch, now()

    def show(self) -> None:
        """Log, if a minute has gone by."""
        if now() - self._last >= MINUTE:
            self._last = now()
            self.close()

    def close(self) -> None:
        """Log how far it is."""
        LOG.info("%s: %s", self._batch.operation, self._batch.tally().line)
