"""Axis of a plot: round ticks and frames."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dolbyio_nb.display.html import Html, tag

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""What may lie between two marks of a time axis, in seconds."""
Tick = tuple[float, str]
"""Where a mark stands, as a fraction of the axis, and what is written there."""


def value(number: float | None, unit: str = "", digits: int = 1) -> str:
    """Write a number with a true minus sign and its unit; a dash when there is none."""
    if number is None or math.isnan(number):
        return "–"
    sign = "−" if round(number, digits) < 0 else ""
    return f"{sign}{abs(number):.{digits}f}{f' {unit}' if unit else ''}"


def clock(seconds: float, digits: int = 0) -> str:
    """Write a time as 0:07, 12:30 or 1:02:03, with `digits` of the second's fraction."""
    scale = 10**digits
    whole, fraction = divmod(round(seconds * scale), scale)
    hours, rest = divmod(whole, 3600)
    tail = f".{fraction:0{digits}d}" if digits else ""
    return (f"{hours}:{rest // 60:02d}" if hours else f"{rest // 60}") + f":{rest % 60:02d}{tail}"


def time_ticks(seconds: float, most: int = 7) -> list[Tick]:
    """Mark round times between 0 and `seconds`, at most `most` intervals."""
    if seconds <= 0:
        return []
    step, digits = _time_step(seconds / most)
    count = int(seconds / step + 1e-9) + 1
    return [(i * step / seconds, clock(i * step, digits)) for i in range(count)]


def _time_step(least: float) -> tuple[float, int]:
    if least <= 0.5:
        digits = max(1, math.ceil(-math.log10(least)))
        unit: float = 10.0**-digits
        return next(step * unit for step in (1, 2, 5, 10) if step * unit >= least), digits
    return next((step for step in STEPS if step >= least), math.ceil(least / 86400) * 86400), 0


def level_ticks(low: float, high: float, most: int = 5) -> list[Tick]:
    """Mark round levels between `low` at the bottom and `high` at the top; fractions count from the top."""
    span = high - low
    step = next((s for s in (1, 2, 3, 5, 6, 10, 20, 50) if span / s <= most), 100)
    first = math.ceil(low / step)
    marks = [step * i for i in range(first, math.floor(high / step) + 1)]
    return [((high - mark) / span, value(mark, digits=0)) for mark in marks]


def share(part: float | None) -> str:
    """Write a percentage of 0 to 100."""
    return "–" if part is None else f"{part:.0f} %"


def figure(title: str, *rows: Html | None, note: str = "") -> Html:
    """Put rows that share a scale under one title, and a note in small print below."""
    caption = tag(
        "figcaption", tag("strong", title), tag("span", f" {note}", class_="note") if note else None
    )
    return tag("figure", caption, *rows)


def row(label: Html | str, picture: Html, side: Sequence[Tick] = ()) -> Html:
    """Put a label, the marks of a vertical scale and a picture next to each other."""
    marks = tag("span", *(_mark(tick, "top") for tick in side), class_="side", aria_hidden="true")
    return tag(
        "div",
        tag("div", tag("span", label, class_="label"), " ", marks, class_="head"),
        tag("div", picture, class_="canvas"),
        class_="row",
    )


def time_scale(ticks: Sequence[Tick]) -> Html:
    """Write times below the pictures."""
    marks = tag("div", *(_mark(tick, "left") for tick in ticks), class_="below", aria_hidden="true")
    return tag("div", tag("div", class_="head"), marks, class_="row scale")


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Tell which colour is which."""
    return tag(
        "span", *(tag("span", swatch(colour), f"{name} ") for colour, name in entries), class_="legend"
    )


def swatch(colour: str) -> Html:
    """Draw a small patch of a colour."""
    return tag("i", class_="swatch", style=f"background-color:{colour}")


def _mark(tick: Tick, edge: str) -> Html:
    where, text = tick
    return tag("span", f"{text} ", style=f"{edge}:{100 * where:.2f}%")
