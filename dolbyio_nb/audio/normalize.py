"""Normalization of loudness and dynamic range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dolbyio_nb.audio.filters import Filter, filtered
from dolbyio_nb.audio.loudness import GATE, STEP, Gate, decibels, gated, meter, sample_peaks, true_peaks
from dolbyio_nb.audio.sound import Progress, Samples, Sound, collect, no_progress, stage, tracked
from dolbyio_nb.audio.spectrum import Powers

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
    """Loudness to reach in LUFS, ceiling in dB, and whether the ceiling counts between the samples."""

    loudness: float
    ceiling: float = -1.0
    true_peak: bool = True


def normalized(
    sound: Sound, target: LoudnessTarget, gate: Gate = (), progress: Progress = no_progress
) -> Sound:
    """The sound at the target's loudness. Where the ceiling forbids that, as near as limiting gets.

    Silence stays as it is.
    """
    measured = gated(sound, gate, stage(progress, 0, 0.1))
    if measured is None:
        return sound
    gain = 0.0
    result = sound
    for round_ in range(ROUNDS):
        gain += target.loudness - measured
        share = stage(progress, 0.1 + 0.9 * round_ / ROUNDS, 0.1 + 0.9 * (round_ + 1) / ROUNDS)
        result = limited(amplified(sound, gain, stage(share, 0, 0.3)), target, stage(share, 0.3, 0.8))
        measured = gated(result, gate, stage(share, 0.8, 1))
        if measured is None or abs(target.loudness - measured) < CLOSE:
            break
    return result


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
    return "alimiter", f"limit={level:.6f}:attack=5:release=50:level=disabled:latency=1"


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
