"""Loudness and peaks by ITU-R BS.1770, and normalization of loudness and dynamic range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.audio.filters import UNCHANGED, Chain, Level, array_of, leveled, leveling, resampler, through
from dolbyio_nb.audio.sound import (
    SILENCE,
    Interval,
    Progress,
    Samples,
    Sound,
    no_progress,
    share,
    stage,
    stages,
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
WARM_UP = 3  # momentary readings that do not yet see their whole 400 ms


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
    sample, true = (decibels(each.max()) for each in (sample_peaks(sound), true_peaks(sound, progress)))
    return Peaks(sample, max(sample, true))


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
    """Four times the rate, for peaks between the samples; from 96 kHz up twice is enough (BS.1770-4, 2)."""
    return rate * (4 if rate < 96_000 else 2)


def _by_second(blocks: Iterable[Samples], rate: int, seconds: int) -> NDArray[np.float32]:
    peaks, start = np.zeros(seconds, np.float32), 0
    for block in blocks:
        second = min(start // rate, seconds - 1)
        split = (second + 1) * rate - start
        for index, piece in ((second, block[:split]), (min(second + 1, seconds - 1), block[split:])):
            if len(piece):
                peaks[index] = max(peaks[index], float(np.abs(piece).max()))
        start += len(block)
    return peaks


SHORTEST = 1.0  # seconds of speech in all that are enough to measure
Gate = Sequence[Interval]
"""Where to measure; empty for the whole sound."""


def speech_gate(speech: list[Interval], seconds: float, threshold: float) -> Gate:
    """The speech, if it takes at least `threshold` percent of the time."""
    enough = sum(section.duration for section in speech) >= SHORTEST
    return speech if enough and share(speech, seconds) >= threshold else []


class GatedMeter:
    """Loudness of what lies in a gate, given one block of samples after the other."""

    def __init__(self, rate: int, channels: int, gate: Gate) -> None:
        spans = [(round(section.start * rate), round(section.end * rate)) for section in gate]
        self._spans = np.array(spans or [(0, np.iinfo(np.int64).max)], np.int64)
        self._meter, self._position = LoudnessMeter(rate, channels), 0

    def take(self, block: Samples) -> None:
        """Hear samples of shape (frames, channels), where they lie in the gate."""
        spans = self._spans - self._position
        self._position += len(block)
        for start, end in spans[(spans[:, 1] > 0) & (spans[:, 0] < len(block))]:
            self._meter.take(block[max(0, start) : end])

    def loudness(self) -> float | None:
        """Loudness in LUFS; None where there is none."""
        return self._meter.readings().integrated


class PeakMeter:
    """The highest peak, between the samples or at them, given one block of samples after the other."""

    def __init__(self, rate: int, channels: int, *, between: bool) -> None:
        self._finer = Chain(rate, channels, [resampler(finer_rate(rate))]) if between else None
        self._peak = 0.0

    def take(self, block: Samples) -> None:
        """Hear samples of shape (frames, channels)."""
        self._note(map(array_of, self._finer.push(block)) if self._finer else [block])

    def peak(self) -> float:
        """The peak in dB at the end."""
        self._note(map(array_of, self._finer.end()) if self._finer else [])
        return decibels(self._peak)

    def _note(self, blocks: Iterable[Samples]) -> None:
        self._peak = max([self._peak, *(float(np.abs(block).max(initial=0.0)) for block in blocks)])


def gated(
    sound: Sound, gate: Gate, progress: Progress = no_progress, level: Level = UNCHANGED
) -> float | None:
    """Loudness in LUFS inside the gate; None where there is none."""
    loudness = GatedMeter(sound.rate, sound.channels, gate)
    for block in leveling(sound, level, progress):
        loudness.take(block)
    return loudness.loudness()


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
    plain = _heard(sound, UNCHANGED, target, gate, stage(progress, 0, 0.1))
    if plain.loudness is None:
        return sound
    level = _loud(sound, plain, target, gate, stage(progress, 0.1, 0.8))
    return leveled(sound, level, stage(progress, 0.8, 1))


def limited(sound: Sound, target: LoudnessTarget, progress: Progress = no_progress) -> Sound:
    """The sound under the ceiling: untouched where it is under it already."""
    plain = _heard(sound, UNCHANGED, target, (), stage(progress, 0, 0.1))
    level, _ = _under(sound, UNCHANGED, plain, target, (), stage(progress, 0.1, 0.8))
    return leveled(sound, level, stage(progress, 0.8, 1))


class Heard(NamedTuple):
    """Loudness in LUFS inside the gate, None where there is none; the peak of all in dB."""

    loudness: float | None
    peak: float


def _heard(sound: Sound, level: Level, target: LoudnessTarget, gate: Gate, progress: Progress) -> Heard:
    """What a sound has at a level, in one pass."""
    loudness = GatedMeter(sound.rate, sound.channels, gate)
    peak = PeakMeter(sound.rate, sound.channels, between=target.true_peak)
    for block in leveling(sound, level, progress):
        loudness.take(block)
        peak.take(block)
    return Heard(loudness.loudness(), peak.peak())


def _loud(sound: Sound, plain: Heard, target: LoudnessTarget, gate: Gate, progress: Progress) -> Level:
    """The level at which the sound has the target's loudness, or the most that it allows."""
    most = target.ceiling + target.pressed - plain.peak
    level, loudness = UNCHANGED, plain.loudness
    for at in stages(progress, ROUNDS):
        missing = target.loudness - (loudness or 0.0)
        level = Level(min(level.gain + missing, most))
        level, loudness = _under(sound, level, plain, target, gate, at)
        if level.gain == most or loudness is None or abs(target.loudness - loudness) < CLOSE:
            break
    return level


def _under(
    sound: Sound, level: Level, plain: Heard, target: LoudnessTarget, gate: Gate, progress: Progress
) -> tuple[Level, float | None]:
    """The level with that gain at which all is under the ceiling, and the loudness that it has."""
    heard = Heard(None, plain.peak + level.gain)
    if heard.peak <= target.ceiling:
        return level, gated(sound, gate, progress, level)
    limit = target.ceiling - SPARE
    for at in stages(progress, ROUNDS):
        heard = _heard(sound, Level(level.gain, limit), target, gate, at)
        over = heard.peak - target.ceiling
        if over <= 0:
            return Level(level.gain, limit), heard.loudness
        limit -= over + SPARE
    lowered = Level(level.gain, limit, min(0.0, target.ceiling - SPARE - heard.peak))
    return lowered, gated(sound, gate, no_progress, lowered)
