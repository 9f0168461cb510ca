"""Loudness and peaks by ITU-R BS.1770."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.filters import Chain, array_of, frames, resampler
from dolbyio_nb.audio.sound import Interval, Progress, Samples, Sound, collect, no_progress, share, tracked
from dolbyio_nb.audio.spectrum import Powers

GATE = -70.0
"""BS.1770's absolute gate: at or under it there was nothing to measure. LUFS."""
WEIGHED_AS = {8: "7.1(wide-side)"}
"""FFmpeg raises all that is not in front by 1.5 dB. BS.1770 does so for the sides of 7.1 alone, so the meter
is told that its rear channels, the same two in this layout, stand in front."""
STEP = 0.1
"""Seconds from one of the meter's readings to the next."""
WARM_UP = 3
"""Momentary readings that do not yet see their whole 400 ms."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What a meter shows: momentary and short-term LUFS ten times a second; at the end LUFS and LU.

    The last two are None where BS.1770 gives nothing: what is too short, or nowhere over its gate.
    `true_peak` is an amplitude, 0 where the meter was not asked for it.
    """

    momentary: Powers
    short_term: Powers
    integrated: float | None
    range: float | None
    true_peak: float = 0.0

    def ungated(self, start: float, end: float) -> float:
        """Mean loudness between two times in seconds, nothing left out; `SILENCE` if nothing was heard."""
        first = max(WARM_UP, round(start / STEP))
        heard = self.momentary[first : max(first + 1, round(end / STEP))]
        power = np.mean(10 ** (heard / 10)) if len(heard) else 0.0
        return max(SILENCE, float(10 * np.log10(power))) if power > 0 else SILENCE


@dataclass(frozen=True)
class Peaks:
    """The highest points in dB relative to full scale."""

    sample: float
    true: float


def meter(sound: Sound, progress: Progress = no_progress) -> Readings:
    """The readings over a whole sound."""
    running = LoudnessMeter(sound.rate, sound.channels)
    for block in tracked(sound, progress):
        running.take(block)
    return running.readings()


class LoudnessMeter:
    """FFmpeg's `ebur128` (ITU-R BS.1770, EBU R 128), given one block of samples after the other."""

    def __init__(self, rate: int, channels: int, *, true_peak: bool = False) -> None:
        options = "metadata=1:peak=true" if true_peak else "metadata=1"
        self._chain = Chain(rate, channels, [("ebur128", options)], WEIGHED_AS.get(channels))
        self._series: list[tuple[float, float]] = []
        self._last: dict[str, str] = {}

    def take(self, block: Samples) -> None:
        """Hear samples of shape (frames, channels)."""
        self._note(self._chain.push(block))

    def readings(self) -> Readings:
        """What the meter shows at the end."""
        self._note(self._chain.end())
        shown = np.array(self._series, float).reshape(-1, 2)
        series = np.maximum(np.where(np.isnan(shown), SILENCE, shown), SILENCE)
        whole = float(self._last.get("lavfi.r128.I", SILENCE))
        return Readings(
            series[:, 0],
            series[:, 1],
            whole if whole > GATE else None,
            float(self._last["lavfi.r128.LRA"]) if whole > GATE else None,
            float(self._last.get("lavfi.r128.true_peak", 0)),
        )

    def _note(self, frames: Iterable[av.AudioFrame]) -> None:
        for shown in (frame.metadata for frame in frames):
            if shown:  # the short frame at the end carries none
                self._last = shown
                self._series.append((float(shown["lavfi.r128.M"]), float(shown["lavfi.r128.S"])))


def measure_peaks(sound: Sound, progress: Progress = no_progress) -> Peaks:
    """Sample peak and true peak of the whole sound."""
    sample = decibels(sample_peaks(sound).max())
    return Peaks(sample, max(sample, decibels(true_peaks(sound, progress).max())))


SILENCE = -120.0
"""What stands for minus infinity in every level: JSON has no infinity. dB or LUFS."""


def decibels(amplitude: float) -> float:
    """An amplitude relative to full scale, in dB; never under `SILENCE`."""
    return max(SILENCE, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE


def power_decibels(powers: Any) -> Any:
    """Mean squares in dB, one or an array of them; never under `SILENCE`."""
    return 10 * np.log10(np.maximum(powers, 10 ** (SILENCE / 10)))


def sample_peaks(sound: Sound) -> NDArray[np.float32]:
    """The largest absolute sample of every second, the last one may be short."""
    return np.array([np.abs(block).max() for block in sound.blocks(sound.rate)], np.float32)


def true_peaks(sound: Sound, progress: Progress = no_progress) -> NDArray[np.float32]:
    """The largest absolute value of every second at four times the rate, as BS.1770-4 Annex 2 asks.

    Above 96 kHz twice the rate is enough, as the same annex says.
    """
    rate = sound.rate * (4 if sound.rate < 96_000 else 2)
    finer = (array_of(frame) for frame in frames(sound, [resampler(rate)], progress))
    return _by_second(finer, rate, len(sample_peaks(sound)))


def _by_second(blocks: Iterable[Samples], rate: int, seconds: int) -> NDArray[np.float32]:
    peaks = np.zeros(seconds, np.float32)
    for start, block in _numbered(blocks):
        second = min(start // rate, seconds - 1)
        split = (second + 1) * rate - start
        for index, piece in ((second, block[:split]), (min(second + 1, seconds - 1), block[split:])):
            if len(piece):
                peaks[index] = max(peaks[index], float(np.abs(piece).max()))
    return peaks


def _numbered(blocks: Iterable[Samples]) -> Iterator[tuple[int, Samples]]:
    start = 0
    for block in blocks:
        yield start, block
        start += len(block)


SHORTEST = 1.0  # seconds of speech in all that are enough to measure
Gate = Sequence[Interval]
"""Where to measure; empty for the whole sound."""


def speech_gate(speech: list[Interval], seconds: float, threshold: float) -> Gate:
    """The speech, if it takes at least `threshold` percent of the time."""
    enough = sum(section.duration for section in speech) >= SHORTEST
    return speech if enough and share(speech, seconds) >= threshold else []


def gated(sound: Sound, gate: Gate, progress: Progress = no_progress) -> float | None:
    """Loudness in LUFS inside the gate; None where there is none."""
    heard = collect(_inside(sound, gate), sound.rate, sound.channels) if gate else sound
    return meter(heard, progress).integrated


def _inside(sound: Sound, gate: Gate) -> Iterator[Samples]:
    for section in gate:
        yield from sound.cut(section.start, section.end).blocks()
