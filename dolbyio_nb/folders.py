"""Where we are on the disk, and which `.env` files are near."""

import os
from collections.abc import Iterator
from pathlib import Path


def profiles(directory: Path) -> list[str]:
    """Name the profiles of `directory` and the directories above it: NAME for each file `.env.NAME`."""
    found = {
        path.name.removeprefix(".env.") for place in _upwards(directory) for path in place.glob(".env.*")
    }
    return sorted(found - {"example", "sample", "template"})


def find_env_file(directory: Path, name: str = ".env") -> Path | None:
    """Find the nearest file `name` from `directory` upwards, not past the repository's root or the home."""
    return next((place / name for place in _upwards(directory) if is_file(place / name)), None)


def _upwards(directory: Path) -> Iterator[Path]:
    for place in (directory, *directory.parents):
        yield place
        if (place / ".git").exists() or place == _home():
            return


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
