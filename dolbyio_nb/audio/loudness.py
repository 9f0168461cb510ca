"""Loudness and peaks by ITU-R BS.1770, and normalization of loudness and dynamic range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.filters import Chain, Level, array_of, leveled, leveling, resampler, through
from dolbyio_nb.audio.sound import (
    SILENCE,
    Interval,
    Progress,
    Samples,
    Sound,
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
    """The largest absolute value of every second at a finer rate."""
    finer = finer_rate(sound.rate)
    blocks = through(tracked(sound, progress), sound.rate, sound.channels, [resampler(finer)])
    return _by_second(blocks, finer, len(sample_peaks(sound)))


def finer_rate(rate: int) -> int:
    """Four times the rate, at which peaks between the samples show, as BS.1770-4 Annex 2 asks.

    From 96 kHz up twice the rate is enough, as the same annex says.
    """
    return rate * (4 if rate < 96_000 else 2)


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


class Heard(NamedTuple):
    """Loudness in LUFS inside the gate, None where there is none; the peak of all in dB."""

    loudness: float | None
    peak: float


def hear(blocks: Iterable[Samples], sound: Sound, gate: Gate = (), *, true_peak: bool = True) -> Heard:
    """Loudness and peak of what was made of a sound, in one pass."""
    loudness, inside = LoudnessMeter(sound.rate, sound.channels), Inside(gate, sound.rate)
    finer = [resampler(finer_rate(sound.rate))] if true_peak else []
    peaks, peak = Chain(sound.rate, sound.channels, finer), 0.0
    for block in blocks:
        for piece in inside.cut(block):
            loudness.take(piece)
        peak = max(peak, *map(_highest, peaks.push(block)), 0.0)
    peak = max(peak, *map(_highest, peaks.end()), 0.0)
    return Heard(loudness.readings().integrated, decibels(peak))


def _highest(frame: av.AudioFrame) -> float:
    return float(np.abs(array_of(frame)).max(initial=0.0))


class Inside:
    """Cuts blocks of a sound, one after the other, to what lies in a gate."""

    def __init__(self, gate: Gate, rate: int) -> None:
        spans = [(round(section.start * rate), round(section.end * rate)) for section in gate]
        self._spans = np.array(spans or [(0, np.iinfo(np.int64).max)], np.int64)
        self._position = 0

    def cut(self, block: Samples) -> Iterator[Samples]:
        """The pieces of the next block that lie in the gate."""
        spans = self._spans - self._position
        self._position += len(block)
        for start, end in spans[(spans[:, 1] > 0) & (spans[:, 0] < len(block))]:
            yield block[max(0, start) : end]


def gated(sound: Sound, gate: Gate, progress: Progress = no_progress) -> float | None:
    """Loudness in LUFS inside the gate; None where there is none."""
    running, inside = LoudnessMeter(sound.rate, sound.channels), Inside(gate, sound.rate)
    for block in tracked(sound, progress):
        for piece in inside.cut(block):
            running.take(piece)
    return running.readings().integrated


ROUNDS = 8
"""Limiting takes loudness away again; each round adds what the last one missed."""
CLOSE = 0.1
"""Close enough to the asked loudness to stop. LU."""
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
    plain = _heard(sound, Level(), target, gate, stage(progress, 0, 0.1))
    if plain.loudness is None:
        return sound
    missing, most = target.loudness - plain.loudness, target.ceiling + target.pressed - plain.peak
    level = _loud(sound, missing, most, target, gate, stage(progress, 0.1, 0.8))
    return leveled(sound, level, stage(progress, 0.8, 1))


def limited(sound: Sound, target: LoudnessTarget, progress: Progress = no_progress) -> Sound:
    """The sound under the ceiling: untouched where it is under it already."""
    level, _ = _under(sound, 0.0, target, (), stage(progress, 0, 0.8))
    return leveled(sound, level, stage(progress, 0.8, 1))


def _heard(sound: Sound, level: Level, target: LoudnessTarget, gate: Gate, progress: Progress) -> Heard:
    return hear(leveling(sound, level, progress), sound, gate, true_peak=target.true_peak)


def _loud(
    sound: Sound, missing: float, most: float, target: LoudnessTarget, gate: Gate, progress: Progress
) -> Level:
    """The level at which `missing` LU are no more missing, or the most that the target allows."""
    gain, level = 0.0, Level()
    for round_ in range(ROUNDS):
        gain = min(gain + missing, most)
        share = stage(progress, round_ / ROUNDS, (round_ + 1) / ROUNDS)
        level, loudness = _under(sound, gain, target, gate, share)
        missing = 0.0 if loudness is None else target.loudness - loudness
        if gain == most or abs(missing) < CLOSE:
            break
    return level


def _under(
    sound: Sound, gain: float, target: LoudnessTarget, gate: Gate, progress: Progress
) -> tuple[Level, float | None]:
    """The level with that gain at which all is under the ceiling, and the loudness that it has."""
    level, limit = Level(gain), target.ceiling
    for round_ in range(ROUNDS):
        share = stage(progress, round_ / ROUNDS, (round_ + 1) / ROUNDS)
        heard = _heard(sound, level, target, gate, share)
        over = heard.peak - target.ceiling
        if over <= 0:
            return level, heard.loudness
        limit -= over + SPARE if round_ else SPARE
        level = Level(gain, limit)
    heard = _heard(sound, level, target, gate, no_progress)
    trim = min(0.0, target.ceiling - SPARE - heard.peak)
    return Level(gain, limit, trim), None if heard.loudness is None else heard.loudness + trim
