"""How a value is taken out of an answer, whatever stands there."""

from collections.abc import Mapping
from typing import Any


def number(value: object) -> float | None:
    """Read a number; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def whole(value: object) -> int | None:
    """Read a whole number; anything else is None."""
    read = number(value)
    return int(read) if read is not None and read.is_integer() else None


def text(value: object) -> str | None:
    """Read a text; anything else is None."""
    return value if isinstance(value, str) else None


def flag(value: object) -> bool | None:
    """Read a yes or no; anything else is None."""
    return value if isinstance(value, bool) else None


def at(raw: object, *names: str) -> Any:
    """Follow names into nested JSON; None where the way ends."""
    for name in names:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw


def rows(raw: object) -> list[Any]:
    """Read a list; anything else is empty."""
    return raw if isinstance(raw, list) else []
