"""The small parts of a card: values with names, scores with their spread, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dolbyio_nb.media.measures import Score
from dolbyio_nb.media.media_info import AudioTrack, MediaInfo
from dolbyio_nb.notebook.display.markup import Html, join, tag
from dolbyio_nb.notebook.display.scales import clock, value
from dolbyio_nb.notebook.display.shapes import COLOURS, bars, image

Fact = tuple[str, str | None, str]
"""A name, a value (None when the answer has none), and small print."""


def values(facts: Iterable[Fact]) -> Html:
    """Write values under their names, leaving out those that the answer has not."""
    return tag("dl", *(_value(*fact) for fact in facts if fact[1] is not None), class_="values")


def _value(name: str, written: str | None, small: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", written, tag("small", small) if small else None))


def known(number: float | None, unit: str = "", digits: int = 1) -> str | None:
    """Write a number, or None for none."""
    return None if number is None else value(number, unit, digits)


def score(name: str, found: Score, small: str, shade: str) -> Html | None:
    """Write a score of 0 to 10 with the picture of how it is spread over the file."""
    if found.average is None:
        return None
    shares = [band.percentage or 0.0 for band in found.distribution]
    words = "; ".join(
        f"{value(band.lower_bound, digits=0)} to {value(band.upper_bound, digits=0)}: {band.percentage:.0f} %"
        for band in found.distribution
        if band.percentage
    )
    spread = _spread(shares, shade, f"{name}, share of the time with each score: {words}") if shares else None
    number = tag("span", value(found.average), class_="big")
    return tag(
        "div",
        tag("strong", name),
        tag("div", number, " of 10"),
        spread,
        tag("p", small, class_="note"),
        class_="score",
    )


def _spread(shares: Sequence[float], shade: str, alt: str) -> Html:
    highest = max(*shares, 1.0)
    picture = image(
        bars([min(1.0, s / highest) for s in shares], [shade] * len(shares)), len(shares), alt, 44
    )
    ends = tag("div", *(tag("span", f"{i} ", style=f"left:{10 * i}%") for i in (0, 5, 10)), class_="below")
    return tag("div", tag("div", picture, class_="canvas"), ends)


def remarks(notes: Sequence[str]) -> Html | None:
    """Write what the service says about its own result."""
    return tag("ul", *(tag("li", note) for note in notes), class_="note remarks") if notes else None


def about(info: MediaInfo) -> str:
    """Say in a line what a file is made of."""
    sound, file, moving = info.audio or AudioTrack(), info.container, info.video
    seconds = file.duration or sound.duration
    channels = {None: None, 1: "mono", 2: "stereo"}.get(sound.channels, f"{sound.channels} channels")
    parts = (
        clock(seconds, 1) if seconds else None,
        file.kind,
        sound.codec if sound.codec != file.kind else None,
        f"{sound.sample_rate / 1000:g} kHz" if sound.sample_rate else None,
        channels,
        f"{sound.bit_depth} bit" if sound.bit_depth else None,
        f"{moving.codec} {moving.width} × {moving.height}" if moving and moving.codec else None,
    )
    return " · ".join(part for part in parts if part)


def heading(title: str, small: str = "", chip: Html | None = None) -> Html:
    """Write what a card is about."""
    return tag(
        "header",
        tag("h3", title, join(" ", chip) if chip else None),
        tag("p", small, class_="note") if small else None,
    )


def chip(text: str, shade: str = COLOURS[1]) -> Html:
    """Write a word as a badge."""
    return tag("span", text, class_="chip", style=f"color:{shade}")
