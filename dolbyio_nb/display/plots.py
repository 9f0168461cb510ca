"""Plots of sound: waveform, loudness and spectrogram."""

from __future__ import annotations

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.measure import Measurement, quietest_tenth
from dolbyio_nb.audio.sound import Floats
from dolbyio_nb.audio.spectrum import LOWEST_SHOWN, loudest, rate_of
from dolbyio_nb.display.markup import (
    COLOURS,
    Html,
    Picture,
    Span,
    Tick,
    band,
    clock,
    figure,
    image,
    join,
    legend,
    level_ticks,
    row,
    rules,
    spans,
    swatch,
    tag,
    time_scale,
    time_ticks,
    value,
)
from dolbyio_nb.display.preview import spectral_powers

MEASURED_HERE = "Measured in this notebook: ITU-R BS.1770, EBU R 128."
RANGE = 80.0
"""From the loudest spot down to black, in dB."""
MARKS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
COLUMNS = 800
SHADES = 16
STOPS = (
    (4, 3, 12),
    (42, 15, 84),
    (113, 32, 107),
    (185, 53, 86),
    (234, 106, 44),
    (251, 182, 26),
    (252, 253, 196),
)
"""From quiet to loud, ever lighter, so that it reads without colours as well."""


def waveforms(sounds: Sequence[Measurement], labels: Sequence[str]) -> Html:
    """Draw sounds below each other, on one scale of amplitude and one of time."""
    scale, seconds = scale_of(sounds), max(sound.seconds for sound in sounds)
    lanes = (
        row(named(label, i), waveform(sound, i, scale, seconds), amplitudes(scale))
        for i, (sound, label) in enumerate(zip(sounds, labels, strict=True))
    )
    note = "amplitude, full scale is 1; all channels together"
    return figure("Waveform", *lanes, time_scale(time_ticks(seconds)), note=note)


def waveform(
    sound: Measurement, index: int, scale: float, seconds: float, marked: Span | None = None
) -> Html:
    """Draw lowest and highest sample of every column; `scale` fills the height, `seconds` the width."""
    lows, highs, wide = columns(sound.lows, sound.highs, sound.seconds / seconds)
    curve = [0.5 - 0.5 * highs / scale, 0.5 - 0.5 * lows / scale]
    mark = [spans([(marked[0] / seconds, marked[1] / seconds)], "#c2556b55", COLUMNS)] if marked else []
    marks = [
        rules([0.25, 0.5, 0.75], COLUMNS),
        *mark,
        band(curve[0].tolist(), curve[1].tolist(), colour(index), wide / 2, wide),
    ]
    alt = f"Waveform of {sound.path.name}: {clock(sound.seconds, 1)}, highest sample {sound.peak:.3f}"
    return image(marks, COLUMNS, alt, 72)


def amplitudes(scale: float) -> list[tuple[float, str]]:
    """Write the scale at the side of a waveform."""
    digits = 1 if scale >= 0.2 else 3 if scale < 0.02 else 2
    return [(0.25, value(scale / 2, digits=digits)), (0.5, "0"), (0.75, value(-scale / 2, digits=digits))]


def named(label: str, index: int) -> Html:
    """Write a label with its colour."""
    return join(swatch(colour(index)), label)


def colour(index: int) -> str:
    """Give the colour of the sound at a place in a row of sounds."""
    return COLOURS[index % len(COLOURS)]


def scale_of(sounds: Sequence[Measurement]) -> float:
    """Choose what amplitude fills a waveform's height: full scale, or less when all are quiet."""
    peak = max(sound.peak for sound in sounds)
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if peak <= step), max(1.0, peak))


def columns(lows: Floats, highs: Floats, share: float) -> tuple[Floats, Floats, float]:
    """Give the lowest and highest value of each column, and how wide a column is.

    The values fill `share` of the picture's `COLUMNS`; a column holds one value at least.
    """
    wide = COLUMNS * share
    count = max(1, min(len(lows), round(wide)))
    edges = (np.arange(count) * len(lows)) // count
    return np.minimum.reduceat(lows, edges), np.maximum.reduceat(highs, edges), wide / count


def loudness(sounds: Sequence[Measurement], labels: Sequence[str], target: float | None = None) -> Html:
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


def loudness_curve(sound: Measurement, brief: bool) -> tuple[Floats, Floats]:
    """Give times and loudness: momentary when brief, else short-term, once the window is full."""
    window, values = (0.4, sound.momentary) if brief else (3.0, sound.short_term)
    full = sound.times >= min(window, sound.seconds / 2) - 0.01
    return sound.times[full], values[full]


def loudness_limits(curves: list[Floats], extra: list[float]) -> tuple[float, float]:
    """Choose the loudness at the bottom and at the top: what is heard, and at most 50 LU of it."""
    heard = np.concatenate([*curves, np.array(extra, np.float32)])
    heard = heard[heard > -70]
    if not len(heard):
        return -70.0, 0.0
    top = float(np.ceil((heard.max() + 1) / 5) * 5)
    return max(top - 50, float(np.floor((heard.min() - 1) / 5) * 5)), top


def _curve(times: Floats, heights: Floats, seconds: float, shade: str) -> str:
    if not len(times):
        return ""
    high, low, wide = columns(heights, heights, min(1.0, len(times) * 0.1 / seconds))
    start = COLUMNS * float(times[0]) / seconds
    return band(high.tolist(), low.tolist(), shade, start, wide, edge=1.75)


def _loudness_words(sounds: Sequence[Measurement], labels: Sequence[str], target: float | None) -> str:
    each = ", ".join(
        f"{label} {value(s.loudness, 'LUFS')} as a whole" for s, label in zip(sounds, labels, strict=True)
    )
    return f"Loudness over time: {each}" + ("" if target is None else f"; target {value(target, 'LUFS')}")


def table(sounds: Sequence[Measurement], labels: Sequence[str]) -> Html:
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


def _row(first: Measurement, sound: Measurement, label: str, index: int) -> Html:
    tenth = quietest_tenth(first, sound) or (None, None)
    cells = [
        value(sound.loudness, "LUFS"),
        value(sound.range, "LU"),
        value(sound.true_peak, "dBTP"),
        value(tenth[0], "dB"),
        value(tenth[1], "dB"),
    ]
    return tag("tr", tag("th", named(label, index), scope="row"), *(tag("td", cell) for cell in cells))


def spectrograms(files: Sequence[Path], labels: Sequence[str]) -> Picture:
    """Draw spectrograms below each other; the loudest spot of all is white."""
    top = max(rate_of(file) for file in files) / 2
    found = [spectral_powers(file, top) for file in files]
    high, seconds = loudest(levels for levels, _ in found), max(length for _, length in found)
    rows = []
    for file, label, (levels, length) in zip(files, labels, found, strict=True):
        alt = f"Spectrogram of {file.name}: {clock(length, 1)}, up to {top:.0f} Hz"
        picture = heat_map(levels, high - RANGE, high, alt, 170, length / seconds)
        rows.append(row(label, picture, frequency_ticks(top)))
    note = f"frequency in Hz; from white, the loudest, {RANGE:.0f} dB down to black"
    body = figure("Spectrogram", *rows, time_scale(time_ticks(seconds)), note=note)
    return Picture(f"Spectrogram of {', '.join(file.name for file in files)}", tag("section", body))


def frequency_ticks(top: float) -> list[Tick]:
    """Mark round frequencies on a scale of octaves."""
    octaves = math.log(top / LOWEST_SHOWN)
    marks = [mark for mark in MARKS if LOWEST_SHOWN <= mark <= top * 0.97]
    return [
        (math.log(top / mark) / octaves, f"{mark // 1000}k" if mark >= 1000 else str(mark)) for mark in marks
    ]


def heat_map(
    levels: NDArray[np.float32], low: float, high: float, alt: str, pixels: int, share: float = 1
) -> Html:
    """Draw levels of shape (columns, rows from the bottom up) between `low` and `high`."""
    scaled = (levels.T[::-1] - low) / (high - low) * SHADES
    data = b64encode(_png(np.clip(scaled, 0, SHADES - 1).astype(np.uint8))).decode()
    return tag(
        "img",
        src=f"data:image/png;base64,{data}",
        alt=alt,
        style=f"width:{100 * share:.4g}%;height:{pixels}px",
    )


def _png(shades: NDArray[np.uint8]) -> bytes:
    """Write shade numbers of shape (rows, columns), two to a byte."""
    tall, wide = shades.shape
    even = np.pad(shades, ((0, 0), (0, wide % 2)))
    packed = even[:, ::2] << 4 | even[:, 1::2]
    lines = b"".join(b"\0" + line.tobytes() for line in packed)
    header = struct.pack(">IIBBBBB", wide, tall, 4, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", _palette()), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _palette() -> bytes:
    places = np.linspace(0, len(STOPS) - 1, SHADES)
    stops = np.array(STOPS, float)
    columns = [np.interp(places, range(len(STOPS)), stops[:, i]) for i in range(3)]
    return np.stack(columns, axis=1).round().astype(np.uint8).tobytes()
