"""Saving to `.env`: one file changed at once, closed to others, and read back before that is said."""

import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dolbyio_nb._util.paths import short
from dolbyio_nb.auth.env_file import NEVER_WAITING, EnvFileError, is_plain, lines_of, read_env_file
from dolbyio_nb.errors import CredentialsError

NEEDS_NO_QUOTES = re.compile(r"[\w+/=.:-]+", re.ASCII)


def write_env_file(path: Path, values: Mapping[str, str]) -> str:
    """Write the values to `path`, keep its other lines, let only its owner read it; return what was done.

    A link stays a link: what it leads to is written.

    Raises:
        CredentialsError: git tracks the file, or it cannot be written. Nothing was changed.
    """
    target = path.resolve()
    for place in {path.absolute(), target}:
        _refuse_tracked(place)
    try:
        _replace(target, _with(_text_of(target), values), values)
    except OSError as trouble:
        reason = f"the file cannot be written: {trouble.strerror or type(trouble).__name__}"
    except EnvFileError as trouble:
        reason = trouble.why
    else:
        leads = f", to which {short(path)} leads" if path.is_symlink() else ""
        return f"Saved to {short(target)}{leads}, readable by you alone.{_git_advice(target)}"
    raise CredentialsError(
        f"The App key and secret were not saved to {short(path)}.",
        f"The reason: {reason}.",
        "Save them by hand, or leave out --save.",
    )


def _text_of(target: Path) -> str:
    """Read what is there as it is, line ends too; "" for nothing."""
    if not target.exists():
        return ""
    if not (target.is_file() or target.is_dir()):  # a pipe would wait, until somebody reads
        raise EnvFileError("the file cannot be written: it is no regular file")
    os.close(os.open(target, os.O_WRONLY | NEVER_WAITING))
    if hasattr(os, "getuid") and target.stat().st_uid != os.getuid():
        raise EnvFileError("the file belongs to another user, who could read what is saved there")
    try:
        return target.read_bytes().decode()
    except UnicodeError:
        raise EnvFileError("the file is not text in UTF-8; save it as UTF-8 first") from None


def _with(text: str, values: Mapping[str, str]) -> str:
    """Put the values in place of earlier ones, the rest below."""
    left, lines = dict(values), []
    for line in lines_of(text):
        if is_plain(line) and line.key in values:
            if line.key in left:
                lines.append(f"{line.key}={_quoted(left.pop(line.key))}\n")
        else:
            lines.append(line.original.string)
    start = "".join(lines)
    start += "\n" if start and not start.endswith("\n") else ""
    return start + "".join(f"{name}={_quoted(value)}\n" for name, value in left.items())


def _quoted(value: str) -> str:
    if NEEDS_NO_QUOTES.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _replace(target: Path, text: str, values: Mapping[str, str]) -> None:
    """Write beside the target, read back, then put it in its place: no moment has half a file."""
    handle, name = tempfile.mkstemp(prefix=".env-", dir=target.parent)  # with mode 0600
    written = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _refuse_unless_read_back(written, values)
        written.chmod(stat.S_IRUSR | stat.S_IWUSR)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)


def _refuse_unless_read_back(written: Path, values: Mapping[str, str]) -> None:
    read = read_env_file(written, named=True)
    if any(read.values.get(name) != value for name, value in values.items()):
        line = read.first_unread or 1
        raise EnvFileError(f"below line {line}, which cannot be read, nothing can be (an open quote?)")


def _refuse_tracked(path: Path) -> None:
    if _git(path, "ls-files", "--error-unmatch", path.name):
        raise CredentialsError(
            f"The App key and secret were not saved to {short(path)}.",
            "Git tracks that file, so the next commit would publish them.",
            f"Run `git rm --cached {path.name}` and add it to .gitignore first.",
        )


def _git_advice(path: Path) -> str:
    in_repository = _git(path, "rev-parse", "--is-inside-work-tree")
    ignored = _git(path, "check-ignore", "--quiet", path.name)
    return f" Add {path.name} to .gitignore." if in_repository and not ignored else ""


def _git(path: Path, *command: str) -> bool:
    """Run git beside `path`; False also where there is no git or no repository."""
    try:
        run = subprocess.run(  # noqa: S603 - fixed commands, no shell
            ["git", *command],  # noqa: S607 - the user's own git
            cwd=path.parent,
            capture_output=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0
