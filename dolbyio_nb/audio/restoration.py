"""Restoration of sound: clicks, hum, plosives, sibilance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dolbyio_nb.audio.filters import filtered, resampled
from dolbyio_nb.audio.sound import (
    Interval,
    Mask,
    Progress,
    Samples,
    Sound,
    collect,
    intervals,
    no_progress,
    tracked,
)
from dolbyio_nb.audio.spectrum import COARSE_RATE, Powers, Spectrum, power_frames, to_decibels

CLICK_FRAME = 512  # samples
CLICK_STANDS_OUT = 15.0
"""A frame is looked at when its sharpest turn is fifteen times the usual one; voices seldom turn so."""
FAINT = 1e-5
MARGIN = 0.1  # seconds on either side: FFmpeg's filter spoils the first 25 ms it is given


def declicked(sound: Sound, threshold: float, progress: Progress = no_progress) -> Sound:
    """The sound mended by FFmpeg's `adeclick` around what may be clicks, and untouched elsewhere."""
    stretches = suspects(sound, progress)
    return collect(_mended(sound, stretches, threshold), sound.rate, sound.channels) if stretches else sound


def suspects(sound: Sound, progress: Progress = no_progress) -> list[Interval]:
    """Where the sound turns far more sharply than just around."""
    sharpness = np.concatenate([_sharpness(block) for block in tracked(sound, progress, CLICK_FRAME * 128)])
    return intervals(
        sharpness > CLICK_STANDS_OUT, CLICK_FRAME / sound.rate, sound.seconds, bridged=2 * MARGIN
    )


def _sharpness(block: Samples) -> Powers:
    turns = np.abs(np.diff(block, 2, axis=0, prepend=block[:1], append=block[-1:]))
    turns = np.pad(turns, ((0, -len(turns) % CLICK_FRAME), (0, 0))).reshape(-1, CLICK_FRAME, block.shape[1])
    return np.asarray((turns.max(axis=1) / (np.median(turns, axis=1) + FAINT)).max(axis=1), np.float64)


def _mended(sound: Sound, stretches: list[Interval], threshold: float) -> Iterator[Samples]:
    position = 0
    for stretch in stretches:
        first, last = round(stretch.start * sound.rate), round(stretch.end * sound.rate)
        yield sound.samples[position:first]
        yield _repair(sound, first, last, threshold)
        position = last
    yield sound.samples[position:]


def _repair(sound: Sound, first: int, last: int, threshold: float) -> Samples:
    margin = round(MARGIN * sound.rate)
    around = sound.samples[max(0, first - margin) : last + margin]
    missing = max(0, margin - first)
    padded = Sound(np.pad(around, ((missing, 0), (0, 0))), sound.rate)
    mended = filtered(padded, ("adeclick", f"threshold={threshold:g}"))
    return mended.samples[margin : margin + last - first]


MAINS = (50, 60)  # Hz
HARMONICS = 8
HUM_FRAME = 16_384  # about a second, a bin about 1 Hz
QUANTILE = 0.05
SHORTEST = 4.0  # seconds: in less there are no pauses to find it in
HUM_STANDS_OUT = 12.0  # dB over the neighbours
FAINTEST = -72.0  # dB
NEAR, AROUND = 1.5, 12.0  # Hz
WIDTH = 0.5  # Hz: a wider notch takes more from the voice than the hum did


def hum_lines(sound: Sound, progress: Progress = no_progress) -> list[int]:
    """The frequencies in Hz of the hum's lines, up to the highest heard; empty where there is no hum."""
    if sound.seconds < SHORTEST:
        return []
    floor = _lasting(resampled(sound, COARSE_RATE), progress)
    best: list[int] = []
    for mains in MAINS:
        found = [number for number in range(1, HARMONICS + 1) if _stands_out(floor, mains * number)]
        if found and found[0] <= 2 and found[-1] > len(best):
            best = [mains * number for number in range(1, found[-1] + 1)]
    return best


def without_lines(sound: Sound, lines: list[int], progress: Progress = no_progress) -> Sound:
    """The sound without the lines and what lies very near them."""
    notches = [("bandreject", f"f={line}:width_type=h:width={WIDTH}:precision=f64") for line in lines]
    return filtered(sound, *notches, progress=progress)


def _lasting(sound: Sound, progress: Progress) -> Powers:
    """What is there in nineteen of twenty seconds, in dB for every bin up to 500 Hz."""
    top = round(500 * HUM_FRAME / COARSE_RATE) + 1
    frames = [block[:, :top] for block in power_frames(sound, HUM_FRAME, HUM_FRAME // 2, progress)]
    return to_decibels(np.quantile(np.concatenate(frames), QUANTILE, axis=0))


def _stands_out(floor: Powers, line: int) -> bool:
    distance = np.abs(np.arange(len(floor)) * COARSE_RATE / HUM_FRAME - line)
    peak = floor[distance <= NEAR].max()
    around = np.median(floor[(distance > 2 * NEAR) & (distance <= AROUND)])
    return bool(peak > FAINTEST and peak > around + HUM_STANDS_OUT)


FADE = 0.015  # seconds from untouched to repaired
POP_UNDER_PROGRAMME = -8.0  # dB relative to the mean level while the voice speaks
POP_OVER_VOICE = 3.0  # dB over the voice's own bands
HISS_UNDER_PROGRAMME = -4.0  # dB relative to the mean level while the voice speaks
HISS_OVER_VOICE = 3.0  # dB over the voice's own bands


def plosives(spectrum: Spectrum, speech: Mask) -> list[Interval]:
    """Where a breath hits the microphone: a low thump near the programme's level."""
    if not speech.any():
        return []
    low, voice = (to_decibels(spectrum.between(*band)) for band in ((40, 130), (200, 2000)))
    loud = low > _programme(spectrum, speech) + POP_UNDER_PROGRAMME
    return _found(spectrum, loud & (low > voice + POP_OVER_VOICE))


def sibilants(spectrum: Spectrum, speech: Mask) -> list[Interval]:
    """Where an s is as loud as the voice itself: high bands near the programme's level."""
    if not speech.any():
        return []
    high, voice = (to_decibels(spectrum.between(*band)) for band in ((4000, 11000), (200, 3000)))
    loud = high > _programme(spectrum, speech) + HISS_UNDER_PROGRAMME
    return _found(spectrum, loud & (high > voice + HISS_OVER_VOICE))


def _programme(spectrum: Spectrum, speech: Mask) -> float:
    return float(to_decibels(spectrum.powers[speech].sum(axis=1).mean()))


def _found(spectrum: Spectrum, mask: Mask) -> list[Interval]:
    seconds = (len(mask) + 1) * spectrum.hop
    found = intervals(mask, spectrum.hop, seconds, bridged=4 * FADE)
    return [Interval(s.start, s.end + spectrum.hop) for s in found]  # a frame is two hops long


def blended(dry: Sound, wet: Sound, stretches: list[Interval], progress: Progress = no_progress) -> Sound:
    """`dry`, and within the stretches `wet`, with short fades between them."""
    return collect(_blend(dry, wet, stretches, progress), dry.rate, dry.channels) if stretches else dry


def _blend(dry: Sound, wet: Sound, stretches: list[Interval], progress: Progress) -> Iterator[Samples]:
    edges = [(s.start - FADE, s.start, s.end, s.end + FADE) for s in stretches]
    times = np.array(edges).ravel()
    amounts = np.tile([0.0, 1.0, 1.0, 0.0], len(edges))
    position = 0
    for block in tracked(dry, progress):
        span = np.arange(position, position + len(block))
        amount = np.interp(span / dry.rate, times, amounts).astype(np.float32)[:, None]
        yield block + amount * (wet.samples[position : position + len(block)] - block)
        wet.release()
        position += len(block)
