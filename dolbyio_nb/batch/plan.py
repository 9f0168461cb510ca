"""Plan of a batch: its items, what is known of them, and where their results go; nothing is sent yet."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolbyio_nb.batch.draft import Recipe
from dolbyio_nb.batch.item import Item, State
from dolbyio_nb.batch.journal import Journal
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
    recipe: Recipe,
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
    identity = json.dumps([recipe.word, options, place], sort_keys=True, default=str)
    items = read_sources(sources, identity, journal.path.parent, known_by == "content")
    written = journal.recall(items)
    if output is not None:
        _place(items, output, written)
    return items


def _place(items: list[Item], output: Any, written: set[str]) -> None:
    before = {item.key: item.path for item in items}
    OutputTemplate(output).name_all(items)
    for item in items:
        is_there = os.path.lexists(item.path or "")
        if is_there and item.path not in written:
            raise InvalidOption(
                f"{item.path} is there already.",
                "It would be replaced, and is no result of an earlier run; nothing was sent.",
                "Give another `output`, or remove the file first.",
            )
        if item.state == State.DONE and item.path != before[item.key] and not is_there:
            item.state = State.RUNNING  # it is fetched once more, and not made once more
