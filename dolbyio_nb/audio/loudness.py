"""Loudness and peaks by ITU-R BS.1770, and normalization of loudness and dynamic range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.filters import Chain, Filter, array_of, filtered, frames, resampler
from dolbyio_nb.audio.sound import (
    SILENCE,
    Interval,
    Progress,
    Samples,
    Sound,
    collect,
    no_progress,
    share,
    stage,
    tracked,
)
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


def decibels(amplitude: float) -> float:
    """An amplitude relative to full scale, in dB; never under `SILENCE`."""
    return max(SILENCE, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE


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


ROUNDS = 8
"""Limiting takes loudness away again; each round adds what the last one missed."""
CLOSE = 0.1
"""Close enough to the asked loudness to stop. LU."""
LOWEST = -24.0
"""As far down as FFmpeg's limiter can be set. dB."""
SPARE = 0.05
"""How much lower than needed the limiter is set when its result still goes over. dB."""


@dataclass(frozen=True)
class LoudnessTarget:
    """Loudness to reach in LUFS, ceiling in dB, and whether the ceiling counts between the samples.

    The loudness is not quite reached where peaks would have to be pressed by more than `pressed` dB.
    """

    loudness: float
    ceiling: float = -1.0
    true_peak: bool = True
    pressed: float = math.inf


def normalized(
    sound: Sound, target: LoudnessTarget, gate: Gate = (), progress: Progress = no_progress
) -> Sound:
    """The sound at the target's loudness. Where the ceiling forbids that, as near as limiting gets.

    Silence stays as it is.
    """
    measured = gated(sound, gate, stage(progress, 0, 0.1))
    if measured is None:
        return sound
    gain, most = 0.0, _most(sound, target)
    result = sound
    for round_ in range(ROUNDS):
        gain = min(gain + target.loudness - measured, most)
        share = stage(progress, 0.1 + 0.9 * round_ / ROUNDS, 0.1 + 0.9 * (round_ + 1) / ROUNDS)
        result = limited(amplified(sound, gain, stage(share, 0, 0.3)), target, stage(share, 0.3, 0.8))
        measured = gated(result, gate, stage(share, 0.8, 1))
        if measured is None or gain == most or abs(target.loudness - measured) < CLOSE:
            break
    return result


def _most(sound: Sound, target: LoudnessTarget) -> float:
    """The gain in dB at which the peaks are pressed as far as they may be."""
    if target.pressed == math.inf:
        return math.inf
    return target.ceiling + target.pressed - _peak(sound, target, no_progress)


def amplified(sound: Sound, gain: float, progress: Progress = no_progress) -> Sound:
    """The sound, `gain` dB louder."""
    factor = np.float32(10 ** (gain / 20))
    return collect((block * factor for block in tracked(sound, progress)), sound.rate, sound.channels)


def limited(sound: Sound, target: LoudnessTarget, progress: Progress = no_progress) -> Sound:
    """The sound under the ceiling: untouched where it is under it already."""
    limit, result = target.ceiling, sound
    for round_ in range(ROUNDS):
        share = stage(progress, round_ / ROUNDS, (round_ + 1) / ROUNDS)
        over = _peak(result, target, stage(share, 0, 0.7)) - target.ceiling
        if over <= 0:
            return result
        limit -= over + SPARE if round_ else SPARE
        result = filtered(sound, _limiter(limit), progress=stage(share, 0.7, 1))
    return amplified(result, min(0.0, target.ceiling - SPARE - _peak(result, target, no_progress)))


def _peak(sound: Sound, target: LoudnessTarget, progress: Progress) -> float:
    peaks = true_peaks(sound, progress) if target.true_peak else sample_peaks(sound)
    return decibels(peaks.max())


def _limiter(limit: float) -> Filter:
    level = 10 ** (max(limit, LOWEST) / 20)
    return "alimiter", f"limit={level:.6f}:attack=3:release=40:level=disabled:latency=1"


MOST = 12.0  # dB of change
QUIET = 20.0  # LU under the mean: pauses, which are left alone
LAG = 1.5  # seconds: the middle of the three that a short-term reading looks back


def narrowed(sound: Sound, wanted: float, progress: Progress = no_progress) -> Sound:
    """The sound with its loudness range brought down to the amount's, if it is above."""
    readings = meter(sound, stage(progress, 0, 0.5))
    if readings.range is None or readings.range <= wanted:
        return sound
    curve = _gains(readings.short_term, 1 - wanted / readings.range)
    return collect(_ridden(sound, curve, stage(progress, 0.5, 1)), sound.rate, sound.channels)


def _gains(loudness: Powers, strength: float) -> Powers:
    """dB for every tenth of a second: a share of the way to the mean of what is not a pause."""
    heard = loudness[loudness > GATE]
    middle = float(np.median(heard[heard > heard.max() - QUIET]))
    held = np.where(loudness > middle - QUIET, loudness, middle)
    smooth = np.convolve(np.pad(held, 5, mode="edge"), np.ones(11) / 11, mode="valid")
    return np.clip(strength * (middle - smooth), -MOST, MOST)


def _ridden(sound: Sound, gains: Powers, progress: Progress) -> Iterator[Samples]:
    times = np.arange(1, len(gains) + 1) * STEP - LAG
    position = 0
    for block in tracked(sound, progress):
        span = np.arange(position, position + len(block)) / sound.rate
        yield block * (10 ** (np.interp(span, times, gains) / 20)).astype(np.float32)[:, None]
        position += len(block)
