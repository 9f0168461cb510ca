"""Measurement of a file in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from dolbyio_nb.audio.decode_display import Floats, layout_of, length_of, opened, seconds_of, sound_errors
from dolbyio_nb.media.progress import progress

if TYPE_CHECKING:
    import pandas


POINTS = 4000
"""Stretches of a sound whose lowest and highest sample are kept, at least; a picture has fewer columns."""
LEVELS = 20
"""Levels a second: one for every 50 ms."""
GATE = -70.0
"""BS.1770's absolute gate: a loudness at or under it is none. LUFS."""
SILENCE = -120.0
"""What stands for digital silence among levels. dB."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured in one file, by FFmpeg's `ebur128` (ITU-R BS.1770, EBU R 128) and NumPy.

    Attributes:
        path: the file.
        seconds, rate, channels: its length, its sampling rate in Hz, its channels.
        loudness: integrated, in LUFS; None when it is too short or too quiet for one.
        range: loudness range in LU; None likewise.
        true_peak: in dBTP; -120 for digital silence.
        times: when the momentary and short-term loudness were taken, in seconds, ten a second.
        momentary, short_term: over the last 0.4 s and 3 s, in LUFS.
        lows, highs: lowest and highest sample, over all channels, of equal stretches.
        levels: mean square of each 50 ms over all channels, in dB relative to full scale.
    """

    path: Path
    seconds: float
    rate: int
    channels: int
    loudness: float | None
    range: float | None
    true_peak: float
    times: Floats
    momentary: Floats
    short_term: Floats
    lows: Floats
    highs: Floats
    levels: Floats

    def __repr__(self) -> str:
        loudness = "no loudness" if self.loudness is None else f"{self.loudness:.1f} LUFS"
        return f"<{self.path.name}: {self.seconds:.1f} s, {loudness}, true peak {self.true_peak:.1f} dBTP>"

    @property
    def peak(self) -> float:
        """The highest absolute sample; full scale is 1."""
        return float(max(-self.lows.min(), self.highs.max()))

    def to_frame(self) -> pandas.DataFrame:
        """Give the loudness over time as a table: `time`, `momentary`, `short_term`."""
        import pandas

        columns = {"time": self.times, "momentary": self.momentary, "short_term": self.short_term}
        return pandas.DataFrame(columns)


def measure(path: Path) -> Measurement:
    """Read a whole file once and measure it; the same file is not read again until it changes.

    Raises:
        DolbyError: it cannot be read as sound.
    """
    with sound_errors(path):
        state = path.stat()
    return _measured(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _measured(path: Path, changed: int, size: int) -> Measurement:
    with opened(path) as container:
        rate, seconds = container.streams.audio[0].rate, length_of(container)
        loudness = LoudnessMeter(layout_of(container), rate)
        outline = OutlineMeter(rate, seconds)
        with progress("Measuring", path, seconds) as show:
            for second in seconds_of(container, loudness.take):
                outline.take(second)
                show(outline.frames / rate)
        loudness.take(None)
        channels = container.streams.audio[0].channels
        outlined = outline.found()
        peak = float(max(-outlined["lows"].min(), outlined["highs"].max()))
        return Measurement(path, outline.frames / rate, rate, channels, **loudness.found(peak), **outlined)


class LoudnessMeter:
    """Runs FFmpeg's `ebur128` beside the decoding and takes down what it says every 100 ms."""

    def __init__(self, layout: str, rate: int) -> None:
        self._graph = av.filter.Graph()
        base = Fraction(1, rate)
        source = self._graph.add_abuffer(sample_rate=rate, format="fltp", layout=layout, time_base=base)
        meter = self._graph.add("ebur128", "metadata=1:peak=true")
        self._graph.link_nodes(source, meter, self._graph.add("abuffersink")).configure()
        self._series: list[tuple[float, float]] = []
        self._last: dict[str, str] = {}

    def take(self, frame: av.AudioFrame | None) -> None:
        """Hear a frame, or with None that there are no more."""
        self._graph.push(frame)
        while True:
            try:
                said = self._graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if said:  # the short frame at the end carries none
                self._last = said
                self._series.append((float(said["lavfi.r128.M"]), float(said["lavfi.r128.S"])))

    def found(self, peak: float) -> dict[str, Any]:
        """Give the measures by their names; the true peak is no lower than the samples' `peak`."""
        whole = float(self._last.get("lavfi.r128.I", SILENCE))
        peak = max(peak, float(self._last.get("lavfi.r128.true_peak", 0)))
        series = np.maximum(np.array(self._series, float).reshape(-1, 2), SILENCE)
        return {
            "loudness": whole if whole > GATE else None,
            "range": float(self._last["lavfi.r128.LRA"]) if whole > GATE else None,
            "true_peak": float(decibels(peak**2)),
            "times": np.arange(1, len(series) + 1) / 10,
            "momentary": series[:, 0],
            "short_term": series[:, 1],
        }


class OutlineMeter:
    """Keeps the lowest and the highest sample of short stretches, and the level of each 50 ms."""

    def __init__(self, rate: int, seconds: float) -> None:
        points = max(1, min(rate, math.ceil(POINTS / max(seconds, 0.001))))
        self._edges = (np.arange(points) * rate) // points
        self._steps = (np.arange(LEVELS) * rate) // LEVELS
        self._found: list[tuple[Floats, Floats, Floats]] = []
        self.frames = 0

    def take(self, second: Floats) -> None:
        """Look at samples of shape (channels, frames), a whole second of them except at the end."""
        frames = second.shape[1]
        edges, steps = self._edges[self._edges < frames], self._steps[self._steps < frames]
        lows = np.minimum.reduceat(second.min(axis=0), edges)
        highs = np.maximum.reduceat(second.max(axis=0), edges)
        powers = np.add.reduceat(np.square(second).mean(axis=0), steps) / np.diff(np.append(steps, frames))
        self._found.append((lows, highs, powers))
        self.frames += frames

    def found(self) -> dict[str, Any]:
        """Give the measures by their names in `Measurement`."""
        if not self._found:
            raise LookupError("there is no sound in it")
        lows, highs, powers = (np.concatenate(each) for each in zip(*self._found, strict=True))
        return {"lows": lows, "highs": highs, "levels": decibels(powers)}


def decibels(powers: Any) -> Any:
    """Give mean squares in dB, `SILENCE` at least."""
    return 10 * np.log10(np.maximum(powers, 10 ** (SILENCE / 10)))
