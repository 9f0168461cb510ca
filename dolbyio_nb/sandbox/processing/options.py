"""What a request asks for, read with the documented names and checked in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .refusal import invalid

SHORTEST = 0.01  # seconds that a region must last
AMOUNTS = ("low", "medium", "high", "max", "auto")
CONTENT_TYPES = (
    "conference", "interview", "lecture", "meeting", "mobile_phone", "music", "other", "podcast", "studio",
    "voice_over", "voice_recording",
)  # fmt: skip


class Options:
    """A request's JSON by dotted names, such as `audio.noise.reduction.amount`. Unknown names are ignored."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def get(self, name: str) -> Any:
        """The value, or None where it is absent. A step through anything but an object is refused."""
        value, seen = self._body, "the body"
        for key in name.split("."):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise invalid(seen, "must be an object.")
            value, seen = value.get(key), key
        return value

    def flag(self, name: str, default: bool = True) -> bool:
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(name, "must be true or false.")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number, also when it comes as text: the service's own guide writes one so."""
        value = self.get(name)
        return default if value is None else number(name, value, low, high)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.get(name)
        if value is None:
            return None
        if value not in choices:
            raise invalid(name, f"must be one of {', '.join(choices)}.")
        return str(value)

    def content(self) -> str | None:
        return self.choice("content.type", CONTENT_TYPES)

    def amount(self, name: str) -> str:
        return self.choice(name, AMOUNTS) or "auto"


def number(name: str, value: Any, low: float, high: float) -> float:
    """The value as a number from `low` to `high`."""
    try:
        read = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        read = math.nan
    if not low <= read <= high:
        raise invalid(name, f"must be a number from {low:g} to {high:g}.")
    return read


def has_region(location: Any) -> bool:
    """Whether only a stretch of a location is wanted."""
    return isinstance(location, Mapping) and location.get("region") is not None


def region(source: Any, seconds: float) -> tuple[float, float]:
    """The stretch of an input location that is wanted: start and end in seconds."""
    asked = Options(source if isinstance(source, Mapping) else {})
    start = asked.number("region.start", 0.0, 0.0, seconds)
    end = min(seconds, asked.number("region.end", seconds, 0.0, math.inf))
    if end - start < SHORTEST:
        raise invalid("region", f"its end must come after its start, inside the {seconds:.2f} s there are.")
    return start, end
