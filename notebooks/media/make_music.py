"""Make `music.flac`: half a minute of gentle music whose key, tempo and level are known.

Run `python notebooks/media/make_music.py`; it needs NumPy and PyAV (the `sandbox` extra).
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE = 32_000
TEMPO = 96  # beats a minute
KEY = "D major"
LEVEL = -20.0  # RMS of both channels together, dB relative to full scale

BEAT = 60 / TEMPO
BARS = 12
CHORDS = [
    (50, 54, 57, 61),
    (47, 54, 57, 62),
    (43, 50, 59, 62),
    (45, 52, 55, 61),
]  # Dmaj7 Bm7 G A7, as MIDI notes
TUNE = [74, None, 78, 76, 74, None, 69, 71, 74, None, 71, 69, 67, 69, 71, 73]  # one note every half beat
LAST_CHORD = (38, 50, 54, 57, 62, 66)


def tone(note: float, seconds: float, harmonics: tuple[float, ...], decay: float) -> np.ndarray:
    """A plucked note: harmonics that fade, the higher the faster, with a soft start and end."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 440 * 2 ** ((note - 69) / 12)
    sound = sum(
        level * np.sin(2 * np.pi * pitch * n * time) * np.exp(-time * decay * n)
        for n, level in enumerate(harmonics, 1)
    )
    return sound * np.minimum(1, np.minimum(time, time[::-1]) / 0.006)


def kick() -> np.ndarray:
    time = np.arange(round(0.25 * RATE)) / RATE
    return np.sin(2 * np.pi * (50 * time + 3 * (1 - np.exp(-time * 40)))) * np.exp(-time * 16)


def hat(random: np.random.Generator) -> np.ndarray:
    time = np.arange(round(0.06 * RATE)) / RATE
    return np.diff(random.normal(size=len(time) + 1)) * np.exp(-time * 90)


class Mixer:
    """Two channels to which sounds are added at a beat, at a level, between left (-1) and right (1)."""

    def __init__(self, beats: float) -> None:
        self.channels = np.zeros((round(beats * BEAT * RATE), 2))

    def add(self, sound: np.ndarray, beat: float, level: float, pan: float = 0.0) -> None:
        start = round(beat * BEAT * RATE)
        sound = sound[: len(self.channels) - start, None]
        sides = np.cos(np.pi / 4 * np.array([1 + pan, 1 - pan]))
        self.channels[start : start + len(sound)] += level * sound * sides


def compose() -> np.ndarray:
    """Chords, bass and drums for twelve bars, a tune from the fifth bar on, and a last chord."""
    random = np.random.default_rng(96)
    mixer = Mixer(BARS * 4 + 4)
    for bar in range(BARS):
        rhythm(mixer, bar, random)
        chords(mixer, bar)
        if bar >= 4:
            tune(mixer, bar)
    for index, note in enumerate(LAST_CHORD):
        mixer.add(tone(note, BEAT * 4, (1, 0.4, 0.15), 1.2), BARS * 4 + index * 0.04, 0.16, index / 4 - 0.6)
    return mixer.channels


def rhythm(mixer: Mixer, bar: int, random: np.random.Generator) -> None:
    for beat in range(4):
        mixer.add(kick(), bar * 4 + beat, 0.5 if beat % 2 == 0 else 0.25)
        mixer.add(hat(random), bar * 4 + beat + 0.5, 0.03, 0.3)


def chords(mixer: Mixer, bar: int) -> None:
    root, *upper = CHORDS[bar % 4]
    for beat in (0, 1.5, 3):
        mixer.add(tone(root - 12, BEAT * 1.4, (1, 0.5, 0.2), 2.5), bar * 4 + beat, 0.32)
    for index, note in enumerate(upper):
        for beat in (0, 2):
            mixer.add(tone(note, BEAT * 2, (1, 0.35, 0.12), 1.6), bar * 4 + beat, 0.13, index / 2 - 0.5)


def tune(mixer: Mixer, bar: int) -> None:
    for index in range(8):
        note = TUNE[(bar % 2) * 8 + index]
        if note:
            for echo in range(3):
                pan = (-0.4, 0.5, -0.6)[echo]
                at = bar * 4 + index / 2 + echo * 0.75
                mixer.add(tone(note, BEAT * 1.2, (1, 0.2, 0.1, 0.05), 3), at, 0.2 * 0.4**echo, pan)


def levelled(channels: np.ndarray) -> np.ndarray:
    return channels * 10 ** (LEVEL / 20) / np.sqrt(np.mean(channels**2))


def write(channels: np.ndarray, path: Path) -> None:
    samples = np.round(channels * 32767).astype(np.int16)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("flac", rate=RATE, layout="stereo", options={"compression_level": "12"})
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        file.mux([*stream.encode(frame), *stream.encode(None)])


if __name__ == "__main__":
    write(levelled(compose()), Path(__file__).with_name("music.flac"))
