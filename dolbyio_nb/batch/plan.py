"""Plan of a batch: its items, what is known of them, and where their results go; nothing is sent yet."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolbyio_nb.batch.draft import Procedure
from dolbyio_nb.batch.item import Item, State
from dolbyio_nb.batch.journal import Journal
from dolbyio_nb.batch.remote import present
from dolbyio_nb.batch.sources import read_sources
from dolbyio_nb.batch.template import OutputTemplate
from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import InvalidOption


def journal_path(given: Any, operation: str) -> Path:
    """Name the journal: what is given, or a file in the working directory, one an operation."""
    name = f"dolby-batch-{operation.replace('_', '-')}.sqlite3" if given is None else given
    return Path(os.path.abspath(os.path.expanduser(os.fspath(name))))


def plan_items(
    sources: Any,
    procedure: Procedure,
    options: Mapping[str, Any],
    output: Any,
    journal: Journal,
    origin: str,
    known_by: str,
) -> list[Item]:
    """Make the items, each with the state that the journal has and the path of its result."""
    if known_by not in ("path", "content"):
        raise InvalidOption(f"`known_by` cannot be {known_by!r}.", "", 'It is "path" or "content".')
    place = "local" if is_local_origin(origin) else origin
    identity = json.dumps([procedure.word, options, place], sort_keys=True, default=str)
    items = read_sources(sources, identity, journal.path.parent, known_by == "content")
    written = journal.recall(items)
    if output is not None:
        _place(items, output, written)
    if procedure.report and any(item.is_stored for item in items):
        raise InvalidOption(
            "A report cannot go to a store.", "It is read here.", "Give a path on this computer, or none."
        )
    return items


def _place(items: list[Item], output: Any, written: set[str]) -> None:
    before = {item.key: item.path for item in items}
    OutputTemplate(output).name_all(items)
    there = _present({item.path for item in items if item.path})
    for item in items:
        if item.path in there and item.path not in written:
            raise InvalidOption(
                f"{item.path} is there already.",
                "It would be replaced, and is no result of an earlier run; nothing was sent.",
                "Give another `output`, or remove the file first.",
            )
        if item.state == State.DONE and item.path != before[item.key] and item.path not in there:
            _fetch_again(item)


def _present(paths: set[str]) -> set[str]:
    stored = {path for path in paths if "://" in path}
    return {path for path in paths - stored if os.path.lexists(path)} | (present(stored) & stored)


def _fetch_again(item: Item) -> None:
    """Have a result fetched once more, which is not made once more."""
    if item.is_stored:
        raise InvalidOption(
            f"The result of {item.name} is made already, and is not at {item.path}.",
            f"It was written to {', '.join(item.outputs) or 'no place'}.",
            'Copy it from there, or make it anew with another journal="new.sqlite3".',
        )
    item.state = State.RUNNING
