"""Demo file: a voice in noise, and moving pictures, in place of an example of Dolby's own samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer

from dolbyio_nb.audio.encode import AnyPacket, write_sound
from dolbyio_nb.audio.sound import Floats, Samples, Sound

SECONDS, RATE = 15, 48_000
FRAMES, SIZE = 10, (160, 90)  # pictures a second; pixels
FUNDAMENTAL, SYLLABLES = 115.0, 3.5  # Hz; a second
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))
"""The first formants in Hz of five English vowels (Peterson and Barney, 1952, men)."""
WIDTH = 90.0  # Hz, of a formant
NOISE, VOICE = -38.0, -20.0  # RMS in dB relative to full scale


def write_demo(path: Path) -> None:
    """Write a voice in noise, fifteen seconds long, and moving pictures beside it where it is a film."""
    sound = Sound(_voice_in_noise()[:, None], RATE)
    write_sound(sound, path, video=Pictures() if path.suffix in (".mp4", ".mov") else None)


def _voice_in_noise() -> Samples:
    random = np.random.default_rng(1)
    voice, noise = _voice(), random.standard_normal(SECONDS * RATE)
    return (_at_level(voice, VOICE) + _at_level(noise, NOISE)).astype(np.float32)


def _at_level(samples: Floats, level: float) -> Floats:
    scaled: Floats = samples * 10 ** (level / 20) / np.sqrt(np.mean(samples**2))
    return scaled


def _voice() -> Floats:
    """Harmonics under the formants of one vowel after the other, in phrases with pauses between them."""
    time = np.arange(SECONDS * RATE) / RATE
    syllable = (time * SYLLABLES).astype(int)
    phrase = time % 3 < 2.3
    loud = np.sin(np.pi * (time * SYLLABLES % 1)) ** 0.5 * phrase
    fundamental = FUNDAMENTAL * (1.15 - 0.1 * (time % 3)) * (1 + 0.02 * np.sin(2 * np.pi * 5 * time))
    turns = 2 * np.pi * np.cumsum(fundamental) / RATE
    formants = _smooth(np.array(VOWELS, float)[syllable % len(VOWELS)])
    voice: Floats = np.zeros_like(time)
    for number in range(1, int(4000 / FUNDAMENTAL)):
        near = np.exp(-0.5 * ((number * fundamental[:, None] - formants) / WIDTH) ** 2) + 0.02
        voice += near.sum(axis=1) / number**0.5 * np.sin(number * turns)
    return voice * loud


def _smooth(formants: Floats) -> Floats:
    """Let one vowel glide into the next over 40 ms."""
    length = RATE // 25
    sums = np.cumsum(np.pad(formants, ((length, 0), (0, 0)), "edge"), axis=0)
    return (sums[length:] - sums[:-length]) / length


class Pictures:
    """The pictures of a film: a bright field that wanders."""

    def packets(self, into: OutputContainer) -> AbstractContextManager[Iterator[AnyPacket]]:
        """Add a stream to the new file, and give what goes into it."""
        stream: Any = into.add_stream("libx264", rate=FRAMES, options={"preset": "veryfast"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        return nullcontext(self._coded(stream))

    def _coded(self, stream: Any) -> Iterator[AnyPacket]:
        y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        for number in range(SECONDS * FRAMES):
            wave = np.sin(x / 30 + number / 8) + np.sin(y / 20 - number / 11)
            grey = (128 + 50 * wave).astype("uint8")
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            yield from stream.encode(frame)
        yield from stream.encode(None)
