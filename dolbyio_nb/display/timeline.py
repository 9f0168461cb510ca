"""Time line of stretches of sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dolbyio_nb.display.axis import clock, figure, row, time_scale, time_ticks
from dolbyio_nb.display.html import Html, tag
from dolbyio_nb.display.svg import COLOURS, Span, image, rules, spans

FINENESS = 800
"""Stretches closer than this part of the whole are drawn as one, so that a picture stays small."""
MOST = 12
"""Lanes drawn; the rest is counted."""
KINDS = {"speech": COLOURS[1], "music": COLOURS[3], "silence": "#808080", "clipping": COLOURS[4]}


def lanes(title: str, stretches: Mapping[str, Sequence[Span]], seconds: float, note: str = "") -> Html:
    """Draw a lane for each name, with its stretches in seconds out of `seconds`."""
    shown = list(stretches.items())[:MOST]
    rows = (_lane(name, list(each), seconds, i) for i, (name, each) in enumerate(shown))
    more = len(stretches) - len(shown)
    rest = tag("p", f"and {more} more, with less to see.", class_="note") if more else None
    return figure(title, *rows, time_scale(time_ticks(seconds)), rest, note=note)


def _lane(name: str, stretches: list[Span], seconds: float, index: int) -> Html:
    shade = KINDS.get(name.lower(), COLOURS[(index + 1) % len(COLOURS)])
    parts = merged(stretches, seconds)
    drawn = [rules([0.5], FINENESS), spans(parts, shade, FINENESS, 0.1, 0.9)]
    return row(name, image(drawn, FINENESS, describe(name, stretches), 22))


def describe(name: str, stretches: Sequence[Span], most: int = 8) -> str:
    """Say in words where the stretches are, for who does not see the picture."""
    if not stretches:
        return f"{name}: nowhere"
    each = ", ".join(f"{clock(start, 1)} to {clock(end, 1)}" for start, end in stretches[:most])
    more = len(stretches) - most
    return f"{name}: {each}" + (f" and {more} more" if more > 0 else "")


def merged(stretches: Sequence[Span], seconds: float) -> list[Span]:
    """Give stretches as fractions of the whole, in order, those that touch at this fineness as one."""
    found: list[Span] = []
    for start, end in sorted(stretches):
        a, b = (min(1.0, max(0.0, edge / seconds)) for edge in (start, end))
        if found and a - found[-1][1] < 1 / FINENESS:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        else:
            found.append((a, b))
    return found
