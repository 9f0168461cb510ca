"""Card parts: values, scores, notes, tables and time lines.

Loudness is written in LUFS; the service's documents call the same unit LKFS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from dolbyio_nb.display.markup import (
    COLOURS,
    Html,
    Span,
    bars,
    clock,
    figure,
    image,
    join,
    row,
    rules,
    spans,
    tag,
    time_scale,
    time_ticks,
    value,
)
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.media.analyses import Analysis, SoundResult
from dolbyio_nb.media.models import AudioTrack, MediaInfo, Score, Section, in_words

ROWS = 12
"""Sections written out; the rest is counted."""
Value = tuple[str, str | None, str]
"""A name, a value (None when the answer has none), and small print."""


def values(rows: Iterable[Value]) -> Html:
    """Write values under their names, leaving out those that the answer has not."""
    return tag("dl", *(_value(*row) for row in rows if row[1] is not None), class_="values")


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


def chip(text: str, shade: str = COLOURS[1]) -> Html:
    """Write a word as a badge."""
    return tag("span", text, class_="chip", style=f"color:{shade}")


def or_error(draw: Callable[[], Html]) -> Html:
    """Draw, or say why that cannot be done."""
    try:
        return draw()
    except DolbyError as error:
        return tag("p", str(error), class_="problem")


def extremes(numbers: Sequence[float], most: int = 800) -> tuple[list[float], list[float]]:
    size = -(-len(numbers) // most)
    parts = [numbers[i : i + size] for i in range(0, len(numbers), size)]
    return [min(part) for part in parts], [max(part) for part in parts]


def kinds_of_sound(result: Analysis) -> Html | None:
    kinds = {"Speech": result.speech, "Music": result.music, "Silence": result.silence}
    sections = {name: found.sections for name, found in kinds.items()} | {
        "Clipping": result.clipping.sections
    }
    given = {name: spans_of(found) for name, found in sections.items()}
    return lanes("What is where", given, seconds_of_result(result)) if any(given.values()) else None


def spans_of(sections: Sequence[Section]) -> list[Span]:
    return [(one.start, one.end) for one in sections if one.start is not None and one.end is not None]


def seconds_of_result(result: SoundResult) -> float:
    """How long the time line is: the file, or what of it is known."""
    info = result.media_info
    said = (
        info.container.duration,
        result.region.end,
        *(span[1] for span in spans_of(getattr(result, "sections", ()))),
    )
    return max([one for one in said if one] or [1.0])


def sections_table(found: Sequence[Section]) -> Html:
    heads = ("From", "To", "Loudness", "Tempo", "Key", "Genre", "Instrument")
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    rows = [tag("tr", *(tag("td", cell) for cell in _cells(one))) for one in found[:ROWS]]
    more = len(found) - ROWS
    rest = (
        tag("p", f"and {more} more: result.to_frame() has all of them.", class_="note") if more > 0 else None
    )
    return join(tag("table", top, tag("tbody", *rows)), rest)


def _cells(one: Section) -> list[str]:
    times = [clock(at, 1) if at is not None else "–" for at in (one.start, one.end)]
    names = [in_words(each) or "–" for each in (one.key, one.genre, one.instrument)]
    return [*times, value(one.loudness, "LUFS"), value(one.bpm, "bpm"), *names]


FINENESS = 800
"""Stretches closer than this part of the whole are drawn as one, so that a picture stays small."""
MOST = 12
"""Lanes drawn; the rest is counted."""
KINDS = {"speech": COLOURS[1], "music": COLOURS[3], "silence": "#808080", "clipping": COLOURS[4]}
"""Colours by the first word of a lane's name: the same kind looks the same wherever it is drawn."""


def lanes(title: str, stretches: Mapping[str, Sequence[Span]], seconds: float, note: str = "") -> Html:
    """Draw a lane for each name, with its stretches in seconds out of `seconds`."""
    shown = list(stretches.items())[:MOST]
    rows = (_lane(name, list(each), seconds, i) for i, (name, each) in enumerate(shown))
    more = len(stretches) - len(shown)
    rest = tag("p", f"and {more} more, with less to see.", class_="note") if more else None
    return figure(title, *rows, time_scale(time_ticks(seconds)), rest, note=note)


def _lane(name: str, stretches: list[Span], seconds: float, index: int) -> Html:
    shade = KINDS.get(re.split(r"\W", name.lower())[0], COLOURS[(index + 1) % len(COLOURS)])
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
