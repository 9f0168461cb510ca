"""Noise taken away pitch by pitch, wherever no more is heard than was measured in the pauses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .noise import Noise
from .progress import Tell, silent
from .sound import Samples, Sound, collect
from .spectrum import TINY, Powers, Spectrum

HOP, OVERLAP = 0.008, 4
"""Seconds from frame to frame, and how many lie over each other: frames of 32 ms suit a voice best; 16 ms
and 48 ms cost 0.2 dB of SI-SDR."""

SQUARED = 1.5  # what four squared Hann windows add up to

AROUND = 5
EXCESS = 2.0
"""What is heard is averaged over five frames and five pitches; what is over twice the noise counts as sound.
With less, chance ups of the noise pass and twinkle in the pauses; with more, soft sounds go."""

PIECE = 256  # frames worked on at a time


def denoised(sound: Sound, spectrum: Spectrum, noise: Noise, reduction: float, tell: Tell = silent) -> Sound:
    """The sound with its noise up to `reduction` dB lower."""
    hop = round(HOP * sound.rate)
    density = noise.powers / spectrum.widths * sound.rate / 2
    pitches = np.fft.rfftfreq(OVERLAP * hop, 1 / sound.rate)
    powers = np.maximum(np.interp(pitches, spectrum.centres, density), TINY)
    blocks = _cleaned(sound, powers, 10 ** (-reduction / 20), tell)
    return collect(blocks, sound.rate, sound.channels)


def _cleaned(sound: Sound, noise: Powers, floor: float, tell: Tell) -> Iterator[Samples]:
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
        tell(last / sound.frames)


def _without(samples: Samples, noise: Powers, floor: float) -> Powers:
    """One channel of a piece; `noise` is the mean square of the white noise that is as dense, per pitch."""
    size = 2 * (len(noise) - 1)
    window = np.hanning(size + 1)[:-1]
    tones = np.fft.rfft(sliding_window_view(samples, size)[:: size // OVERLAP] * window)
    excess = np.abs(tones) ** 2 / (noise * (window**2).sum())
    tones *= np.maximum(_gains(excess), floor)
    return _overlapped(np.fft.irfft(tones) * window) / SQUARED


def _gains(heard: Powers) -> Powers:
    """Wiener's gain, twice: a first one from what is around, then one from what the first has let through.

    `heard` is power over the noise's, shape (frames, pitches).
    """
    first = _wiener(np.maximum(_around(heard) - EXCESS, 0))
    return _wiener(first**2 * heard)


def _wiener(ratio: Powers) -> Powers:
    return np.asarray(ratio / (1 + ratio))


def _around(powers: Powers) -> Powers:
    for axis in (0, 1):
        edges = [(0, 0), (0, 0)]
        edges[axis] = (AROUND // 2, AROUND // 2)
        powers = sliding_window_view(np.pad(powers, edges, mode="edge"), AROUND, axis).mean(axis=-1)
    return powers


def _overlapped(frames: Powers) -> Powers:
    """The frames added up where they lie over each other."""
    count, hop = len(frames), frames.shape[1] // OVERLAP
    total = np.zeros((count + OVERLAP - 1) * hop)
    for part in range(OVERLAP):
        shifted = frames[:, part * hop : (part + 1) * hop]
        total[part * hop : (part + count) * hop] += shifted.ravel()
    return total
