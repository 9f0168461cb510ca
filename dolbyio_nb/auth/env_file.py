"""`.env` files: found, read and written."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from dolbyio_nb._util.paths import _home, is_file, short
from dolbyio_nb.errors import CredentialsError


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


def write_env_file(path: Path, values: Mapping[str, str]) -> str:
    """Write the values to `path`, keep its other lines, let only its owner read it; return what was done.

    Raises:
        CredentialsError: git tracks the file, or it cannot be written. Nothing was changed.
    """
    from dotenv import set_key

    _refuse_tracked(path)
    try:
        _close_to_others(path)
        for name, value in values.items():
            set_key(path, name, value)
        path.chmod(0o600)
    except OSError as trouble:
        reason = trouble.strerror or type(trouble).__name__
    except UnicodeError:
        reason = "it is not text in UTF-8"
    else:
        return f"Saved to {short(path)}, readable by you alone.{_git_advice(path)}"
    raise CredentialsError(
        f"The App key and secret were not saved to {short(path)}.",
        f"The file cannot be written: {reason}.",
        "Save them by hand, or leave out --save.",
    )


def _refuse_tracked(path: Path) -> None:
    if _git(path, "ls-files", "--error-unmatch", path.name):
        raise CredentialsError(
            f"The App key and secret were not saved to {short(path)}.",
            "Git tracks that file, so the next commit would publish them.",
            f"Run `git rm --cached {path.name}` and add it to .gitignore first.",
        )


def _close_to_others(path: Path) -> None:
    never_waiting = getattr(os, "O_NONBLOCK", 0)  # as a named pipe would have it, until somebody reads
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | never_waiting, 0o600))
    path.chmod(0o600)


def _git_advice(path: Path) -> str:
    in_repository = _git(path, "rev-parse", "--is-inside-work-tree")
    ignored = _git(path, "check-ignore", "--quiet", path.name)
    return f" Add {path.name} to .gitignore." if in_repository and not ignored else ""


def _git(path: Path, *command: str) -> bool:
    """Run git beside `path`; False also where there is no git or no repository."""
    try:
        run = subprocess.run(  # noqa: S603 - fixed commands, no shell
            ["git", *command],  # noqa: S607 - the user's own git
            cwd=path.absolute().parent,
            capture_output=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0
