"""How fast music is: a guess from how regularly new sound sets in."""

from __future__ import annotations

import numpy as np

from .filters import resampled
from .progress import Tell, silent
from .sound import Sound
from .spectrum import COARSE_RATE, Powers, power_frames

BEATS = np.arange(60.0, 200.0, 0.25)  # per minute
LIKELY = 118.0
"""The tempo that people most often tap. Per minute."""

FLUX_FRAME, FLUX_HOP, FLUX_BANDS = 512, 128, 40


def tempo(sound: Sound, tell: Tell = silent) -> float | None:
    """Beats a minute from how regularly new sound sets in; None where nothing is regular.

    May be off by a factor of two, as people's tapping is.
    """
    onsets = _onsets(resampled(sound, COARSE_RATE), tell)
    if len(onsets) < 4 * COARSE_RATE // FLUX_HOP or not onsets.any():
        return None
    regular = _autocorrelation(onsets)
    scores = [_beat_strength(regular, bpm) for bpm in BEATS]
    prior = np.exp(-0.5 * (np.log2(BEATS / LIKELY) / 0.7) ** 2)
    return float(BEATS[int(np.argmax(np.array(scores) * prior))])


def _onsets(sound: Sound, tell: Tell) -> Powers:
    weights = _mel_weights()
    frames = [block @ weights for block in power_frames(sound, FLUX_FRAME, FLUX_HOP, tell)]
    levels = np.log10(np.concatenate(frames) + 1e-8)
    flux = np.maximum(0, np.diff(levels, axis=0)).sum(axis=1)
    return np.asarray(np.maximum(0, flux - np.convolve(flux, np.ones(65) / 65, mode="same")))


def _mel_weights() -> Powers:
    mel = np.linspace(0, 2595 * np.log10(1 + COARSE_RATE / 2 / 700), FLUX_BANDS + 2)
    points = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(FLUX_FRAME // 2 + 1)[:, None] * COARSE_RATE / FLUX_FRAME
    rise = (bins - points[:-2]) / (points[1:-1] - points[:-2])
    fall = (points[2:] - bins) / (points[2:] - points[1:-1])
    return np.asarray(np.maximum(0, np.minimum(rise, fall)), np.float64)


def _autocorrelation(onsets: Powers) -> Powers:
    centred = onsets - onsets.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    result = np.fft.irfft(power)[: len(centred)]
    return np.asarray(result / max(result[0], 1e-12))


def _beat_strength(regular: Powers, bpm: float) -> float:
    lags = 60 / bpm * COARSE_RATE / FLUX_HOP * np.arange(1, 5)
    return float(np.interp(lags, np.arange(len(regular)), regular).mean())
