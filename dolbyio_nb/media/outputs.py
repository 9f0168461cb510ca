"""Outputs of jobs: where they go, and the result made of them."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.inputs import Input
from dolbyio_nb.media.ledger import is_ours
from dolbyio_nb.media.locations import (
    from_here,
    local_path,
    name_of,
    new_output,
    remote_location,
)
from dolbyio_nb.media.options import kind_of, merged, suffix_of
from dolbyio_nb.media.parameters import Location, Options


@dataclass(frozen=True)
class Target:
    """Where a job writes, and where that is wanted on this computer."""

    location: Location
    save_to: Path | None = None


Destination = str | os.PathLike[str] | Location
"""Where a result is wanted: a path on this computer, or a location the service writes to by itself."""


def choose_target(output: Destination | None, read: Input, suffix: str) -> Target:
    """Choose where a job writes: where the person says, or a new place in temporary storage."""
    if output is None:
        return Target(new_output(read.stem, suffix))
    if (location := remote_location(output)) is not None:
        return Target(location)
    path = from_here(file_for(cast("str | os.PathLike[str]", output), f"{read.stem}{suffix}"))
    check_writable(path)
    if read.path and path.resolve() == read.path:
        raise InvalidOption(
            f"{path} would be replaced by its own result.", "", "Give `output` another name than the source."
        )
    if read.content and path.suffix == read.suffix:
        check_room(path, read.content.size)
    check_free(path)
    return Target(new_output(path.stem, path.suffix), path)


def check_writable(path: Path) -> None:
    """Refuse a place that no file can be written to, before anything is sent."""
    if os.path.isdir(path):
        raise InvalidOption(f"{path} is a folder.", "A file is to be written there.", "Give another name.")
    folder = next(
        (one for one in path.parents if os.path.lexists(one)), path.parent
    )  # the rest is made later
    if not os.path.isdir(folder):
        raise InvalidOption(
            f"{path} cannot be written.", f"{folder} is no folder.", "Choose another place for it."
        )
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".dolby-"), suppress(FileNotFoundError):
            path.lstat()  # which fails for a name that the file system does not take
    except OSError as error:
        why = f"{error.strerror or error}."
        raise InvalidOption(f"{path} cannot be written.", why, "Choose another place for it.") from None


def check_room(path: Path, size: int) -> None:
    """Refuse a file on a disk without room for a result as large as the source."""
    folder = next((one for one in path.parents if os.path.isdir(one)), path.parent)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < size:
        raise InvalidOption(
            f"There is no room for the result in {folder}.",
            f"{free / 1e6:.0f} MB are free, and the source alone has {size / 1e6:.0f} MB.",
            "Make room, or choose another place for the result.",
        )


def check_free(path: Path) -> None:
    """Refuse to replace a file that is no earlier result."""
    if os.path.lexists(path) and not is_ours(path):
        raise InvalidOption(
            f"{path} is there already.",
            "It would be replaced, and is no earlier result as it was written here.",
            "Give another name, or remove the file first.",
        )


def choose_renditions(wanted: Iterable[Options], read: Input) -> tuple[list[Target], list[dict[str, Any]]]:
    """Choose where each of several outputs is written, and complete what is asked for it."""
    targets: list[Target] = []
    asked: list[dict[str, Any]] = []
    for one in wanted:
        suffix = suffix_of(one["kind"]) if one.get("kind") else ""
        target = choose_target(one.get("destination"), read, suffix)
        kind = one.get("kind") or kind_of(PurePosixPath(name_of(target.location)).suffix)
        if not kind:
            raise InvalidOption(
                "It is not clear which format to write.",
                "Neither `kind` nor the output's suffix says so.",
                'Give `kind="mp3"`, or an output with a suffix.',
            )
        if target.save_to and target.save_to in [other.save_to for other in targets]:
            raise InvalidOption(
                f"Two outputs would be written to {target.save_to}.",
                "The second would replace the first; nothing was sent.",
                "Give each a `destination` of its own.",
            )
        targets.append(target)
        plain = {name: value for name, value in one.items() if name != "extra" and value is not None}
        asked.append(merged({**plain, "destination": target.location, "kind": kind}, one.get("extra") or {}))
    return targets, asked


def file_for(output: str | os.PathLike[str], name: str) -> Path:
    """Read a path as that of a file: in a folder it has the name, and without a suffix the name's."""
    path = local_path(output)
    if is_folder(output, path):
        return path / name
    return path if path.suffix else path.with_name(path.name + PurePosixPath(name).suffix)


def is_folder(said: str | os.PathLike[str], path: Path) -> bool:
    """Tell whether a folder is meant: it is there, or is written with a slash at its end."""
    return os.path.isdir(path) or os.fspath(said).endswith(("/", os.sep))


FORMATS = (
    {".aac"}, {".aif", ".aiff"}, {".avi"}, {".flac"}, {".gif"}, {".jpeg", ".jpg"}, {".json"},
    {".m4a", ".m4v", ".mov", ".mp4"}, {".mka", ".mkv"}, {".mp3"}, {".oga", ".ogg", ".opus"}, {".png"},
    {".wav", ".wave"}, {".webm"},
)  # fmt: skip


def is_same_format(suffix: str, other: str) -> bool:
    """Tell whether two suffixes may stand for one format; a suffix that is not known may be anything."""
    found = [next((kinds for kinds in FORMATS if one.lower() in kinds), None) for one in (suffix, other)]
    return None in found or found[0] == found[1]


CONVERTIBLE = {".aac", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}
"""Suffixes of sound alone, which FFmpeg in PyAV reads and writes."""


def can_convert(one: str, other: str) -> bool:
    """Tell whether a format can be made of another on this computer."""
    installed = all(importlib.util.find_spec(name) for name in ("av", "numpy"))
    return installed and {one.lower(), other.lower()} <= CONVERTIBLE


def convert(fetch: Callable[[Path], Path], wanted: Path) -> Path:
    """Write what is fetched into a folder in the format of another suffix, whole or not at all."""
    from dolbyio_nb.audio.decode import read_sound
    from dolbyio_nb.audio.encode import write_sound

    wanted.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.parent, prefix=".dolby-") as folder:
        whole = Path(folder, f"whole{wanted.suffix.lower()}")
        write_sound(read_sound(fetch(Path(folder)), surround=True), whole)
        return whole.replace(wanted)
