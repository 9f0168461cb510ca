"""Markup of results: HTML and SVG from text and numbers, escaped: headings, axes and curves."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

STATIC = Path(__file__).parent / "static"
EMPTY = {"img", "br"}


class Html(str):
    """Text that is HTML already; any other text is escaped when it becomes part of some."""

    __slots__ = ()


def tag(name: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """Write an element. `class_` is `class`, `aria_label` is `aria-label`; None and False leave out."""
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{given}>" if name in EMPTY else f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Put parts one after the other, leaving out what is None."""
    parts = (one if isinstance(one, Html) else html.escape(one) for one in children if one is not None)
    return Html("".join(parts))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


@dataclass(frozen=True, repr=False)
class Picture:
    """Something to look at in a notebook, and one line of text where there is nothing to look with."""

    text: str
    html: Html = field(default=Html())

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return page(self.html)


def page(body: Html) -> str:
    """Give the body its style and, when it has players, the script that joins and watches them.

    Both stand in comments of HTML, which browsers read past here and sanitizers drop, text and all. The empty
    lines are for Markdown, where each of the three is then a block of HTML and none is text.
    """
    style = tag("style", Html(f"<!--\n{_static('display.css')}\n-->"))
    has_players = "<audio" in body or "<video" in body
    script = tag("script", Html(f"<!--\n{_static('player.js')}\n//-->")) if has_players else None
    card = tag("div", body, class_="dolby-sound", dir="ltr", lang="en")
    return "\n\n".join(part for part in (style, card, script) if part)


@cache
def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


COLOURS = ("#b8741a", "#2b86d0", "#3f9142", "#a45fb8", "#c2556b", "#2a9393")
"""For sounds next to each other: amber the original, blue after it, and four more. Rose is for faults too."""
GREY = "#808080"
TALL = 200
"""Height of every drawing in its own units; the page gives it pixels."""
Span = tuple[float, float]
"""A stretch as two fractions of the axis, from and to."""


def image(drawn: Iterable[str], wide: float, alt: str, pixels: int) -> Html:
    """Put drawn into a picture `wide` units wide that stretches over its place and is `pixels` high."""
    body = "".join(drawn)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_number(wide)} {TALL}' "
        f"preserveAspectRatio='none'>{body}</svg>"
    )
    address = "data:image/svg+xml," + quote(svg, safe=" =:/;,()'+-._")
    return tag("img", src=address, alt=alt, width="100%", style=f"height:{pixels}px")


def band(
    highs: Sequence[float], lows: Sequence[float], colour: str, start: float, step: float, edge: float = 1
) -> str:
    """Fill between two curves of fractions from the top, one pair every `step` from `start`.

    The edge, in pixels, keeps a curve visible where both are the same.
    """
    tops, bottoms = ([round(TALL * y) for y in curve] for curve in (highs, lows))
    if not tops:
        return ""
    there = "".join(_step(step, b - a) for a, b in pairwise(tops))
    back = "".join(_step(-step, b - a) for a, b in pairwise(reversed(bottoms)))
    path = f"M{_number(start)} {tops[0]}{there}V{bottoms[-1]}{back}z"
    return _path(path, f"fill='{colour}' stroke='{colour}' stroke-width='{edge}' stroke-linejoin='round'")


def spans(stretches: Iterable[Span], colour: str, wide: float, top: float = 0, bottom: float = 1) -> str:
    """Fill stretches from `top` to `bottom`, fractions of the height."""
    tall = _number(TALL * (bottom - top))
    path = "".join(
        f"M{_number(wide * start)} {_number(TALL * top)}h{_number(max(wide * (end - start), wide / 800))}"
        f"v{tall}H{_number(wide * start)}z"
        for start, end in stretches
    )
    return _path(path, f"fill='{colour}'") if path else ""


def rules(levels: Iterable[float], wide: float, colour: str = GREY, dashes: str = "") -> str:
    """Draw lines across, at fractions from the top."""
    path = "".join(f"M0 {_number(TALL * y)}H{_number(wide)}" for y in levels)
    dashed = f" stroke-width='1.5' stroke-dasharray='{dashes}'" if dashes else " stroke-opacity='.35'"
    return _path(path, f"fill='none' stroke='{colour}'{dashed}") if path else ""


def bars(heights: Sequence[float], colours: Sequence[str]) -> str:
    """Draw one bar a column, `heights` as fractions; none is invisible, so that zero is seen as zero."""
    each = [(i, max(round(TALL * h), 3)) for i, h in enumerate(heights)]
    pairs = zip(each, colours, strict=True)
    return "".join(
        _path(f"M{i + 0.1:.1f} {TALL}v-{h}h.8v{h}z", f"fill='{colour}'") for (i, h), colour in pairs
    )


def _path(path: str, how: str) -> str:
    return f"<path d='{path}' {how} vector-effect='non-scaling-stroke'/>"


def _step(right: float, down: int) -> str:
    across = _number(right)
    return f"h{across}" if not down else f"l{across}{down}" if down < 0 else f"l{across} {down}"


def _number(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


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


def heading(title: str, small: str = "", chip: Html | None = None) -> Html:
    """Write what a card is about."""
    return tag(
        "header",
        tag("h3", title, join(" ", chip) if chip else None),
        tag("p", small, class_="note") if small else None,
    )


def remarks(notes: Sequence[str]) -> Html | None:
    """Write what the service says about its own result."""
    return tag("ul", *(tag("li", note) for note in notes), class_="note remarks") if notes else None


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
