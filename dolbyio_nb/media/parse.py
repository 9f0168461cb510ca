"""Parsing of JSON values whose shape nobody promises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Self


def number(value: object) -> float | None:
    """Read a finite number; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if isfinite(read) else None


def integer(value: object) -> int | None:
    """Read a whole number; anything else is None."""
    read = number(value)
    return int(read) if read is not None and read.is_integer() else None


def text(value: object) -> str | None:
    """Read a text; anything else is None."""
    return value if isinstance(value, str) else None


def flag(value: object) -> bool | None:
    """Read a yes or no; anything else is None."""
    return value if isinstance(value, bool) else None


def dig(raw: object, *names: str) -> Any:
    """Follow names into nested JSON; None where the way ends."""
    for name in names:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw


def items(raw: object) -> list[Any]:
    """Read a list; anything else is empty."""
    return raw if isinstance(raw, list) else []


READERS: dict[object, Callable[[object], object]] = {
    float | None: number,
    int | None: integer,
    str | None: text,
    bool | None: flag,
}


@dataclass(frozen=True)
class Model:
    """Values that stand together in an answer. A subclass names them as the service does."""

    @classmethod
    def read(cls, raw: object) -> Self:
        """Take the known names out of a part of an answer; every value is None when there is no such part."""
        return cls(**cls._known(raw)) if isinstance(raw, Mapping) else cls()

    @classmethod
    def read_if_there(cls, raw: object) -> Self | None:
        """Read a part whose absence means something; None when it is not there."""
        return cls.read(raw) if isinstance(raw, Mapping) else None

    @classmethod
    def read_all(cls, raw: object) -> tuple[Self, ...]:
        """Read every part of a list."""
        return tuple(cls.read(part) for part in items(raw) if isinstance(part, Mapping))

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        plain = (one for one in fields(cls) if one.type in READERS)
        return {one.name: READERS[one.type](raw.get(one.name)) for one in plain}
