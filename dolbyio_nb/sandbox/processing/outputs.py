"""What the list of outputs in a request asks for, one file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .options import Options
from .refusal import invalid


def wanted(options: Options, destinations: Sequence[Path]) -> Iterator[tuple[Options, Path]]:
    """Every output's own options, with the file it goes to."""
    asked = options.get("outputs")
    if not isinstance(asked, list) or not asked:
        raise invalid("outputs", "must be a list of at least one output.")
    if len(asked) != len(destinations):
        raise invalid("outputs", "each needs a destination.")
    return zip(map(Options, asked), destinations, strict=True)


def inputs(options: Options, sources: Sequence[Path]) -> list[tuple[Any, Path]]:
    """Every input as the request names it, with the file it came in."""
    asked = options.get("inputs")
    if not isinstance(asked, list) or len(asked) != len(sources):
        raise invalid("inputs", "must be a list of at least one source.")
    return list(zip(asked, sources, strict=True))


def kind(options: Options, destination: Path) -> str:
    """The kind of file: as asked, or by its ending."""
    asked = options.get("kind")
    if asked is not None and not isinstance(asked, str):
        raise invalid("outputs.kind", "must be a text such as mp3.")
    return asked or destination.suffix
