"""Hum from the mains, found and taken out: the lines of 50 or 60 Hz that stay when everything else pauses."""

from __future__ import annotations

import numpy as np

from .filters import filtered, resampled
from .progress import Tell, silent
from .sound import Sound
from .spectrum import COARSE_RATE, Powers, power_frames, to_decibels

MAINS = (50, 60)  # Hz
HARMONICS = 8
FRAME = 16_384  # about a second, a bin about 1 Hz
QUANTILE = 0.05
SHORTEST = 4.0  # seconds: in less there are no pauses to find it in
STANDS_OUT = 12.0  # dB over the neighbours
FAINTEST = -72.0  # dB
NEAR, AROUND = 1.5, 12.0  # Hz
WIDTH = 0.5  # Hz: a wider notch takes more from the voice than the hum did


def hum_lines(sound: Sound, tell: Tell = silent) -> list[int]:
    """The frequencies in Hz of the hum's lines, up to the highest heard; empty where there is no hum."""
    if sound.seconds < SHORTEST:
        return []
    floor = _lasting(resampled(sound, COARSE_RATE), tell)
    best: list[int] = []
    for mains in MAINS:
        found = [number for number in range(1, HARMONICS + 1) if _stands_out(floor, mains * number)]
        if found and found[0] <= 2 and found[-1] > len(best):
            best = [mains * number for number in range(1, found[-1] + 1)]
    return best


def without_lines(sound: Sound, lines: list[int], tell: Tell = silent) -> Sound:
    """The sound without the lines and what lies very near them."""
    notches = [("bandreject", f"f={line}:width_type=h:width={WIDTH}:precision=f64") for line in lines]
    return filtered(sound, *notches, tell=tell)


def _lasting(sound: Sound, tell: Tell) -> Powers:
    """What is there in nineteen of twenty seconds, in dB for every bin up to 500 Hz."""
    top = round(500 * FRAME / COARSE_RATE) + 1
    frames = [block[:, :top] for block in power_frames(sound, FRAME, FRAME // 2, tell)]
    return to_decibels(np.quantile(np.concatenate(frames), QUANTILE, axis=0))


def _stands_out(floor: Powers, line: int) -> bool:
    distance = np.abs(np.arange(len(floor)) * COARSE_RATE / FRAME - line)
    peak = floor[distance <= NEAR].max()
    around = np.median(floor[(distance > 2 * NEAR) & (distance <= AROUND)])
    return bool(peak > FAINTEST and peak > around + STANDS_OUT)
