"""How well tempo and key are found: `python benchmarks/songs.py`, on songs of drums, bass and chords."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from dolbyio_nb.audio.music import NAMES, key, tempo
from dolbyio_nb.audio.sound import Sound

RATE, SECONDS = 16_000, 20
BPM = range(50, 201, 10)
CHORDS = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}
STYLES: dict[str, tuple[int, tuple[float, ...], tuple[float, ...], float]] = {
    "rock": (4, (0, 2), (1, 3), 0.5),
    "rock, busy kick": (4, (0, 1.5, 2), (1, 3), 0.5),
    "house": (4, (0, 1, 2, 3), (1, 3), 0.5),
    "sixteenths": (4, (0, 2.5), (1, 3), 0.25),
    "waltz": (3, (0,), (1, 2), 1.0),
    "half time": (4, (0,), (2,), 1.0),
}
"""Beats in a bar, where kick and snare are, and from hi-hat to hi-hat."""


def tone(frequency: float, seconds: float, decay: float, harmonics: int = 6) -> Any:
    time = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * frequency * n * time) / n**1.5 for n in range(1, harmonics + 1))
    return wave * np.exp(-time / decay) * np.minimum(1, time / 0.004)


def drum(name: str, random: Any) -> Any:
    time = np.arange(RATE // 4) / RATE
    noise = random.normal(size=len(time))
    return {
        "kick": np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-time / 0.02)))) * np.exp(-time / 0.08),
        "snare": 0.6 * noise * np.exp(-time / 0.05)
        + 0.4 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.06),
        "hat": 0.2 * np.diff(noise, prepend=0) * np.exp(-time / 0.015),
    }[name]


def song(bpm: float, tonic: int, mode: str, style: str, seed: int = 1) -> Sound:
    """A song with four chords and a beat; it begins anywhere in the bar, and nobody plays quite evenly."""
    random, (beats, kicks, snares, hat) = np.random.default_rng(seed), STYLES[style]
    made, beat = np.zeros((SECONDS + 8) * RATE), 60 / bpm
    for bar in range(int(SECONDS / beat / beats) + 1):
        start, chord = bar * beats * beat, CHORDS[mode][bar % 4]
        for note in chord:
            add(
                made, start, 0.12 * tone(220 * 2 ** ((tonic - 9 + note) / 12), beats * beat, beats * beat / 2)
            )
        for number in range(beats):
            add(
                made,
                start + number * beat,
                0.2 * tone(110 * 2 ** ((tonic - 9 + chord[0]) / 12), beat, beat / 3),
            )
        hats = np.arange(0, beats, hat)
        for name, places in (("kick", kicks), ("snare", snares), ("hat", hats)):
            for place in places:
                late = random.normal(0, 0.004)
                add(made, max(0, start + place * beat + late), random.uniform(0.4, 0.6) * drum(name, random))
    first = random.integers(0, round(beats * beat * RATE))
    cut = made[first : first + SECONDS * RATE]
    return Sound((0.5 * cut / np.abs(cut).max()).astype(np.float32)[:, None], RATE)


def add(made: Any, seconds: float, wave: Any) -> None:
    start = round(seconds * RATE)
    wave = wave[: max(0, len(made) - start)]
    made[start : start + len(wave)] += wave


def finders() -> dict[str, Callable[[Sound], float | None]]:
    """What finds a tempo: ours, and librosa's beat tracker where that is installed."""
    try:
        import librosa
    except ImportError:
        return {"ours": tempo}
    track = librosa.beat.beat_track
    return {"ours": tempo, "librosa": lambda sound: float(track(y=sound.samples[:, 0], sr=sound.rate)[0][0])}


CLOSE = 0.04
"""Of the tempo: nearer than this is right, as in Gouyon et al. 2006."""


def tempos() -> None:
    for name, find in finders().items():
        print(f"\n| {name} |", " | ".join(map(str, BPM)), "|\n|", " | ".join(["---"] * (1 + len(BPM))), "|")
        right = octave = 0
        for style in STYLES:
            found = [find(song(bpm, 7, "major", style, bpm)) for bpm in BPM]
            ratios = [each / bpm if each else 0 for each, bpm in zip(found, BPM, strict=True)]
            right += sum(abs(ratio - 1) < CLOSE for ratio in ratios)
            octave += sum(min(abs(ratio / 2 - 1), abs(ratio * 2 - 1)) < CLOSE for ratio in ratios)
            print(
                f"| {style} |", " | ".join(f"{each:.0f}" if each else "-" for each in found), "|", flush=True
            )
        print(f"\n{name}: right {right}, an octave off {octave}, of {len(STYLES) * len(BPM)}")


def keys() -> None:
    names = list(product(range(12), CHORDS))
    found = [key(song(90 + 3 * tonic, tonic, mode, "rock", tonic)) for tonic, mode in names]
    wrong = {
        f"{NAMES[tonic]} {mode}": each
        for (tonic, mode), each in zip(names, found, strict=True)
        if each != f"{NAMES[tonic]} {mode}"
    }
    print(f"\nkeys right: {24 - len(wrong)} of 24; wrong: {wrong}")


if __name__ == "__main__":
    tempos()
    keys()
