"""Inputs of jobs: files, bytes and open files."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, BinaryIO, Protocol, cast

from dolbyio_nb._util.paths import here
from dolbyio_nb.errors import DolbyError, InvalidOption, SourceNotFound, TransferError
from dolbyio_nb.media.arrays import audio_of, wav_of
from dolbyio_nb.media.kinds import About
from dolbyio_nb.media.locations import local_path, name_of, remote_location
from dolbyio_nb.media.parameters import Location

Samples = Annotated[tuple[Any, Any], About("a pair (samples, rate)")]
Local = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Samples
"""Something on this computer: a path, bytes, a file open for reading bytes, or `(samples, rate)`."""


class HasInput(Protocol):
    """An earlier result, or one of its files."""

    def as_input(self) -> "Input":
        """Give itself as what a job reads."""


class Played(Protocol):
    """An `IPython.display.Audio`."""

    def src_attr(self) -> str:
        """Write what is played as the attribute of a page's element."""


Source = Local | Location | HasInput | Played
"""What a job can read: anything `Local`, a `Location`, an `IPython.display.Audio`, or an earlier result."""
# The first bytes of the formats that bytes without a name are most likely to be in.
SIGNATURES = (
    (0, b"RIFF", ".wav"),
    (0, b"fLaC", ".flac"),
    (0, b"OggS", ".ogg"),
    (4, b"ftyp", ".mp4"),
    (0, b"ID3", ".mp3"),
    (0, b"\xff\xfb", ".mp3"),
)


def name_of_bytes(head: bytes) -> str:
    """Name bytes that came without a name, by what they begin with; `audio.wav` when that says nothing."""
    found = (suffix for at, mark, suffix in SIGNATURES if head[at : at + len(mark)] == mark)
    return "audio" + next(found, ".wav")


CHUNK = 1 << 18
"""Bytes moved at a time: many enough for speed, few enough to stay in a processor's cache."""
WAV_HEADER = 44
Opener = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Content:
    """What is sent: its name, its length in bytes, and the file it is when it is one.

    `opened()` gives a file at its first byte, as often as it is asked.
    """

    name: str
    size: int
    path: Path | None
    opened: Opener = field(repr=False)

    def chunks(self, progress: Callable[[float], None] = lambda done: None) -> "Chunks":
        """Give the bytes for one request, in pieces; `progress` hears how many were read so far."""
        return Chunks(self, progress)


@dataclass(frozen=True)
class Chunks:
    """The body of one request. Its length is known, so that `requests` sends a Content-Length."""

    content: Content
    progress: Callable[[float], None]

    def __len__(self) -> int:
        return self.content.size

    def __iter__(self) -> Iterator[bytes]:
        left = self.content.size
        with self.content.opened() as file:
            while left and (chunk := file.read(min(CHUNK, left))):
                yield chunk
                left -= len(chunk)
                self.progress(self.content.size - left)
        if left:
            # Not a TransferError: requests takes every OSError of a body for a broken connection.
            raise DolbyError(f"{self.content.name} became shorter while it was sent.", "", "Send it again.")


def read_content(source: Local, name: str | None = None) -> Content:
    """Look at what is to be sent, before any network: it must exist, be readable and hold something."""
    if isinstance(source, tuple):
        content = _from_bytes(wav_of(source), name)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        content = _from_bytes(bytes(source), name)
    elif isinstance(source, (str, os.PathLike)):
        content = _from_path(local_path(source), name)
    else:
        content = _from_file(source, name)
    if not content.size:
        raise TransferError(f"{content.name} is empty.", "There is nothing in it to send.", _rewind(source))
    with content.opened() as file:
        _check_head(content, file.read(512))
    return content


POINTER = "a Git LFS pointer, not the file itself"
PAGE = "a web page, such as a sign-in page"
XML = "an XML text, such as a store's error"
FETCH = "Download the file itself, and look at it."
NO_SOUND = (
    (b"version https://git-lfs.github.com/spec/", POINTER, "Run: git lfs pull"),
    (b"version https://hawser.github.com/spec/", POINTER, "Run: git lfs pull"),
    (b"/annex/objects/", "a git-annex pointer, not the file itself", "Run: git annex get"),
    (b"<!doctype html", PAGE, FETCH),
    (b"<html", PAGE, FETCH),
    (b"<!--", PAGE, FETCH),
    (b"<?xml", XML, FETCH),
    (b"<error", XML, FETCH),
)
"""How files begin that only bear the name of a sound, what they are, and what to do."""


def _check_head(content: Content, head: bytes) -> None:
    start = _as_ascii(head).lstrip(b" \t\r\n\0").lower()
    for mark, what, advice in NO_SOUND:
        if start.startswith(mark):
            raise TransferError(f"{content.name} is {what}.", "It holds no sound; nothing was sent.", advice)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE" and content.size <= WAV_HEADER:
        raise TransferError(
            f"{content.name} is empty.", "It is the header of a WAV file, without sound.", "Record it again."
        )


def _as_ascii(head: bytes) -> bytes:
    """Take off what an editor puts before and between plain letters: a byte order mark, UTF-16's zeros."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[2:].replace(b"\0", b"")
    return head.removeprefix(b"\xef\xbb\xbf")


def _from_bytes(data: bytes, name: str | None) -> Content:
    opened = lambda: nullcontext(io.BytesIO(data))  # noqa: E731 - a closure over the bytes, named by its field
    return Content(name or name_of_bytes(data[:16]), len(data), None, opened)


def _from_path(path: Path, name: str | None) -> Content:
    if _may_never_end(path):
        raise _no_source(f"{path} is no ordinary file, which is all that can be sent.")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise _unreadable(path, error) from None
    return Content(name or path.name, size, path.resolve(), lambda: path.open("rb"))


def _from_file(file: BinaryIO, name: str | None) -> Content:
    if not hasattr(file, "read") or isinstance(file, io.TextIOBase):
        kind = "a file opened as text" if hasattr(file, "read") else f"of the type {type(file).__name__}"
        if hasattr(file, "shape"):
            raise _no_source("The source is an array without its rate.", "Give both: (samples, rate).")
        raise _no_source(f"The source is {kind}, which cannot be sent.")
    try:
        return _measured(file, name)
    except (OSError, ValueError) as error:
        raise _no_source(f"The source cannot be read: {error}.") from None


def _no_source(
    what: str, advice: str = 'Give a path, bytes, or a file from open(..., "rb").'
) -> TransferError:
    return TransferError(what, "Sound is read as bytes, or as samples with their rate.", advice)


def _measured(file: BinaryIO, name: str | None) -> Content:
    if not file.readable():
        raise OSError("it is not open for reading")
    file = file if file.seekable() else _kept(file)
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    path = _path_of(file) if not start else None
    name = name or (path.name if path else name_of_bytes(_head(file, start)))
    return Content(name, size, path, lambda: _opened_at(file, start))


def _opened_at(file: BinaryIO, start: int) -> AbstractContextManager[BinaryIO]:
    file.seek(start)
    return nullcontext(file)  # the caller opened it, and closes it


def _head(file: BinaryIO, start: int) -> bytes:
    head = file.read(16)
    file.seek(start)
    return head


def _kept(file: BinaryIO) -> BinaryIO:
    """Copy what can be read only once, since its length must be known before it is sent."""
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as what reads it
    shutil.copyfileobj(file, kept, CHUNK)
    kept.seek(0)
    return kept


def _path_of(file: BinaryIO) -> Path | None:
    name = getattr(file, "name", None)
    return Path(name).resolve() if isinstance(name, str) and os.path.isfile(name) else None


def _unreadable(path: Path, error: OSError) -> TransferError:
    folder = path.parent if os.path.isdir(path.parent) else Path()
    if os.path.isdir(path):
        return TransferError(
            f"{path} is a folder.", "One file is sent at a time.", "Give the path of a file."
        )
    if not isinstance(error, FileNotFoundError):
        return TransferError(
            f"{path} cannot be read.", error.strerror or "", "Check its name and permissions."
        )
    near = get_close_matches(path.name, _names_in(folder), 1)
    guess = f"Did you mean {near[0]}?" if near else "Check the name and the working directory."
    return SourceNotFound(f"There is no file {path}.", f"It was looked for in {here() / folder}.", guess)


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _may_never_end(path: Path) -> bool:
    """Tell whether it is a named pipe, which waits to be opened at both ends, or a device."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _rewind(source: object) -> str:
    return "Rewind it first: file.seek(0)." if hasattr(source, "seek") else "Check where it comes from."


@dataclass(frozen=True)
class Input:
    """What a job reads: a place the service can reach, or something here that is to be sent first.

    `path` is the original on this computer, where there is one.
    """

    name: str
    location: Location = ""
    content: Content | None = None
    path: Path | None = None

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The name's suffix; `.wav` when it has none."""
        return PurePosixPath(self.name).suffix or ".wav"


def read_input(source: Source) -> Input:
    """Look at what a job is to read; a file that is not there is an error before any network."""
    if (as_input := getattr(source, "as_input", None)) is not None:
        return cast("Input", as_input())
    plain = isinstance(source, (str, bytes, os.PathLike))
    played = source if plain else audio_of(source) or source
    if (location := remote_location(played)) is not None:
        return Input(name_of(location), location)
    content = read_content(cast("Local", played))
    return Input(content.name, content=content, path=content.path)


def read_inputs(source: Source | list[Source]) -> list[Input]:
    """Look at one source or several."""
    reads = [read_input(one) for one in (source if isinstance(source, list) else [source])]
    if not reads:
        raise InvalidOption("There is no source in the list.", "", "Give one or more.")
    return reads
