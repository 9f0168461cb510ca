"""Paths as people write them."""

import os
from pathlib import Path


def here() -> Path:
    """Give the working directory; the root directory when that one was removed."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.sep)


def home() -> Path:
    """Give the home directory; the root directory for a user without one."""
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
    """Tell whether a file has this name; a name that none can have is no error."""
    return os.path.isfile(path)


def is_there(path: Path) -> bool:
    """Tell whether anything has this name, be it a link to nothing; a name that none can have is no error."""
    return os.path.lexists(path)


def printable(path: Path) -> str:
    """Write a path on one line, whatever its name holds."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def short(path: Path) -> str:
    """Write a path the way people do, with `~` for the home directory."""
    path, mine = here() / path, home()
    return f"~/{path.relative_to(mine)}" if mine != Path(os.sep) and path.is_relative_to(mine) else str(path)


def near(path: Path) -> str:
    """Write a path for people: from the working directory when it is in there."""
    folder = here()
    is_near = folder != folder.parent and path.is_relative_to(folder)
    return str(path.relative_to(folder) if is_near else path)
