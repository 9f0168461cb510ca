"""Noise reduction, noise floor and signal-to-noise ratio (SNR)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dolbyio_nb.audio.sound import Mask, Progress, Samples, Sound, collect, no_progress, widened
from dolbyio_nb.audio.spectrum import TINY, Powers, Spectrum, to_decibels

QUANTILE = 0.1
WINDOW = 6.0  # seconds
"""The noise tracker: in each band the 10 % quantile of six seconds."""
BEST = 6
FOREGROUND_EXCESS = 6.0
"""A frame is foreground when its best six bands stand on average 6 dB above the tracker."""
MARGINS = (0.1, 0.0)
"""Seconds kept away from the foreground: as long as that leaves any pauses, then none."""
FEWEST_PAUSES = 0.3  # seconds of pauses that are enough to measure in
DIGITAL_SILENCE = -100.0  # dB


@dataclass(frozen=True, eq=False)
class NoiseFloor:
    """Mean squares per band, and whether real pauses were there to measure them in."""

    powers: Powers
    in_pauses: bool

    @property
    def level(self) -> float:
        """dB relative to full scale."""
        return float(to_decibels(self.powers.sum()))


Tracked = tuple[Samples, Powers]


def tracker(spectrum: Spectrum, frames: Callable[[Spectrum, int, int], Samples]) -> Iterator[Tracked]:
    """Second by second the frames, and the noise floor of all that are near them, shape (bands,)."""
    half, step = round(WINDOW / 2 / spectrum.hop), max(1, round(1 / spectrum.hop))
    for first in range(0, len(spectrum), step):
        start, middle = max(0, first + step // 2 - half), first + step // 2
        around = frames(spectrum, start, min(len(spectrum), middle + half))
        yield around[first - start : first - start + step], np.quantile(around, QUANTILE, axis=0)


def lowest_levels(spectrum: Spectrum) -> Powers:
    """Mean square of the tracker's noise floor around every frame."""
    return np.concatenate([np.full(len(each), floor.sum()) for each, floor in tracker(spectrum, plain)])


def foreground(spectrum: Spectrum) -> Mask:
    """Where something stands out of the noise: in a recording of one voice, where it speaks."""
    speech_bands = (spectrum.centres > 100) & (spectrum.centres < 8000)
    found = (_excess(*each)[:, speech_bands] for each in tracker(spectrum, smoothed))
    best = np.concatenate([np.sort(excess, axis=1)[:, -BEST:].mean(axis=1) for excess in found])
    return np.asarray((best > FOREGROUND_EXCESS) & (spectrum.levels > DIGITAL_SILENCE))


def _excess(frames: Samples, floor: Powers) -> Powers:
    return to_decibels(frames) - np.maximum(to_decibels(floor), DIGITAL_SILENCE)


def plain(spectrum: Spectrum, first: int, last: int) -> Samples:
    """Frames as they are."""
    return spectrum.frames_at(np.arange(first, last))


def smoothed(spectrum: Spectrum, first: int, last: int) -> Samples:
    """Each frame with its two neighbours: the chance ups of pure noise do not stand out then."""
    wide = plain(spectrum, first - 1, last + 1)
    return np.asarray((wide[:-2] + wide[1:-1] + wide[2:]) / 3)


def measure_noise(spectrum: Spectrum, busy: Mask) -> NoiseFloor:
    """The median of every band over the pauses; where there are none, the tracker's lowest."""
    audible = spectrum.levels > DIGITAL_SILENCE
    for margin in MARGINS:
        quiet = audible & ~widened(busy, round(margin / spectrum.hop))
        if quiet.sum() * spectrum.hop >= FEWEST_PAUSES:
            return NoiseFloor(_quantile(spectrum, quiet, 0.5), True)
    return NoiseFloor(_quantile(spectrum, np.ones(len(spectrum), bool), QUANTILE / 2), False)


def _quantile(spectrum: Spectrum, mask: Mask, share: float) -> Powers:
    return np.asarray(np.quantile(spectrum.some(mask), share, axis=0), np.float64)


def signal_to_noise(spectrum: Spectrum, busy: Mask, noise: NoiseFloor) -> float:
    """How far the foreground stands over the noise, in dB; 0 where there is no foreground."""
    if not busy.any():
        return 0.0
    foreground_power = spectrum.totals[busy].mean() - noise.powers.sum()
    return max(0.0, float(to_decibels(foreground_power)) - noise.level)


HOP, OVERLAP = 0.008, 4
"""Seconds from frame to frame, and how many lie over each other: frames of 32 ms suit a voice best; 16 ms
and 48 ms cost 0.2 dB of SI-SDR."""
SQUARED = 1.5  # what four squared Hann windows add up to
AROUND = 5
HEARD_EXCESS = 2.0
"""What is heard is averaged over five frames and five frequencies; what is over twice the noise
counts as sound. With less, chance ups of the noise pass and twinkle in the pauses; with more, soft sounds
go."""
PIECE = 256  # frames worked on at a time


def denoised(
    sound: Sound, spectrum: Spectrum, noise: NoiseFloor, reduction: float, progress: Progress = no_progress
) -> Sound:
    """The sound with its noise up to `reduction` dB lower."""
    hop = round(HOP * sound.rate)
    density = noise.powers / spectrum.widths * sound.rate / 2
    frequencies = np.fft.rfftfreq(OVERLAP * hop, 1 / sound.rate)
    powers = np.maximum(np.interp(frequencies, spectrum.centres, density), TINY)
    blocks = _denoised_pieces(sound, powers, 10 ** (-reduction / 20), progress)
    return collect(blocks, sound.rate, sound.channels)


def _denoised_pieces(sound: Sound, noise: Powers, floor: float, progress: Progress) -> Iterator[Samples]:
    """Piece by piece, each with so much before and after it that no seam is left."""
    hop = round(HOP * sound.rate)
    step, margin = PIECE * hop, 2 * OVERLAP * hop
    for first in range(0, sound.frames, step):
        last = min(first + step, sound.frames)
        piece = sound.samples[max(0, first - margin) : last + margin]
        before = margin - min(first, margin)
        after = margin + step + margin - before - len(piece)
        padded = np.pad(piece, ((before, after), (0, 0)))
        clean = [_without(channel, noise, floor) for channel in padded.T]
        yield np.stack(clean, axis=1)[margin : margin + last - first].astype(np.float32)
        sound.release()
        progress(last / sound.frames)


def _without(samples: Samples, noise: Powers, floor: float) -> Powers:
    """One channel of a piece; `noise` is the mean square of the white noise that is as dense, per bin."""
    size = 2 * (len(noise) - 1)
    window = np.hanning(size + 1)[:-1]
    tones = np.fft.rfft(sliding_window_view(samples, size)[:: size // OVERLAP] * window)
    excess = np.abs(tones) ** 2 / (noise * (window**2).sum())
    tones *= np.maximum(_gains(excess), floor)
    return _overlapped(np.fft.irfft(tones) * window) / SQUARED


def _gains(heard: Powers) -> Powers:
    """Wiener's gain, twice: a first one from what is around, then one from what the first has let through.

    `heard` is power over the noise's, shape (frames, frequencies).
    """
    first = _wiener(np.maximum(_around(heard) - HEARD_EXCESS, 0))
    return _wiener(first**2 * heard)


def _wiener(ratio: Powers) -> Powers:
    return np.asarray(ratio / (1 + ratio))


def _around(powers: Powers) -> Powers:
    """Each value averaged with its neighbours of both axes; beyond an edge stands the edge itself."""
    frames, bins = powers.shape
    wide = np.pad(powers, AROUND // 2, mode="edge")
    rows = reduce(np.add, (wide[first : first + frames] for first in range(AROUND)))
    both = reduce(np.add, (rows[:, first : first + bins] for first in range(AROUND)))
    return np.asarray(both / AROUND**2)


def _overlapped(frames: Powers) -> Powers:
    """The frames added up where they lie over each other."""
    count, hop = len(frames), frames.shape[1] // OVERLAP
    total = np.zeros((count + OVERLAP - 1) * hop)
    for part in range(OVERLAP):
        shifted = frames[:, part * hop : (part + 1) * hop]
        total[part * hop : (part + count) * hop] += shifted.ravel()
    return total
