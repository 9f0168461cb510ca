"""Restoration of sound: clicks, hum, plosives, sibilance; and clipping, altered since or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dolbyio_nb.audio.filters import Filter, filtered, resampled
from dolbyio_nb.audio.loudness import sample_peaks
from dolbyio_nb.audio.sound import (
    BLOCK,
    Interval,
    Mask,
    Progress,
    Samples,
    Sound,
    collect,
    intervals,
    no_progress,
    runs,
    stage,
    stages,
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
        yield from Sound(sound.samples[position:first], sound.rate).blocks(BLOCK)
        yield _repair(sound, first, last, threshold)
        position = last
    yield from Sound(sound.samples[position:], sound.rate).blocks(BLOCK)


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
HUM_FRAMES = 2_000  # are enough, however long the sound is
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


def notches(lines: list[int]) -> list[Filter]:
    """What takes the lines away, and what lies very near them."""
    return [("bandreject", f"f={line}:width_type=h:width={WIDTH}:precision=f64") for line in lines]


def _lasting(sound: Sound, progress: Progress) -> Powers:
    """What is there in nineteen of twenty seconds, in dB for every bin up to 500 Hz."""
    top = round(500 * HUM_FRAME / COARSE_RATE) + 1
    hop = max(HUM_FRAME // 2, sound.frames // HUM_FRAMES)
    frames = [block[:, :top].astype(np.float32) for block in power_frames(sound, HUM_FRAME, hop, progress)]
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
    return float(to_decibels(spectrum.totals[speech].mean()))


def _found(spectrum: Spectrum, mask: Mask) -> list[Interval]:
    seconds = (len(mask) + 1) * spectrum.hop
    found = intervals(mask, spectrum.hop, seconds, bridged=4 * FADE)
    return [Interval(s.start, s.end + spectrum.hop) for s in found]  # a frame is two hops long


def blended(dry: Sound, wet: Iterator[Samples], stretches: list[Interval]) -> Sound:
    """`dry`, and within the stretches the blocks of `wet`, with short fades between them."""
    return collect(_blend(dry, wet, stretches), dry.rate, dry.channels)


def _blend(dry: Sound, wet: Iterator[Samples], stretches: list[Interval]) -> Iterator[Samples]:
    edges = [(s.start - FADE, s.start, s.end, s.end + FADE) for s in stretches]
    times = np.array(edges).ravel()
    amounts = np.tile([0.0, 1.0, 1.0, 0.0], len(edges))
    position = 0
    for repaired in wet:
        span = np.arange(position, position + len(repaired))
        amount = np.interp(span / dry.rate, times, amounts).astype(np.float32)[:, None]
        block = dry.samples[position : position + len(repaired)]
        yield block + amount * (repaired - block)
        position += len(repaired)


TOP, BELOW = 0.998, 0.994
CROWDED = 3
"""Clipped sound crowds at its extreme: the top 0.2 % of the range must hold three times as many samples
as the 0.4 % below it. Music and voices that merely reach their peak do not."""
RUN = 3  # samples at the extreme, one after another
IN_RUNS = 0.2
"""Of the samples at the extreme, how many must stand in runs: a limiter crowds them there too, but one by
one. Of the voice's at 16 kHz, 30 dB of limiting left 5 % in runs, 4 dB of clipping 38 %."""
FAINTEST_PEAK = 0.01  # a sound whose peak is under -40 dB is not looked at
BRIDGED = 0.05  # seconds: closer faults are heard as one


def clipped(sound: Sound, progress: Progress = no_progress) -> list[Interval]:
    """The stretches with flat tops in any channel: at the extreme as clipping leaves them, or worn since.

    The extreme is the channel's own, so a change of level hides nothing.
    """
    found: list[Interval] = []
    for number, share in enumerate(stages(progress, sound.channels)):
        channel = Sound(sound.samples[:, number : number + 1], sound.rate)
        found += _flat_tops(channel, share)
    return _merged(found)


def _flat_tops(channel: Sound, progress: Progress) -> list[Interval]:
    peak = float(sample_peaks(channel).max())
    if peak <= FAINTEST_PEAK:
        return []
    at_extreme = _at_extreme(channel, peak, stage(progress, 0, 0.5))
    return at_extreme + altered_clipping(channel, peak, stage(progress, 0.5, 1))


def _at_extreme(channel: Sound, peak: float, progress: Progress) -> list[Interval]:
    found: list[tuple[int, int]] = []
    top = below = position = 0
    for block in tracked(channel, progress):
        size = np.abs(block)
        top += int((size > TOP * peak).sum())
        below += int(((size > BELOW * peak) & (size <= TOP * peak)).sum())
        found += [(position + first, position + last) for first, last in _runs(block[:, 0] / peak)]
        position += len(block)
    in_runs = sum(last - first for first, last in found)
    if top <= CROWDED * below or in_runs < IN_RUNS * top:
        return []
    return [Interval(first / channel.rate, last / channel.rate) for first, last in found]


def _runs(samples: Samples) -> Iterator[tuple[int, int]]:
    for extreme in (samples > TOP, samples < -TOP):
        yield from (run for run in runs(extreme) if run[1] - run[0] >= RUN)


def _merged(found: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for section in sorted(found, key=lambda section: section.start):
        if merged and section.start - merged[-1].end <= BRIDGED:
            last = merged.pop()
            section = Interval(last.start, max(last.end, section.end))
        merged.append(section)
    return merged


HIGH = 0.75
"""Of the peak: tops over it are looked at. A high-pass moves flat tops up and down by some dB."""
STILL, CORNER = 0.002, 0.02
"""Of the peak, from sample to sample: a top is flat where it stays still and then falls off sharply, ten
times as fast or more. A round top does not, however low its tone."""
STEPS = 3  # still ones, one after another
SHARE, FEWEST = 0.01, 4
"""How many of the tops must be flat. Of the voice's and the music's own, as they are, coded, or limited by
up to 30 dB, 7 in 10,000 were at most; of those clipped by 6 dB and enhanced, 300 or more."""


def altered_clipping(channel: Sound, peak: float, progress: Progress = no_progress) -> list[Interval]:
    """The flat tops, if there are many of them, of a sound of one channel with that peak.

    Noise that was added later hides them, and so may a codec. Eight bits make steps of their own, which
    may be taken for them.
    """
    found: list[Interval] = []
    tops = position = 0
    for block in tracked(channel, progress):
        samples = block[:, 0] / peak
        tops += _count(np.abs(samples))
        for first, last in _flat(samples):
            found.append(Interval((position + first) / channel.rate, (position + last) / channel.rate))
        position += len(block)
    return found if len(found) >= max(FEWEST, SHARE * tops) else []


def _count(size: Samples) -> int:
    middle = size[1:-1]
    return int(((middle > HIGH) & (middle > size[:-2]) & (middle >= size[2:])).sum())


def _flat(samples: Samples) -> Iterator[tuple[int, int]]:
    """First sample and the one after the last of every flat top."""
    size = np.abs(samples)
    still = (np.abs(np.diff(samples)) < STILL) & (size[1:] > HIGH) & (size[:-1] > HIGH)
    for first, last in runs(still):
        if last - first >= STEPS and _sharp(size[max(0, first - 1) : last + 2]):
            yield first, last + 1


def _sharp(size: Samples) -> bool:
    rise, fall = size[1] - size[0], size[-2] - size[-1]
    return bool(min(rise, fall) > 0 and max(rise, fall) > CORNER)
