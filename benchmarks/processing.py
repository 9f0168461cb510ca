"""How fast the sandbox processes sound, and how well: `python benchmarks/processing.py [speed | quality]`.

Speed: every operation runs on 60 s of 48 kHz stereo, the sample voice with white noise 30 dB under it, and
the sample music where it is about music. One pass each, files read and written included. On a busy machine,
look at the processor's column.
Quality: SI-SDR against the clean voice, apart from level, before and after enhancing with everything on; and
how far loudness ends from the target, with the true peak.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import resampled, with_channels
from dolbyio_nb.audio.loudness import measure_peaks, meter
from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.sandbox.operations import process

MEDIA = Path(__file__).parents[1] / "notebooks" / "media"
RATE, SECONDS = 48_000, 60


def minute(name: str, noise_level: float | None = None) -> Sound:
    """A sample sound as a minute of 48 kHz stereo, with noise at a level in dB if given."""
    sound = with_channels(resampled(read_sound(MEDIA / name, no_progress), RATE), 2)
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


def speed() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice, music = folder / "voice.wav", folder / "music.wav"
        write_sound(minute("voice.flac", -47.0), voice)
        write_sound(minute("music.flac"), music)
        print(f"{'times faster than real time':34} {'clock':>6} {'processor':>10}")
        for label, path, source, body, ending in runs(voice, music):
            output = folder / f"out.{ending}"
            clock, processor = timed(partial(process, path, body, [source], [output], no_progress))
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


def quality() -> None:
    coarse = read_sound(MEDIA / "voice.flac", no_progress)
    print(f"{'voice under white noise':34} {'before':>6} {'after':>6}")
    for voice in (resampled(coarse, RATE), coarse):
        for ratio in (None, 30, 20, 15, 10, 5):
            sound = voice if ratio is None else noisy(voice, ratio)
            before = "clean" if ratio is None else f"{si_sdr(voice, sound):.1f}"
            after = si_sdr(voice, enhanced(sound, {}))
            print(f"{f'{voice.rate} Hz, SI-SDR in dB':34} {before:>6} {after:6.1f}")
    print(f"{'target in LUFS':34} {'missed':>6} {'peak':>6}")
    for target in (-30, -23, -18, -16, -14, -12, -10):
        sound = enhanced(resampled(coarse, RATE), {"audio": {"loudness": {"target_level": target}}})
        print(f"{target:<34} {meter(sound).integrated - target:6.2f} {measure_peaks(sound).true:6.2f}")


def noisy(voice: Sound, ratio: float) -> Sound:
    noise = np.random.default_rng(1).normal(size=voice.samples.shape)
    level = np.sqrt(np.mean(np.square(voice.samples))) * 10 ** (-ratio / 20)
    return Sound((voice.samples + level * noise).astype(np.float32), voice.rate)


def enhanced(sound: Sound, body: dict[str, Any]) -> Sound:
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name, "in.wav"), Path(name, "out.wav")
        write_sound(sound, source)
        process("/media/enhance", body, [source], [output], no_progress)
        return read_sound(output, no_progress)


def si_sdr(clean: Sound, sound: Sound) -> float:
    reference, estimate = (np.array(one.samples[:, 0], np.float64) for one in (clean, sound))
    target = reference * (reference @ estimate) / (reference @ reference)
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["speed", "quality"]
    for name in chosen:
        {"speed": speed, "quality": quality}[name]()
