"""Where the objects behind `dlb://` names live: files with random names in a temporary directory."""

import os
import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .apps import App


@dataclass(frozen=True)
class StoredObject:
    """One object: the file that holds it, its size in bytes, and when it was written."""

    path: Path
    size: int
    modified: float
    etag: str


class Store:
    """The objects of all apps. Names from outside never become file names."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._objects: dict[tuple[str, str], StoredObject] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def start(self, folder: Path) -> None:
        """Keep objects in this directory from now on."""
        self._folder = folder

    def stop(self) -> None:
        """Forget every object; the directory is the caller's to remove."""
        with self._lock:
            self._objects.clear()
            self._folder = None

    def new_file(self, suffix: str = "") -> Path:
        """A fresh path to write to."""
        if self._folder is None:
            raise RuntimeError("the sandbox is stopped")
        return self._folder / f"{uuid.uuid4().hex}{suffix}"

    def keep(self, app: App, key: str, path: Path) -> StoredObject:
        """Put a finished file in the place of an object; the file belongs to the store from now on."""
        size = path.stat().st_size
        new = StoredObject(path, size, self._clock(), f'"{path.stem}"')
        with self._lock:
            old = self._objects.get((app.folder, key))
            self._objects[app.folder, key] = new
        if old:
            discard(old.path)
        return new

    def find(self, app: App, key: str) -> StoredObject | None:
        return self._objects.get((app.folder, key))

    def open(self, app: App, key: str) -> tuple[StoredObject, BinaryIO] | None:
        """An object and its bytes as they are now, whatever is written to its name meanwhile."""
        with self._lock:
            stored = self._objects.get((app.folder, key))
            return (stored, stored.path.open("rb")) if stored else None

    def lend(self, app: App, key: str, suffix: str) -> Path | None:
        """A file of its own with the bytes of an object, for the caller to remove."""
        path = self.new_file(suffix)
        with self._lock:
            stored = self._objects.get((app.folder, key))
            if stored is None:
                return None
            _same_bytes(stored.path, path)
        return path


def _same_bytes(old: Path, new: Path) -> None:
    """A second name for a file; a copy where the file system has no hard links."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def discard(path: Path) -> None:
    """Remove a file; one that another thread still reads on Windows stays until the sandbox stops."""
    try:
        os.unlink(path)
    except OSError:
        return


def object_key(url: object) -> str:
    """The key in a `dlb://` name; raises ValueError with the reason in words."""
    if not isinstance(url, str) or not url.startswith("dlb://"):
        raise ValueError("url must start with dlb://")
    key = url.removeprefix("dlb://")
    if not key or len(key) > 1024:
        raise ValueError("the name after dlb:// must have 1 to 1024 characters")
    if not key.isprintable() or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError("the name after dlb:// may not hold control characters, empty parts, . or ..")
    return key
