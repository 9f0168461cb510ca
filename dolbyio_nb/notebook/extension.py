"""Extension of IPython: what %load_ext adds and %unload_ext takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dolbyio_nb.display import cards as made
from dolbyio_nb.display.cards import CARDS
from dolbyio_nb.display.html import page
from dolbyio_nb.media.results import MediaResult
from dolbyio_nb.notebook.completion import complete_login
from dolbyio_nb.notebook.magics import DolbyMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion, the look at the token, and the look of results."""
    magics = DolbyMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.controller.before_cell)
    shell.events.register("post_run_cell", magics.controller.after_cell)
    register(shell)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(complete_login)


def unload(shell: InteractiveShell) -> None:
    """Log out, and take back all that `load` added."""
    magics = shell.magics_manager.registry.pop(DolbyMagics.__name__)
    magics.close()
    shell.events.unregister("pre_run_cell", magics.controller.before_cell)
    shell.events.unregister("post_run_cell", magics.controller.after_cell)
    unregister(shell)
    for name in magics.magics["line"]:
        shell.magics_manager.magics["line"].pop(name)
    shell.configurables.remove(magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.remove(complete_login)


def register(shell: InteractiveShell) -> None:
    """Show results as cards with players and pictures, and in a terminal as a line or two."""
    for kind, card in CARDS.items():
        _formatter(shell, "text/html").for_type(kind, lambda result, card=card: page(card(result)))
    _formatter(shell, "text/plain").for_type(MediaResult, _write)


def unregister(shell: InteractiveShell) -> None:
    """Show results by their repr again."""
    for kind in CARDS:
        _formatter(shell, "text/html").pop(kind, None)
    _formatter(shell, "text/plain").pop(MediaResult, None)


def _formatter(shell: InteractiveShell, kind: str) -> Any:
    display: Any = shell.display_formatter
    return display.formatters[kind]


def _write(result: MediaResult, printer: Any, cycle: bool) -> None:
    printer.text(made.line(result))
