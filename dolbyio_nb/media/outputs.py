"""Outputs of jobs: where they go, and the result made of them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.inputs import Input
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
    path = from_here(_file_for(cast("str | os.PathLike[str]", output), read.stem, suffix))
    if read.path and path.resolve() == read.path:
        raise InvalidOption(
            f"{path} would be replaced by its own result.", "", "Give `output` another name than the source."
        )
    return Target(new_output(path.stem, path.suffix), path)


def choose_renditions(wanted: Iterable[Options], read: Input) -> tuple[list[Target], list[dict[str, Any]]]:
    """Choose where each of several outputs is written, and complete what is asked for it."""
    targets, asked = [], []
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
        targets.append(target)
        plain = {name: value for name, value in one.items() if name != "extra" and value is not None}
        asked.append(merged({**plain, "destination": target.location, "kind": kind}, one.get("extra") or {}))
    return targets, asked


def _file_for(output: str | os.PathLike[str], stem: str, suffix: str) -> Path:
    path = local_path(output)
    if os.path.isdir(path) or os.fspath(output).endswith(("/", os.sep)):
        return path / f"{stem}{suffix}"
    return path if path.suffix else path.with_name(path.name + suffix)
