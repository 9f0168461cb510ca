"""Enhance: settings and chain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.denoise import NoiseFloor, denoised, measure_noise, signal_to_noise
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import (
    equalizer,
    filtered,
    filtering,
    softer_above,
    softer_below,
    without_rumble,
)
from dolbyio_nb.audio.loudness import GATE, STEP, LoudnessTarget, meter, normalized, speech_gate
from dolbyio_nb.audio.restoration import blended, declicked, hum_lines, notches, plosives, sibilants
from dolbyio_nb.audio.sound import (
    Interval,
    Progress,
    Samples,
    Sound,
    Step,
    collect,
    share,
    stage,
    stages,
    tracked,
)
from dolbyio_nb.audio.spectrum import Powers
from dolbyio_nb.audio.voice_activity import Activity, listen
from dolbyio_nb.sandbox.operations.parameters import Options, changes, has_region, region, same_as
from dolbyio_nb.sandbox.operations.video import Piece, film

REDUCTIONS = {"low": 6.0, "medium": 12.0, "high": 18.0, "max": 24.0}
"""How far the amounts of noise reduction go, in dB; `auto` goes by the noise that was measured."""
CUTS = {"low": 4.0, "medium": 8.0, "high": 12.0, "max": 18.0, "auto": 4.0}
"""How far popping and hissing sounds are lowered, in dB; `auto` is gentle, as good voices hiss too."""
CLICKS = {"low": 12.0, "medium": 8.0, "high": 5.0, "max": 3.0, "auto": 8.0}
"""How far a sample must stand out to be a click: the threshold of FFmpeg's `adeclick`."""


@dataclass(frozen=True)
class Profile:
    """What suits a kind of content: loudness in LUFS, the end of the rumble in Hz, isolation 0 to 100."""

    loudness: float = -18.0
    rumble: float = 80.0
    isolation: float = 50.0


SPEECH = Profile()
MUSIC = Profile(loudness=-14.0, rumble=20.0, isolation=0.0)
PROFILES = {
    "conference": Profile(isolation=70.0),
    "meeting": Profile(isolation=70.0),
    "mobile_phone": Profile(isolation=70.0),
    "music": MUSIC,
    "podcast": Profile(loudness=-16.0),
    "studio": Profile(isolation=30.0),
    "voice_over": Profile(isolation=30.0),
}
"""Our choices: the service says that it picks by content, isolation "about 20 to 80", and not how."""


@dataclass(frozen=True)
class Settings:
    """Amounts are None where the switch is off."""

    rumble: float | None
    hum: bool
    noise: str | None
    isolation: float
    click: str | None
    plosive: str | None
    sibilance: str | None
    dynamics: str | None
    target: LoudnessTarget | None
    dialogue: bool
    speech_threshold: float


def settings_of(options: Options, musical: bool) -> Settings:
    """The settings of a request; `musical` is what the sound itself seems to be, for when nobody says."""
    content = options.content() or ("music" if musical else "other")
    profile = PROFILES.get(content, SPEECH)
    rumble = options.number("audio.filter.high_pass.frequency", profile.rumble, 10, 1000)
    return Settings(
        rumble=rumble if options.flag("audio.filter.high_pass.enable") else None,
        hum=options.flag("audio.filter.hum.enable", profile is not MUSIC),
        noise=_amount(options, "audio.noise.reduction", profile),
        isolation=_isolation(options, profile),
        click=_amount(options, "audio.speech.click.reduction", profile),
        plosive=_amount(options, "audio.speech.plosive.reduction", profile),
        sibilance=_amount(options, "audio.speech.sibilance.reduction", profile),
        dynamics=_amount(options, "audio.dynamics.range_control"),
        target=_target(options, profile) if options.flag("audio.loudness.enable") else None,
        dialogue=options.flag("audio.loudness.dialog_intelligence"),
        speech_threshold=options.number("audio.loudness.speech_threshold", 15, 0, 100),
    )


def _amount(options: Options, group: str, profile: Profile = SPEECH) -> str | None:
    """What is meant for voices is left off for music, unless the request says otherwise."""
    amount = options.amount(f"{group}.amount")
    return amount if options.flag(f"{group}.enable", profile is not MUSIC) else None


def _isolation(options: Options, profile: Profile) -> float:
    amount = options.number("audio.speech.isolation.amount", profile.isolation, 0, 100)
    return amount if options.flag("audio.speech.isolation.enable") else 0.0


def _target(options: Options, profile: Profile) -> LoudnessTarget:
    asked = options.content() or options.get("audio.loudness.target_level") is not None
    reference = options.choice("audio.loudness.peak_reference", ("sample", "true"))
    return LoudnessTarget(
        options.number("audio.loudness.target_level", profile.loudness, -40, -5),
        options.number("audio.loudness.peak_limit", -1, -20, 0),
        reference != "sample",
        math.inf if asked else PRESSED,
    )


PRESSED = 1.5
"""How far peaks may be pressed in dB for a loudness that nobody asked for: more of it harms a voice."""
POP_END, HISS_START = 150.0, 4000.0  # Hz
INAUDIBLE = -75.0  # dB: noise under it is left as it is
CLEAN, STEEPNESS, LEAST = 46.0, 1.4, 6.0
"""`auto` takes 46 - 1.4 x SNR dB of noise away, 6 to 24: ours; all of it up to 15 dB SNR, little at 30."""


def steps(settings: Settings, content: Activity, seconds: float) -> list[Step]:
    """All that is done, in order; `content` was heard before anything was."""
    todo: list[Step] = [partial(_without_hum, settings), partial(_without_noise, settings, content)]
    todo += _repairs(settings, content)
    if settings.dynamics:
        todo.append(partial(narrowed, wanted=RANGES[settings.dynamics]))
    if settings.target:
        speech = content.speech if settings.dialogue else []
        gate = speech_gate(speech, seconds, settings.speech_threshold)
        todo.append(partial(normalized, target=settings.target, gate=gate))
    return todo


def _repairs(settings: Settings, content: Activity) -> Iterator[Step]:
    if settings.click:
        yield partial(declicked, threshold=CLICKS[settings.click])
    if settings.plosive:
        gain = softer_below(POP_END, CUTS[settings.plosive])
        yield partial(_repaired, gain, plosives(content.spectrum, content.spoken))
    if settings.sibilance:
        gain = softer_above(HISS_START, CUTS[settings.sibilance])
        yield partial(_repaired, gain, sibilants(content.spectrum, content.spoken))


def _without_hum(settings: Settings, sound: Sound, *, progress: Progress) -> Sound:
    lines = hum_lines(sound, stage(progress, 0, 0.3)) if settings.hum else []
    rumble = [without_rumble(settings.rumble)] if settings.rumble else []
    filters, delay = equalizer(rumble, sound.rate)
    return filtered(sound, *filters, *notches(lines), delay=delay, progress=stage(progress, 0.3, 1))


def _without_noise(settings: Settings, content: Activity, sound: Sound, *, progress: Progress) -> Sound:
    noise = measure_noise(content.spectrum, content.busy)
    reduction = noise_reduction(settings, content, noise)
    return denoised(sound, content.spectrum, noise, reduction, progress) if reduction else sound


def noise_reduction(settings: Settings, content: Activity, noise: NoiseFloor) -> float:
    """How much noise to take away in dB: what the amount says or isolation asks, whichever is more."""
    if not noise.in_pauses or noise.level < INAUDIBLE:
        return 0.0
    isolation = settings.isolation / 100 * REDUCTIONS["max"]
    if settings.noise is None:
        return isolation
    clear = signal_to_noise(content.spectrum, content.busy, noise)
    automatic = min(max(CLEAN - STEEPNESS * clear, LEAST), REDUCTIONS["max"])
    return max(isolation, REDUCTIONS.get(settings.noise, automatic))


def _repaired(gain: str, stretches: list[Interval], sound: Sound, *, progress: Progress) -> Sound:
    if not stretches:
        return sound
    filters, delay = equalizer([gain], sound.rate)
    return blended(sound, filtering(sound, *filters, delay=delay, progress=progress), stretches)


RANGES = {"low": 15.0, "medium": 12.0, "high": 9.0, "max": 6.0, "auto": 12.0}
"""The loudness range in LU above which a recording is narrowed; what has less is left as it is."""

MOSTLY = 50.0  # percent of the time
NOTE_ISOLATION = "Speech isolation is a gentle noise reduction here: it does not part a voice from music."
NOTE_MUSIC = "The sound seems to be music, so what is meant for voices was left off."
NOTE_NO_PAUSES = "No pauses were found to measure noise in, so none was taken away."
NOTE_SILENT = "Neither a voice nor music was heard: silence, or steady noise."
NOTE_EQUALIZER = "The dynamic equalizer has no counterpart here and did nothing."


def enhance(body: Any, source: Path, output: Path, progress: Progress) -> dict[str, Any]:
    """Clean the sound up, level it, and write it in the format and with the picture it came with.

    Returns `{}` as the service does, or `notes`: sentences on what was not done and why.
    """
    options = Options(body)
    sound, piece, notes = _enhanced(options, source, stage(progress, 0, 0.85))
    encoding = same_as(source, output)
    video = film([piece], Options({}), encoding.format)
    rest = stage(progress, 0.85, 1)
    write_sound(sound, output, encoding=encoding, video=video, tagged_as=source, progress=rest)
    notes += changes(source, output)
    return {"notes": notes} if notes else {}


def _enhanced(options: Options, source: Path, progress: Progress) -> tuple[Sound, Piece, list[str]]:
    """The sound after every step, the piece of the file that it is, and what is to be said of it.

    Each step's sound goes when the next one has its own, so that two are on the disk at most.
    """
    sound, piece = _read(options, source, stage(progress, 0, 0.1))
    content = listen(sound, stage(progress, 0.1, 0.25))
    detect = options.flag("audio.music.detection.enable")
    musical = detect and share(content.music, sound.seconds) > MOSTLY
    settings = settings_of(options, musical)
    todo = steps(settings, content, sound.seconds)
    for step, at in zip(todo, stages(stage(progress, 0.25, 1), len(todo)), strict=True):
        sound = step(sound, progress=at)
    return sound, piece, _notes(options, settings, content, musical)


def _read(options: Options, source: Path, progress: Progress) -> tuple[Sound, Piece]:
    whole = read_sound(source, progress)
    start, end = region(options.get("input"), whole.seconds)
    part = has_region(options.get("input"))
    return whole.cut(start, end), Piece(source, start, end if part else math.inf, not part)


def _notes(options: Options, settings: Settings, content: Activity, musical: bool) -> list[str]:
    """Sentences for what a listener would otherwise wonder about."""
    if not content.busy.any():
        return [NOTE_SILENT]
    unasked = musical and options.content() is None
    quiet = bool(settings.noise) and not measure_noise(content.spectrum, content.busy).in_pauses
    said = [
        (NOTE_MUSIC, unasked),
        (NOTE_ISOLATION, settings.isolation > 0),
        (NOTE_NO_PAUSES, quiet),
        (NOTE_EQUALIZER, options.flag("audio.filter.dynamic_eq.enable", False)),
    ]
    return [note for note, holds in said if holds]


RIDDEN = 12.0  # dB of change
QUIET = 20.0  # LU under the mean: pauses, which are left alone
LAG = 1.5  # seconds: the middle of the three that a short-term reading looks back


def narrowed(sound: Sound, wanted: float, progress: Progress) -> Sound:
    """The sound with its loudness range brought down to the amount's, if it is above."""
    readings = meter(sound, stage(progress, 0, 0.5))
    if readings.range is None or readings.range <= wanted:
        return sound
    curve = _gains(readings.short_term, 1 - wanted / readings.range)
    return collect(_ridden(sound, curve, stage(progress, 0.5, 1)), sound.rate, sound.channels)


def _gains(loudness: Powers, strength: float) -> Powers:
    """dB for every tenth of a second: a share of the way to the mean of what is not a pause."""
    heard = loudness[loudness > GATE]
    middle = float(np.median(heard[heard > heard.max() - QUIET]))
    held = np.where(loudness > middle - QUIET, loudness, middle)
    smooth = np.convolve(np.pad(held, 5, mode="edge"), np.ones(11) / 11, mode="valid")
    return np.clip(strength * (middle - smooth), -RIDDEN, RIDDEN)


def _ridden(sound: Sound, gains: Powers, progress: Progress) -> Iterator[Samples]:
    times = np.arange(1, len(gains) + 1) * STEP - LAG
    position = 0
    for block in tracked(sound, progress):
        span = np.arange(position, position + len(block)) / sound.rate
        yield block * (10 ** (np.interp(span, times, gains) / 20)).astype(np.float32)[:, None]
        position += len(block)
