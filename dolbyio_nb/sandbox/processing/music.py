"""Where there is music: a guess from how its tones are held."""

from __future__ import annotations

import numpy as np

from .filters import resampled
from .progress import Tell, part, silent
from .sections import Mask, Section, sections
from .sound import Sound
from .spectrum import COARSE_RATE, Powers, power_frames, to_decibels

WINDOW = 3.0  # seconds judged together
STEADY = 0.36
"""Share of the tonal power that is still at the same pitch 128 ms later. Notes are held, voices glide:
seen were 0.05 to 0.22 for speech, with and without noise, and 0.5 to 0.9 for music. A rule of ours."""

TONES = (100.0, 2000.0)  # Hz
TONE_FRAME, TONE_HOP, LATER = 2048, 512, 4
PEAK_OVER_MEDIAN = 10.0
FAINT = -60.0  # dB: nothing under it is called music


def music_sections(sound: Sound, tell: Tell = silent) -> list[Section]:
    """Stretches in which tones are held, found in windows of three seconds."""
    coarse = resampled(sound, COARSE_RATE, part(tell, 0, 0.3))
    tones = _tone_powers(coarse, part(tell, 0.3, 1))
    seconds = coarse.seconds
    return sections(_steady(tones), WINDOW, seconds, bridged=1e-6)


def _tone_powers(sound: Sound, tell: Tell) -> Powers:
    low, high = (round(edge * TONE_FRAME / COARSE_RATE) for edge in TONES)
    frames = power_frames(sound, TONE_FRAME, TONE_HOP, tell)
    return np.concatenate([block[:, low:high].astype(np.float32) for block in frames])


def _steady(tones: Powers) -> Mask:
    size = round(WINDOW * COARSE_RATE / TONE_HOP)
    windows = [tones[start : start + size + LATER] for start in range(0, max(1, len(tones) - LATER), size)]
    return np.array([_steadiness(w) > STEADY and to_decibels(w.sum(1).mean()) > FAINT for w in windows])


def _steadiness(tones: Powers) -> float:
    middle = tones[:, 1:-1]
    strong = middle > PEAK_OVER_MEDIAN * np.median(tones, axis=1, keepdims=True)
    peaks = strong & (middle > tones[:, :-2]) & (middle > tones[:, 2:])
    weights = np.sqrt(middle) * peaks
    now, later = weights[:-LATER], peaks[LATER:]
    return float((now * later).sum() / max(now.sum(), 1e-12))
