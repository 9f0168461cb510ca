"""Sources of a batch: a glob, a folder, an iterable, a column of pandas, or addresses of a store."""

import glob
import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dolbyio_nb._util.paths import expanded
from dolbyio_nb.batch.item import Item, Reason, State
from dolbyio_nb.batch.remote import is_stored, keyless, list_stored
from dolbyio_nb.errors import DolbyError, InvalidOption
from dolbyio_nb.media.inputs import Input, read_input
from dolbyio_nb.media.locations import name_of, remote_location, shown

SOUND = {".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".wma", ".mka"}
FILMS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mxf", ".3gp"}
SUFFIXES = SOUND | FILMS
"""What is taken from a folder: sound and films."""
WILD = frozenset("*?[")


def read_sources(sources: Any, identity: str, home: Path, by_content: bool = False) -> list[Item]:
    """Make an item of each source, in their order; the same source twice is one.

    Args:
        identity: what is done to them, and where, which is a part of each item's key.
        home: the journal's folder; paths in it are known by their relative name, so that it can be moved.
        by_content: know a file by what is in it, so that a renamed one is not done again.
    """
    reader = _Reader(identity, str(home), by_content)
    items: dict[str, Item] = {}
    for source in _each(sources):
        item = reader.item(source)
        items.setdefault(item.key, item)
    return list(items.values())


def _each(sources: Any) -> Iterator[Any]:
    if isinstance(sources, (str, os.PathLike)):
        yield from _expand(os.fspath(sources))
    elif _is_one(sources):
        yield sources
    elif isinstance(sources, Iterable):
        yield from sources
    else:
        raise InvalidOption(
            f"`sources` cannot be of the type {type(sources).__name__}.",
            "It is a glob, a folder, or a list of what can be sent.",
            'Write it like "recordings/**/*.wav".',
        )


def _is_one(source: Any) -> bool:
    """Tell whether it is a single source: bytes, a file, a location, or an array with its rate."""
    array = isinstance(source, tuple) and len(source) == 2 and hasattr(source[0], "dtype")
    return array or isinstance(source, (bytes, bytearray, memoryview, Mapping)) or hasattr(source, "read")


def _expand(text: str) -> Iterator[Any]:
    if is_stored(text) and (WILD & set(text) or text.endswith("/")):
        yield from list_stored(text, SUFFIXES)
        return
    if "://" in text:
        yield text
        return
    path = str(expanded(Path(text)))
    if os.path.isdir(path):
        found = sorted(_below(path))
    elif WILD & set(path) and not os.path.exists(path):
        found = sorted(one for one in glob.iglob(path, recursive=True) if not os.path.isdir(one))
    else:
        found = [path]
    if not found:
        where = "in it" if os.path.isdir(path) else f"that matches, below {os.getcwd()}"
        raise InvalidOption(f"{text} gives no file.", f"There is none {where}.", "Check the pattern.")
    yield from found


def _below(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith("."):
                yield os.path.join(place, name)


class _Reader:
    """Makes items; what cannot be read is an item that has failed, and stops no other."""

    def __init__(self, identity: str, home: str, by_content: bool) -> None:
        self._identity, self._home, self._by_content = identity, home, by_content

    def item(self, source: Any) -> Item:
        if isinstance(source, (str, os.PathLike)) and "://" not in os.fspath(source):
            return self._file(os.path.abspath(expanded(Path(source))))
        try:
            location = source if is_stored(source) else remote_location(source)
            if location is not None:
                return self._located(location)
            return self._content(read_input(source))
        except DolbyError as error:
            return self._unreadable(source, error)

    def _file(self, path: str) -> Item:
        try:
            seen = os.stat(path)
        except (OSError, ValueError):  # it fails when it is sent, like one that vanishes until then
            return Item(self._key("file", self._near(path)), path, os.path.basename(path), path)
        marks = [_hash_of(path)] if self._by_content else [self._near(path), seen.st_size, seen.st_mtime_ns]
        return Item(self._key("file", *marks), path, os.path.basename(path), path, seen.st_size)

    def _located(self, location: Any) -> Item:
        if is_stored(location):
            place, name = keyless(location), posixpath.basename(keyless(location))
        else:
            place, name = shown(location), name_of(location)
        return Item(self._key("place", place), place, name or "audio", location)

    def _content(self, read: Input) -> Item:
        if read.content is None:
            return self._located(read.location)
        digest = hashlib.sha256()
        with read.content.opened() as file:
            while chunk := file.read(1 << 18):
                digest.update(chunk)
        key = self._key("content", digest.hexdigest())
        return Item(key, str(read.path or read.name), read.name, read.content, read.content.size)

    def _unreadable(self, source: Any, error: DolbyError) -> Item:
        about = shown(source) if isinstance(source, str) else f"a {type(source).__name__}"
        key = self._key("unreadable", about, id(source) if not isinstance(source, (str, float)) else "")
        return Item(key, about, about, None, state=State.FAILED, reason=Reason.of(error))

    def _near(self, path: str) -> str:
        inside = path.startswith(self._home + os.sep)
        return path[len(self._home) + 1 :] if inside else path

    def _key(self, *marks: object) -> str:
        text = "\0".join(map(str, (self._identity, *marks)))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _hash_of(path: str) -> str:
    if not os.path.isfile(path):  # a pipe would be waited for
        return path
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return path
