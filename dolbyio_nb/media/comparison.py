"""Comparison of an original with its result: loudness, range, peaks, and the level in the pauses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolbyio_nb.errors import MissingPackage, SoundError

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement

COMPARED = ("loudness", "range", "true_peak")


def measured(path: Path | None) -> Measurement | None:
    """Measure a file, or give what was measured before; None for what is not here, or is no sound."""
    if path is None or not path.is_file():
        return None
    try:
        from dolbyio_nb.audio.measure import measure
    except ImportError:
        raise MissingPackage(
            "To measure sound needs av and numpy, which are not both installed.",
            "Loudness and pauses are measured on this computer.",
            "Install them with: pip install 'dolbyio_nb[sandbox]'",
        ) from None
    try:
        return measure(path)
    except SoundError:
        return None


def pauses(before: Measurement | None, after: Measurement | None) -> tuple[float, float] | None:
    """Give the level of each, in dB, where the first is quietest; None when the lengths differ."""
    if before is None or after is None:
        return None
    from dolbyio_nb.audio.measure import quietest_tenth

    found = [quietest_tenth(before, one) for one in (before, after)]
    return (found[0][0], found[1][0]) if found[0] and found[1] else None


def columns(source: Path | None, result: Path | None) -> dict[str, Any]:
    """Give the numbers of a card by names such as `loudness_before`; None for what cannot be measured."""
    try:
        pair = {"before": measured(source), "after": measured(result)}
    except MissingPackage:
        pair = {"before": None, "after": None}
    row = {f"{name}_{when}": getattr(one, name, None) for name in COMPARED for when, one in pair.items()}
    levels = pauses(pair["before"], pair["after"]) or (None, None)
    return row | {"pauses_before": levels[0], "pauses_after": levels[1]}
