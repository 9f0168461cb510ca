"""Music detection, tempo and key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.sound import Interval, Progress, Sound, intervals, no_progress
from dolbyio_nb.audio.spectrum import COARSE_RATE, TINY, Powers, power_frames, to_decibels

WINDOW = 3.0  # seconds judged together
STEADY = 0.36
"""Share of the tonal power that is still at the same frequency 128 ms later. Notes are held, voices glide:
seen were 0.05 to 0.22 for speech, with and without noise, and 0.5 to 0.9 for music. A rule of ours."""
TONES = (100.0, 2000.0)  # Hz
TONE_FRAME, TONE_HOP, LATER = 2048, 512, 4
PEAK_OVER_MEDIAN = 10.0
FAINT = -60.0  # dB: nothing under it is called music


def music_sections(
    coarse: Sound, speech: Sequence[Interval] = (), progress: Progress = no_progress
) -> list[Interval]:
    """Stretches, in windows of three seconds, in which tones are held and nobody speaks."""
    steady = np.array([_is_music(window) for window in _windows(_tone_powers(coarse, progress))])
    spoken = np.array([_spoken(speech, number * WINDOW) for number in range(len(steady))])
    return intervals(steady & (spoken < MOSTLY), WINDOW, coarse.seconds, bridged=1e-6)


MOSTLY = 0.5  # of a window


def _spoken(speech: Sequence[Interval], start: float) -> float:
    """How much of the window is speech."""
    return sum(max(0.0, min(s.end, start + WINDOW) - max(s.start, start)) for s in speech) / WINDOW


def _tone_powers(sound: Sound, progress: Progress) -> Iterator[Powers]:
    low, high = (round(edge * TONE_FRAME / COARSE_RATE) for edge in TONES)
    frames = power_frames(sound, TONE_FRAME, TONE_HOP, progress)
    return (block[:, low:high] for block in frames)


def _windows(tones: Iterable[Powers]) -> Iterator[Powers]:
    """Each with so many frames of the next that its last tones are seen to go on."""
    size = round(WINDOW * COARSE_RATE / TONE_HOP)
    held: Powers = np.zeros((0, 0))
    for block in tones:
        held = np.concatenate([held, block]) if len(held) else block
        while len(held) > size + LATER:
            yield held[: size + LATER]
            held = held[size:]
    yield held


def _is_music(tones: Powers) -> bool:
    changing = np.maximum(tones - STANDING * np.quantile(tones, STANDING_QUANTILE, axis=0), 0)
    level, before = (float(to_decibels(each.sum(axis=1).mean())) for each in (changing, tones))
    return level > max(FAINT, before - UNDER) and _steadiness(changing) > STEADY


STANDING, STANDING_QUANTILE = 2.0, 0.1
"""Twice the power that a tone has in nine of ten moments is taken off: hum stands, notes change."""
UNDER = 10.0  # dB: what is left after that must be no small part


def _steadiness(tones: Powers) -> float:
    middle = tones[:, 1:-1]
    strong = (middle > PEAK_OVER_MEDIAN * np.median(tones, axis=1, keepdims=True)) & (middle > 0)
    peaks = strong & (middle > tones[:, :-2]) & (middle > tones[:, 2:])
    weights = np.sqrt(middle) * peaks
    now, later = weights[:-LATER], peaks[LATER:]
    return float((now * later).sum() / max(now.sum(), 1e-12))


BEATS = np.arange(40.0, 220.0, 0.25)  # per minute
LIKELY, OCTAVES = 95.0, 1.0
"""The middle of what is taken for a beat, per minute, and how many octaves from it others are likely."""
FLUX_FRAME, FLUX_HOP, FLUX_BANDS = 512, 128, 40
FINE = 1 << 17
"""Points of the spectrum of the onsets at least: a twentieth of a beat a minute apart."""


def tempo(sound: Sound, progress: Progress = no_progress) -> float | None:
    """Beats a minute from how regularly new sound sets in; None where nothing is regular.

    May be off by a factor of two, as people's tapping is.
    """
    onsets = _onsets(resampled(sound, COARSE_RATE), progress)
    if len(onsets) < 4 * COARSE_RATE // FLUX_HOP or not onsets.any():
        return None
    regular = _autocorrelation(onsets)
    again = np.array([_beat_strength(regular, bpm) for bpm in BEATS])
    prior = np.exp(-0.5 * (np.log2(BEATS / LIKELY) / OCTAVES) ** 2)
    scores = np.maximum(again, TINY) * np.sqrt(_pulse(onsets)) * prior
    return float(BEATS[int(np.argmax(scores))])


def _pulse(onsets: Powers) -> Powers:
    """How strong the waves of each tempo and of its double are in the onsets.

    Sound comes again also after two beats, and pulses also twice a beat: both together tell the beat.
    """
    size = max(FINE, 2 * len(onsets))
    wave = np.abs(np.fft.rfft(np.hanning(len(onsets)) * (onsets - onsets.mean()), size))
    frequencies = np.arange(len(wave)) * COARSE_RATE / FLUX_HOP / size
    return np.asarray(sum(np.interp(n * BEATS / 60, frequencies, wave) for n in (1, 2)), np.float64)


def _onsets(sound: Sound, progress: Progress) -> Powers:
    weights = _mel_weights()
    frames = power_frames(sound, FLUX_FRAME, FLUX_HOP, progress)
    flux = np.concatenate(list(_flux(np.log10(block @ weights + 1e-8) for block in frames)))
    return np.asarray(np.maximum(0, flux - np.convolve(flux, np.ones(65) / 65, mode="same")))


def _flux(levels: Iterable[Powers]) -> Iterator[Powers]:
    """How much louder each frame is than the one before it, over all bands."""
    last: Powers = np.zeros((0, FLUX_BANDS))
    for block in levels:
        yield np.maximum(0, np.diff(np.concatenate([last, block]), axis=0)).sum(axis=1)
        last = block[-1:]


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


NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MAJOR = np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0])
MINOR = np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0])
"""How well each of the twelve tones fits a key: Temperley's profiles (1999)."""
KEY_FRAME, KEY_HOP = 4096, 2048


def key(sound: Sound, progress: Progress = no_progress) -> str | None:
    """The key whose profile the sounding tones fit best, such as "D major"; None where no tones sound.

    How well it fits tells nothing: that was the same for right and for wrong ones.
    """
    chroma = _chroma(power_frames(resampled(sound, COARSE_RATE), KEY_FRAME, KEY_HOP, progress))
    if not chroma.std() > 0:
        return None
    fits = {
        f"{NAMES[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for tonic in range(12)
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
    }
    return max(fits, key=lambda name: fits[name])


def _chroma(blocks: Iterable[Powers]) -> Powers:
    chroma = np.zeros(12)
    for block in blocks:
        inner = block[:, 1:-1]
        peaks = (inner > block[:, :-2]) & (inner > block[:, 2:])
        frequencies = np.arange(1, block.shape[1] - 1) * COARSE_RATE / KEY_FRAME
        usable = (frequencies > 55) & (frequencies < 2000)
        strength = (np.sqrt(inner) * peaks).sum(axis=0)[usable]
        notes = np.round(69 + 12 * np.log2(frequencies[usable] / 440)).astype(int) % 12
        np.add.at(chroma, notes, strength)
    return chroma
