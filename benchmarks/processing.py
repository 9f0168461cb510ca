"""How much faster than real time the sandbox processes sound: `python benchmarks/processing.py`.

Every operation runs on 60 s of 48 kHz stereo: the sample voice, repeated, with white noise 30 dB under it;
for music, the sample music. One pass each, files read and written included. On a busy machine, look at the
processor's column.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.sandbox.processing import process
from dolbyio_nb.sandbox.processing.filters import resampled
from dolbyio_nb.sandbox.processing.progress import silent
from dolbyio_nb.sandbox.processing.reading import read_sound
from dolbyio_nb.sandbox.processing.sound import Sound
from dolbyio_nb.sandbox.processing.stitching import with_channels
from dolbyio_nb.sandbox.processing.writing import write_sound

MEDIA = Path(__file__).parents[1] / "notebooks" / "media"
RATE, SECONDS = 48_000, 60


def minute(name: str, noise_level: float | None = None) -> Sound:
    """A sample sound as a minute of 48 kHz stereo, with noise at a level in dB if given."""
    sound = with_channels(resampled(read_sound(MEDIA / name, silent), RATE), 2)
    samples = np.resize(sound.samples, (SECONDS * RATE, 2))
    if noise_level is not None:
        noise = np.random.default_rng(1).normal(size=samples.shape)
        samples = samples + 10 ** (noise_level / 20) * noise
    return Sound(samples.astype(np.float32), RATE)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Times faster than real time by the clock, and by the processor time that was spent."""
    start, spent = time.perf_counter(), time.process_time()
    work()
    return SECONDS / (time.perf_counter() - start), SECONDS / (time.process_time() - spent)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice, music = folder / "voice.wav", folder / "music.wav"
        write_sound(minute("voice.flac", -47.0), voice)
        write_sound(minute("music.flac"), music)
        print(f"{'times faster than real time':34} {'clock':>6} {'processor':>10}")
        for label, path, source, body, ending in runs(voice, music):
            output = folder / f"out.{ending}"
            clock, processor = timed(partial(process, path, body, [source], [output], silent))
            print(f"{label:34} {clock:6.0f} {processor:10.0f}")


def runs(voice: Path, music: Path) -> list[tuple[str, str, Path, dict[str, Any], str]]:
    no_clicks = {"audio": {"speech": {"click": {"reduction": {"enable": False}}}}}
    inputs = {"inputs": [{"source": "dlb://in"}]}
    master = inputs | {"outputs": [{"master": {"loudness": {"target_level": -12}}}]}
    transcodes = [
        (f"transcode to {kind}", "/media/transcode", voice, inputs | {"outputs": [{}]}, kind)
        for kind in ("wav", "flac", "mp3", "m4a", "ogg")
    ]
    return [
        ("enhance, everything on", "/media/enhance", voice, {}, "wav"),
        ("enhance, without click reduction", "/media/enhance", voice, no_clicks, "wav"),
        ("enhance, music", "/media/enhance", music, {}, "wav"),
        ("diagnose", "/media/diagnose", voice, {}, "wav"),
        ("analyze", "/media/analyze", voice, {}, "json"),
        ("analyze speech", "/media/analyze/speech", voice, {}, "json"),
        ("analyze music", "/media/analyze/music", music, {}, "json"),
        ("master, one output", "/media/master", music, master, "wav"),
        *transcodes,
    ]


if __name__ == "__main__":
    main()
