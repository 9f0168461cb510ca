"""Scratch folder of one sandbox: removed at its end, or at the next start where a process died."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PREFIX = "dolbyio-sandbox-"
OWNER = "owner"  # the file that the living owner of a folder keeps locked


class ScratchFolder:
    """A folder for this user alone."""

    def __init__(self) -> None:
        sweep()
        self._whole = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = _owned(self._whole)
        self.path = self._whole / "files"
        self.path.mkdir()

    def remove(self) -> None:
        """Delete everything in it."""
        self._owner.close()
        shutil.rmtree(self._whole, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of this user's dead sandboxes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if _is_mine(folder) and _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _owned(folder: Path) -> BinaryIO:
    """Lock first, show the name then: no other start may see an owner's file that is not locked."""
    file = (folder / f"{OWNER}.new").open("wb")
    _lock(file)
    if os.name == "nt":  # an open file has to keep its name there
        (folder / OWNER).touch()
    else:
        os.rename(file.name, folder / OWNER)
    return file


def _is_mine(folder: Path) -> bool:
    about = folder.lstat()
    return not folder.is_symlink() and (not hasattr(os, "getuid") or about.st_uid == os.getuid())


def _is_dead(folder: Path) -> bool:
    """Whether nobody holds its owner's file; a folder without one is just being made."""
    if not (folder / OWNER).exists():
        return False
    if os.name == "nt":
        os.unlink(folder / f"{OWNER}.new")  # fails while it is open
        return True
    with (folder / OWNER).open("rb") as file:
        _lock(file)  # fails while it is locked
    return True


def _lock(file: BinaryIO) -> None:
    """Take the lock that goes with the process, or raise OSError."""
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
