"""A picture between its labels: what it shows, a scale at the side, a scale of time below."""

from __future__ import annotations

from collections.abc import Sequence

from dolbyio_nb.notebook.display.markup import Html, tag
from dolbyio_nb.notebook.display.scales import Tick


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
