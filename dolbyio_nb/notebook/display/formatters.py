"""How a shell learns what results look like; the results themselves know nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.results import MediaResult, Result
from dolbyio_nb.notebook.display import cards, made
from dolbyio_nb.notebook.display.markup import Html, page

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

CARDS: Mapping[type[Result], Callable[[Any], Html]] = {
    MediaResult: made.card,
    Diagnosis: cards.diagnosis,
    Analysis: cards.analysis,
    SpeechAnalysis: cards.speech,
    MusicAnalysis: cards.music,
}


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
