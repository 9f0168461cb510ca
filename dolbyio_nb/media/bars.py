"""The bar in a notebook: part of the cell's output while it moves, and gone without a trace after."""

import html
from typing import Any

from tqdm.std import tqdm


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
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
