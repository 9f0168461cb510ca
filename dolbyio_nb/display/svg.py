"""SVG pictures of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from urllib.parse import quote

from dolbyio_nb.display.html import Html, tag

COLOURS = ("#b8741a", "#2b86d0", "#3f9142", "#a45fb8", "#c2556b", "#2a9393")
"""For sounds next to each other: amber before, blue after, and four more."""
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
