"""Paths as people write them."""

import os
from pathlib import Path


def here() -> Path:
    """Give the working directory; the root directory when that one was removed."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.sep)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without a name and HOME, as in some containers
        return Path(os.sep)


def expanded(path: Path) -> Path:
    """Read `~` as the home directory; left as it is where that is nobody's."""
    try:
        return path.expanduser()
    except RuntimeError:  # `~somebody` is nobody
        return path


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that none can have is no error."""
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def short(path: Path) -> str:
    """Write a path the way people do, with `~` for the home directory."""
    path, home = here() / path, _home()
    return f"~/{path.relative_to(home)}" if home != Path(os.sep) and path.is_relative_to(home) else str(path)
