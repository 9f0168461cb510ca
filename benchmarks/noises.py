"""Voices and noises at 16 kHz with known truths: synthesized by eSpeak NG, or recorded by others."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.filters import resampled

MEDIA = Path(__file__).parents[1] / "notebooks" / "media"
RATE = 16_000
PAUSES = (0.4, 1.5)  # seconds between sentences
SENTENCES = {
    "en-us": ("The harbour lay still until the evening boats came in.", "Nobody had asked the tall man why."),
    "de": (
        "Am Hafen war es still, bis am Abend die Boote kamen.",
        "Niemand fragte den Mann nach seinem Namen.",
    ),
    "fr-fr": (
        "Le port dormait encore quand les bateaux rentrèrent.",
        "Personne ne savait pourquoi il riait.",
    ),
    "es": ("El puerto dormía hasta que volvieron los barcos.", "Nadie le preguntó al hombre por su nombre."),
}


def voices(recordings: Path | None, seconds: int) -> dict[str, Any]:
    """Voices by their names: eSpeak's four, the sample voice, one for each folder of G.722 recordings."""
    random = np.random.default_rng(7)
    found = {
        f"espeak {name}": _joined(_spoken(name, texts), seconds, random) for name, texts in SENTENCES.items()
    }
    found["sample"] = _mono(MEDIA / "voice.flac")[: seconds * RATE]
    for folder in sorted(recordings.iterdir()) if recordings else ():
        spoken = (
            path for path in folder.glob("*.g722") if not path.name.startswith("tt-")
        )  # monkeys, weasels
        files = sorted(spoken, key=lambda path: path.stat().st_size)[-12:-2]
        found[folder.name] = _joined(map(_telephone, files), seconds, random)
    return {name: 0.1 * voice / rms(voice) for name, voice in found.items()}


def _spoken(language: str, texts: tuple[str, ...]) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts * 4):
            path = Path(folder, f"{number}.wav")
            pitch = str(35 + 15 * (number % 3))
            subprocess.run(["espeak-ng", "-v", language, "-p", pitch, "-w", path, text], check=True)
            yield _mono(path)


def _joined(pieces: Any, seconds: int, random: Any) -> Any:
    parts = []
    for piece in pieces:
        parts += [piece, np.zeros(round(random.uniform(*PAUSES) * RATE))]
    return np.resize(np.concatenate(parts), seconds * RATE)


def _mono(path: Path) -> Any:
    return resampled(read_sound(path), RATE).samples.mean(axis=1).astype(np.float64)


def _telephone(path: Path) -> Any:
    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames) / 32768


def songs(folder: Path | None, seconds: int) -> dict[str, Any]:
    """Music by its name: the sample, and what a folder of G.722 recordings holds."""
    found = {"music": _mono(MEDIA / "music.flac")}
    found |= (
        {path.stem: _telephone(path)[30 * RATE :] for path in sorted(folder.glob("*.g722"))} if folder else {}
    )
    return {name: np.resize(song, seconds * RATE) for name, song in found.items()}


def rms(samples: Any) -> Any:
    return np.sqrt(np.mean(np.square(samples)))


def noises(count: int, talkers: list[Any], random: Any) -> dict[str, Any]:
    """Noises by their names, each with a mean square of 1; babble is made of the talkers."""
    time = np.arange(count) / RATE
    made = {
        "white": random.normal(size=count),
        "pink": coloured(count, random),
        "hum 50": hum(50, time, random),
        "hum 60": hum(60, time, random),
        "street": street(count, random),
        "horns": horns(count, random) + 0.1 * coloured(count, random),
        "fan": coloured(count, random, 20, 1500) * (1 + 0.3 * np.sin(2 * np.pi * 23 * time)),
        "crackle": crackle(count, random),
        "babble": babble(count, talkers, random),
    }
    return {name: noise / rms(noise) for name, noise in made.items()}


def coloured(count: int, random: Any, low: float = 1.0, high: float = RATE / 2, slope: float = 0.5) -> Any:
    """Noise whose amplitude falls with the frequency; a slope of 0.5 is pink."""
    spectrum = np.fft.rfft(random.normal(size=count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= (frequency >= low) & (frequency <= high)
    spectrum[1:] /= frequency[1:] ** slope
    return np.fft.irfft(spectrum, count)


def hum(mains: float, time: Any, random: Any) -> Any:
    """The mains and seven harmonics."""
    return sum(np.sin(2 * np.pi * mains * n * time + random.uniform(0, 6)) / n for n in range(1, 9))


def street(count: int, random: Any) -> Any:
    """Traffic: low noise in gusts, and now and then a horn."""
    gusts = 10 ** (random.uniform(-12, 6, 2 * count // RATE + 2) / 20)
    traffic = coloured(count, random, 30, slope=0.8)
    swelling = traffic / rms(traffic) * np.interp(np.arange(count), np.linspace(0, count, len(gusts)), gusts)
    return swelling + 0.6 * horns(count, random)


def horns(count: int, random: Any) -> Any:
    """Two tones with harmonics, half a second long, about one in three seconds."""
    made, time = np.zeros(count), np.arange(RATE // 2) / RATE
    tones = sum(np.sin(2 * np.pi * f * n * time) / n for f in (404, 510) for n in range(1, 7))
    for start in random.integers(0, max(1, count - len(time)), max(1, count // (3 * RATE))):
        made[start : start + len(time)] += tones[: count - start]
    return made


def crackle(count: int, random: Any) -> Any:
    """Fifteen short clicks a second."""
    clicks = (random.random(count) < 15 / RATE) * random.normal(size=count)
    return np.convolve(clicks, np.exp(-np.arange(40) / 8) * np.cos(np.arange(40)), "same")


def babble(count: int, talkers: list[Any], random: Any) -> Any:
    """Eight talkers at once."""
    chosen = [talkers[number % len(talkers)] for number in range(8)]
    return sum(np.roll(np.resize(talker, count), random.integers(count)) for talker in chosen)
