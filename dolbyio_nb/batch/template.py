"""Output template: the name of each result on this computer, made of its source's name."""

import os
import string
from pathlib import Path, PurePath

from dolbyio_nb._util.paths import expanded
from dolbyio_nb.batch.item import Item
from dolbyio_nb.batch.remote import is_stored, is_writable
from dolbyio_nb.errors import InvalidOption

FIELDS = ("stem", "name", "parent", "suffix")


class OutputTemplate:
    """A path with `{stem}`, `{name}`, `{parent}` and `{suffix}` of the source in it."""

    def __init__(self, text: str | os.PathLike[str]) -> None:
        text = os.fspath(text)
        self._stored = is_stored(text)
        self._text = text if self._stored else _local(text)
        self._check()
        if self._text.endswith("/"):
            self._text += "{name}"

    def path(self, item: Item) -> str:
        """Give the absolute path of an item's result, or its address in a store."""
        stem, suffix = os.path.splitext(item.name)
        parent = _parent(item.source)
        parent = parent.lstrip("/") if self._stored else parent
        made = self._text.format(stem=stem, name=item.name, parent=parent, suffix=suffix)
        return made if self._stored else os.path.abspath(made)

    def name_all(self, items: list[Item]) -> None:
        """Give every item its path; two of one name, or a source that would be replaced, are refused."""
        taken: dict[str, Item] = {}
        sources = {item.source for item in items}
        for item in items:
            item.path = self.path(item)
            if item.path in taken:
                raise _twice(item, taken[item.path])
            if item.path in sources:
                raise InvalidOption(
                    f"{item.path} would be replaced by a result.",
                    "",
                    'Give another `output`: "better/{stem}.wav".',
                )
            taken[item.path] = item

    def _check(self) -> None:
        if "://" in self._text and not is_writable(self._text):
            raise _unreadable(self._text, "A result goes to a path here, or to s3://.")
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(self._text) if name is not None]
        except ValueError as error:
            raise _unreadable(self._text, f"{error}.") from None
        unknown = [name for name in fields if name not in FIELDS]
        if unknown:
            raise _unreadable(self._text, f"There is no {{{unknown[0]}}}.")


def _local(text: str) -> str:
    folder = text.endswith("/") or os.path.isdir(expanded(Path(text)))
    return text if "://" in text else str(expanded(Path(text))) + ("/" if folder else "")


def _parent(source: str) -> str:
    """Give the folder of a source; in a store it begins with the bucket."""
    _scheme, mark, place = source.rpartition("://")
    if not mark:
        return PurePath(source).parent.as_posix()
    return PurePath(place).parent.as_posix() if is_stored(source) else ""


def _unreadable(text: str, why: str) -> InvalidOption:
    return InvalidOption(
        f"`output` cannot be {text!r}.",
        why,
        'Write it with {stem}, {name}, {parent} or {suffix}: "better/{stem}.wav".',
    )


def _twice(item: Item, other: Item) -> InvalidOption:
    return InvalidOption(
        f"Two results would be written to {item.path}.",
        f"They are those of {other.source} and {item.source}.",
        'Tell them apart: output="better/{parent}/{stem}.wav".',
    )
