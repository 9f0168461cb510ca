"""Waveforms, loudness and figures of sounds that were measured here."""

from __future__ import annotations

from collections.abc import Sequence

from dolbyio_nb.notebook.display.decoding import Floats
from dolbyio_nb.notebook.display.markup import Html, join, tag
from dolbyio_nb.notebook.display.outlines import (
    COLUMNS,
    columns,
    loudness_curve,
    loudness_limits,
    quietest_tenth,
    scale_of,
)
from dolbyio_nb.notebook.display.plots import figure, legend, row, swatch, time_scale
from dolbyio_nb.notebook.display.scales import clock, level_ticks, time_ticks, value
from dolbyio_nb.notebook.display.shapes import COLOURS, Span, band, image, rules, spans
from dolbyio_nb.notebook.display.sound import Sound

MEASURED_HERE = "Measured in this notebook: ITU-R BS.1770, EBU R 128."


def colour(index: int) -> str:
    """Give the colour of the sound at a place in a row of sounds."""
    return COLOURS[index % len(COLOURS)]


def waveform(sound: Sound, index: int, scale: float, seconds: float, marked: Span | None = None) -> Html:
    """Draw lowest and highest sample of every column; `scale` fills the height, `seconds` the width."""
    lows, highs, wide = columns(sound.lows, sound.highs, sound.seconds / seconds)
    curve = [0.5 - 0.5 * highs / scale, 0.5 - 0.5 * lows / scale]
    mark = [spans([(marked[0] / seconds, marked[1] / seconds)], "#c2556b55", COLUMNS)] if marked else []
    shapes = [
        rules([0.25, 0.5, 0.75], COLUMNS),
        *mark,
        band(curve[0].tolist(), curve[1].tolist(), colour(index), wide / 2, wide),
    ]
    alt = f"Waveform of {sound.path.name}: {clock(sound.seconds, 1)}, highest sample {sound.peak:.3f}"
    return image(shapes, COLUMNS, alt, 72)


def amplitudes(scale: float) -> list[tuple[float, str]]:
    """Write the scale at the side of a waveform."""
    digits = 1 if scale >= 0.2 else 3 if scale < 0.02 else 2
    return [(0.25, value(scale / 2, digits=digits)), (0.5, "0"), (0.75, value(-scale / 2, digits=digits))]


def waveforms(sounds: Sequence[Sound], labels: Sequence[str]) -> Html:
    """Draw sounds below each other, on one scale of amplitude and one of time."""
    scale, seconds = scale_of(sounds), max(sound.seconds for sound in sounds)
    lanes = (
        row(named(label, i), waveform(sound, i, scale, seconds), amplitudes(scale))
        for i, (sound, label) in enumerate(zip(sounds, labels, strict=True))
    )
    note = "amplitude, full scale is 1; all channels together"
    return figure("Waveform", *lanes, time_scale(time_ticks(seconds)), note=note)


def named(label: str, index: int) -> Html:
    """Write a label with its colour."""
    return join(swatch(colour(index)), label)


def loudness(sounds: Sequence[Sound], labels: Sequence[str], target: float | None = None) -> Html:
    """Draw the loudness of sounds over time in one picture, with a dashed line at the target."""
    seconds = max(sound.seconds for sound in sounds)
    brief = seconds < 20
    curves = [loudness_curve(sound, brief) for sound in sounds]
    bottom, top = loudness_limits([values for _, values in curves], [] if target is None else [target])
    ticks = level_ticks(bottom, top)
    drawn = [rules([y for y, _ in ticks], COLUMNS)]
    for i, (times, values) in enumerate(curves):
        drawn.append(_curve(times, ((top - values) / (top - bottom)).clip(0, 1), seconds, colour(i)))
    if target is not None:
        drawn.append(rules([(top - target) / (top - bottom)], COLUMNS, COLOURS[4], "6 4"))
    entries = [(colour(i), label) for i, label in enumerate(labels)]
    head = join("LUFS", legend(entries)) if len(labels) > 1 else "LUFS"
    picture = image(drawn, COLUMNS, _loudness_words(sounds, labels, target), 150)
    kind = "momentary (0.4 s)" if brief else "short-term (3 s)"
    note = kind + ("" if target is None else f"; dashed: the target, {value(target, 'LUFS')}")
    return figure("Loudness over time", row(head, picture, ticks), time_scale(time_ticks(seconds)), note=note)


def _curve(times: Floats, heights: Floats, seconds: float, shade: str) -> str:
    if not len(times):
        return ""
    high, low, wide = columns(heights, heights, min(1.0, len(times) * 0.1 / seconds))
    start = COLUMNS * float(times[0]) / seconds
    return band(high.tolist(), low.tolist(), shade, start, wide, edge=1.75)


def _loudness_words(sounds: Sequence[Sound], labels: Sequence[str], target: float | None) -> str:
    each = ", ".join(
        f"{label} {value(s.loudness, 'LUFS')} as a whole" for s, label in zip(sounds, labels, strict=True)
    )
    return f"Loudness over time: {each}" + ("" if target is None else f"; target {value(target, 'LUFS')}")


def table(sounds: Sequence[Sound], labels: Sequence[str]) -> Html:
    """Write what was measured as a table, one row a sound."""
    heads = ["Loudness", "Range", "True peak", "In the pauses", "Below the mean"]
    rows = [
        _row(sounds[0], sound, label, i) for i, (sound, label) in enumerate(zip(sounds, labels, strict=True))
    ]
    top = tag(
        "thead", tag("tr", tag("td", class_="first"), *(tag("th", head, scope="col") for head in heads))
    )
    tenth = (
        "In the pauses: the level in the quietest tenth of the first sound, taken at the same places in "
        "each; in speech, what is heard there is noise. Below the mean: how far under the mean level that is."
    )
    return join(tag("table", top, tag("tbody", *rows)), tag("p", f"{MEASURED_HERE} {tenth}", class_="note"))


def _row(first: Sound, sound: Sound, label: str, index: int) -> Html:
    tenth = quietest_tenth(first, sound) or (None, None)
    cells = [
        value(sound.loudness, "LUFS"),
        value(sound.range, "LU"),
        value(sound.true_peak, "dBTP"),
        value(tenth[0], "dB"),
        value(tenth[1], "dB"),
    ]
    return tag("tr", tag("th", named(label, index), scope="row"), *(tag("td", cell) for cell in cells))
