"""How well voices are found and cleaned: `python benchmarks/voices.py [speech | silence | enhance]`.

Speech: F1 of the voice detector over 32 ms frames, the clean track as truth. Silence: how much of sounds
without any voice is called speech. Enhance: SI-SDR against the clean voice, apart from level, PESQ (wide
band) and STOI, where the packages `pesq` and `pystoi` are installed, before and after `enhance` with
everything on, beside FFmpeg's own filters against noise.

Voices are eSpeak NG's (Debian: `espeak-ng`) and the sample; `--recordings FOLDER` adds one for each folder
of G.722 files in it (Debian: `asterisk-core-sounds-*-g722`), `--songs FOLDER` music
(`asterisk-moh-opsound-g722`).
"""

import argparse
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from noises import RATE, noises, rms, songs, voices

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.encode import Encoding, format_called, write_sound
from dolbyio_nb.audio.filters import filtered
from dolbyio_nb.audio.sound import Sound, share
from dolbyio_nb.audio.voice_activity import listen
from dolbyio_nb.sandbox.operations import process

SECONDS = 12
FRAME = 512
LEVELS = (None, 10, 5, 0)  # dB of the voice over the noise
NOISES = ("hum 50", "hum 60", "babble", "street", "horns", "white", "pink", "fan", "crackle")


def sound_of(samples: Any) -> Sound:
    return Sound(np.asarray(samples, np.float32)[:, None], RATE)


def mixed(voice: Any, noise: Any, ratio: float | None) -> Any:
    return voice if ratio is None else voice + noise * rms(voice) * 10 ** (-ratio / 20)


def truth(voice: Any) -> Any:
    """Frames in which the clean voice is within 35 dB of its loud moments; pauses up to 0.3 s are part."""
    frames = voice[: len(voice) // FRAME * FRAME].reshape(-1, FRAME)
    powers = np.square(frames).mean(axis=1)
    spoken = powers > np.quantile(powers, 0.95) * 10 ** (-35 / 10)
    edges = np.flatnonzero(spoken)
    for one, other in pairwise(edges):
        if (other - one) * FRAME / RATE <= 0.3:
            spoken[one:other] = True
    return spoken


def detected(samples: Any) -> Any:
    times = (np.arange(len(samples) // FRAME) + 0.5) * FRAME / RATE
    found = np.zeros(len(times), bool)
    for section in listen(sound_of(samples)).speech:
        found |= (times >= section.start) & (times < section.end)
    return found


def f1(spoken: Any, found: Any) -> float:
    return float(2 * (spoken & found).sum() / max(1, spoken.sum() + found.sum()))


def speech(all_voices: dict[str, Any], music: dict[str, Any]) -> None:
    print("| F1 | quiet | 10 dB | 5 dB | 0 dB |\n| --- | --- | --- | --- | --- |")
    for kind in (*NOISES, "music"):
        rows = []
        for number, voice in enumerate(all_voices.values()):
            noise = (noise_for(number, all_voices) | music)[kind]
            rows.append(
                [f1(truth(voice), detected(mixed(voice, noise / rms(noise), ratio))) for ratio in LEVELS]
            )
        print(f"| {kind} |", " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0)), "|", flush=True)


def noise_for(number: int, all_voices: dict[str, Any]) -> dict[str, Any]:
    others = [voice for place, voice in enumerate(all_voices.values()) if place != number]
    return noises(SECONDS * RATE, others, np.random.default_rng(number))


def silence(all_voices: dict[str, Any], music: dict[str, Any]) -> None:
    print("| no speech | called speech, % |\n| --- | --- |")
    for kind, noise in (noise_for(0, all_voices) | music).items():
        if kind != "babble":
            found = listen(sound_of(0.1 * noise / rms(noise))).speech
            print(f"| {kind} | {share(found, SECONDS):.0f} |")


def enhanced(samples: Any, body: dict[str, Any] | None = None) -> Any:
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name, "in.wav"), Path(name, "out.wav")
        write_sound(sound_of(samples), source, encoding=Encoding(format_called("wav"), codec="pcm_f32le"))
        process("/media/enhance", body or {}, [source], [output], lambda _: None)
        return read_sound(output).samples[:, 0].astype(np.float64)


def si_sdr(clean: Any, samples: Any) -> float:
    target = clean * (clean @ samples) / (clean @ clean)
    return float(10 * np.log10((target @ target) / ((samples - target) @ (samples - target))))


def measures() -> dict[str, Callable[[Any, Any], float]]:
    found: dict[str, Callable[[Any, Any], float]] = {"SI-SDR": si_sdr}
    try:
        from pesq import pesq
        from pystoi import stoi
    except ImportError:
        return found
    return found | {
        "PESQ": lambda clean, samples: pesq(RATE, clean, samples / rms(samples) * rms(clean), "wb"),
        "STOI": lambda clean, samples: stoi(clean, samples, RATE),
    }


def by_ffmpeg(name: str, options: str = "") -> Callable[[Any], Any]:
    """One of FFmpeg's own filters against noise, with its delay taken off again."""

    def clean(samples: Any) -> Any:
        silence = np.zeros(RATE)
        padded = np.concatenate([samples, silence])
        late = filtered(sound_of(padded), (name, options)).samples[:, 0].astype(np.float64)
        spectra = np.conj(np.fft.rfft(padded)) * np.fft.rfft(late)
        delay = int(np.argmax(np.fft.irfft(spectra, len(padded))[: len(silence)]))
        return late[delay : delay + len(samples)]

    return clean


CLEANERS = {
    "enhance": enhanced,
    "afftdn": by_ffmpeg("afftdn", "track_noise=1"),
    "anlmdn": by_ffmpeg("anlmdn"),
}
"""Ours with everything on; FFmpeg's as they come, the first one with its noise followed."""


def enhance(all_voices: dict[str, Any], levels: tuple[float | None, ...]) -> None:
    """Means over the voices for each cleaner, and the worst change of any voice by ours."""
    judges = measures()
    heads = [head for name in judges for head in (f"{name} in", *CLEANERS, "worst")]
    print("| noise | dB |", " | ".join(heads), "|\n|", " | ".join(["---"] * (2 + len(heads))), "|")
    for kind in NOISES:
        for ratio in levels:
            rows = []
            for number, voice in enumerate(all_voices.values()):
                noisy = mixed(voice, noise_for(number, all_voices)[kind], ratio)
                sounds = [noisy, *(clean(noisy) for clean in CLEANERS.values())]
                rows.append([[judge(voice, sound) for sound in sounds] for judge in judges.values()])
            table = np.array(rows)
            worst = (table[..., 1] - table[..., 0]).min(axis=0)
            cells = [
                f"{' | '.join(f'{mean:.2f}' for mean in means)} | {change:+.2f}"
                for means, change in zip(table.mean(axis=0), worst, strict=True)
            ]
            print(f"| {kind} | {ratio} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=["speech", "silence", "enhance"])
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--levels", type=float, nargs="*", default=[10.0, 5.0, 0.0])
    given = parser.parse_args()
    known, music = voices(given.recordings, SECONDS), songs(given.songs, SECONDS)
    if "speech" in given.tables:
        speech(known, music)
    if "silence" in given.tables:
        silence(known, music)
    if "enhance" in given.tables:
        enhance(known, tuple(given.levels))
