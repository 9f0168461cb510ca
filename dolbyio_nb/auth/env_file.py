"""`.env` files: found, and read with care: within limits, from their owner alone, in any encoding."""

import io
import os
import re
import select
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb._util.paths import here, home, is_there, short
from dolbyio_nb._util.place import login_words
from dolbyio_nb.errors import InvalidOption

if TYPE_CHECKING:
    from dotenv.parser import Binding


class EnvFileError(Exception):
    """Raised when a file is not read: `why` says so of "it", `advice` what to type."""

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.why, self.advice = why, advice


def trusted(path: Path, about: os.stat_result, *, named: bool = False) -> str:
    """Refuse what somebody else may have written; say what else its owner should know.

    Raises:
        EnvFileError: another user owns the file or its folder, or may write to one of them.
    """
    if not hasattr(os, "getuid"):
        return ""
    me, root = os.getuid(), 0
    if about.st_uid not in {me, root if named else me}:
        raise EnvFileError(f"it belongs to another user ({_user(about.st_uid)})", _make_yours(path, named))
    if about.st_mode & stat.S_IWOTH or (about.st_mode & stat.S_IWGRP and _is_shared(about.st_gid)):
        raise EnvFileError("other users may write to it", f"Look at its lines, then: chmod 600 {short(path)}")
    for folder in {path.absolute().parent, path.resolve().parent}:
        _trusted_folder(folder, {me, root})
    readers = about.st_mode & (stat.S_IROTH | stat.S_IRGRP)
    return f"other users may read {short(path)}: chmod 600 {short(path)}" if readers else ""


def _trusted_folder(folder: Path, owners: set[int]) -> None:
    about = folder.stat()
    if about.st_uid not in owners:
        raise EnvFileError(f"its folder belongs to another user ({_user(about.st_uid)})", _elsewhere())
    if about.st_mode & stat.S_IWOTH and not about.st_mode & stat.S_ISVTX:
        raise EnvFileError(
            "other users may write to its folder", f"Look at its lines, then: chmod o-w {short(folder)}"
        )


def _make_yours(path: Path, named: bool) -> str:
    if path.stat().st_uid == 0 and not named:
        return f"If its lines are yours, name it: {login_words('--env-file', short(path))}"
    return _elsewhere()


def _elsewhere() -> str:
    return "Write a .env of your own, or set the environment variables."


def _user(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"user {uid}"


def _is_shared(gid: int) -> bool:
    """Tell whether somebody else is in the group; a user's private group has the user's name."""
    try:
        import grp
        import pwd

        group, me = grp.getgrgid(gid), pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return True
    return group.gr_name != me or bool(set(group.gr_mem) - {me})


LARGEST_ENV_FILE = 256 * 1024  # bytes; a larger file takes seconds to read, and is something else
PIPE_LIMIT = 5.0  # seconds for whoever writes into a named pipe, such as 1Password's
EXAMPLES = {"example", "sample", "template", "dist"}
NEVER_WAITING = getattr(os, "O_NONBLOCK", 0)  # as a named pipe would have it, until somebody writes
WRITE_PLAINLY = "write NAME=value"


@dataclass(frozen=True)
class EnvFile:
    """What a `.env` file holds.

    Attributes:
        values: name to value, as written: nothing is filled in for `${NAME}`.
        unread: the wanted names that stand in lines which cannot be read, and the numbers of these lines.
        first_unread: the number of the first line of any kind that cannot be read; 0 for none.
        caution: what its owner should know, such as that others may read it.
    """

    values: Mapping[str, str] = field(repr=False)
    unread: Mapping[str, int]
    first_unread: int = 0
    caution: str = ""


def profiles(directory: Path) -> list[str]:
    """Name the profiles of `directory` and the directories above it: NAME for each file `.env.NAME`."""
    found = {path.name.removeprefix(".env.") for place in upwards(directory) for path in place.glob(".env.*")}
    return sorted(found - EXAMPLES)


def find_env_file(directory: Path, name: str = ".env") -> Path | None:
    """Find the nearest file `name` from `directory` upwards, not past the repository's root or the home."""
    return next((path for path in env_files(directory, name) if not path.is_dir()), None)


def profile_file(profile: str) -> Path:
    """Find the file of a profile from the working directory upwards.

    Raises:
        InvalidOption: there is none.
    """
    path = find_env_file(here(), f".env.{profile}")
    if path:
        return path
    known = ", ".join(profiles(here())) or "none"
    raise InvalidOption(
        f"There is no profile {profile!r}: no file .env.{profile} from {short(here())} upwards.",
        f"Profiles found: {known}.",
        f"Write DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET to .env.{profile}, or choose another.",
    )


def env_files(directory: Path, name: str = ".env") -> Iterator[Path]:
    """Find whatever is called `name` from `directory` upwards: files, pipes, folders and links to nothing."""
    return (place / name for place in upwards(directory) if is_there(place / name))


def upwards(directory: Path) -> Iterator[Path]:
    """Give `directory` and those above it, up to the repository's root or the home directory."""
    for place in (directory, *directory.parents):
        yield place
        if is_there(place / ".git") or place == home():
            return


def read_env_file(path: Path, wanted: Collection[str] = (), *, named: bool = False) -> EnvFile:
    """Read a `.env` file, or a pipe that gives one.

    Args:
        path: the file.
        wanted: the names to look for in lines that cannot be read.
        named: whether a person named it; one that was only found has to belong to this user.

    Raises:
        EnvFileError: it cannot be read, or somebody else may have written it.
    """
    try:
        data, caution = _bytes_of(path, named)
    except OSError as trouble:
        raise EnvFileError(_trouble(path, trouble)) from None
    return _parsed(decode(data), wanted, caution)


def _trouble(path: Path, trouble: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"it is a link to {short(Path(os.readlink(path)))}, which is not there"
    return f"it cannot be opened: {trouble.strerror}"


def _bytes_of(path: Path, named: bool) -> tuple[bytes, str]:
    if path.is_dir():
        raise EnvFileError("it is a folder, not a file")
    descriptor = os.open(path, os.O_RDONLY | NEVER_WAITING | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return _from_pipe(descriptor, stat.S_ISFIFO(about.st_mode), PIPE_LIMIT), ""
        caution = trusted(path, about, named=named)
        with open(descriptor, "rb", closefd=False) as file:
            return _not_too_large(file.read(LARGEST_ENV_FILE + 1)), caution
    finally:
        os.close(descriptor)


def _not_too_large(data: bytes) -> bytes:
    if len(data) > LARGEST_ENV_FILE:
        raise EnvFileError("it is too large for a .env file")
    return data


def _from_pipe(descriptor: int, is_fifo: bool, seconds: float) -> bytes:
    """Read until whoever writes has closed it; a writer may come late."""
    deadline, data = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        piece = os.read(descriptor, LARGEST_ENV_FILE + 1)
        data = _not_too_large(data + piece)
        if not piece and (data or not is_fifo):
            return data
        if not piece:
            time.sleep(0.02)  # as no writer reads as an end
    raise EnvFileError(
        f"it is a named pipe, and {'no end' if data else 'nothing'} came out of it within {seconds:g} s",
        "Start or unlock the program that writes into it, then try again.",
    )


BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
TWO_BYTES = (
    (re.compile(rb"\xff\xfe|(?:[^\0]\0){2,}", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\xfe\xff|(?:\0[^\0]){2,}", re.DOTALL), "utf-16-be"),
)


def decode(data: bytes) -> str:
    """Read text in UTF-8 or UTF-16, also where PowerShell appended the one to the other.

    Raises:
        EnvFileError: it is no text.
    """
    for text in filter(None, _readings(data)):
        text = text.replace("\ufeff", "")
        if not re.search("[\0-\x08\x0e-\x1f]", text):
            return text
    if not data:
        return ""
    raise EnvFileError("it is not text in UTF-8", "Save it as UTF-8, with one NAME=value in a line.")


def _readings(data: bytes) -> Iterator[str | None]:
    yield _mixed(data, TWO_BYTES)
    yield _mixed(data, TWO_BYTES[::-1])
    for encoding in ("utf-16", "cp1252") if b"=" in data else ():  # the latter for comments of older editors
        yield _or_none(data, encoding) if data[:2] in BYTE_ORDER_MARKS or encoding == "cp1252" else None


def _mixed(data: bytes, kinds: Iterable[tuple[re.Pattern[bytes], str]]) -> str | None:
    if b"\0" in data:
        for pattern, encoding in kinds:
            data = pattern.sub(lambda match, name=encoding: match[0].decode(name).encode(), data)  # type: ignore[misc]
    return _or_none(data, "utf-8")


def _or_none(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _parsed(text: str, wanted: Collection[str], caution: str) -> EnvFile:
    values: dict[str, str] = {}
    unread: dict[str, int] = {}
    first_unread = 0
    for line in lines_of(text):
        if is_plain(line):
            values[line.key or ""] = line.value or ""
        elif line.error or line.key:
            first_unread = first_unread or _number(line)
            unread |= dict.fromkeys(_mentioned(line, wanted), _number(line))
    return EnvFile(values, unread, first_unread, caution)


def lines_of(text: str) -> "Iterator[Binding]":
    """Take a file apart; a value in quotes may have several lines."""
    from dotenv.parser import parse_stream

    return parse_stream(io.StringIO(text))


def is_plain(line: "Binding") -> bool:
    """Tell whether a line is NAME=value, as every program reads it."""
    return not line.error and line.value is not None and bool(re.fullmatch(r"[\w.-]+", line.key or ""))


def _number(line: "Binding") -> int:
    """Count past the empty lines that the parser takes along."""
    text = line.original.string
    return line.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _mentioned(line: "Binding", wanted: Collection[str]) -> Iterator[str]:
    words = re.findall(r"\w+", line.original.string)
    return (name for name in wanted if name in words)
