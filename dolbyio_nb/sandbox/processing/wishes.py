"""What an enhance request wishes for, every switch and amount decided."""

from __future__ import annotations

from dataclasses import dataclass

from .levelling import Target
from .options import Options

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
class Wishes:
    """Amounts are None where the switch is off."""

    rumble: float | None
    hum: bool
    noise: str | None
    isolation: float
    click: str | None
    plosive: str | None
    sibilance: str | None
    dynamics: str | None
    target: Target | None
    dialogue: bool
    speech_threshold: float


def wished(options: Options, musical: bool) -> Wishes:
    """The wishes of a request; `musical` is what the sound itself seems to be, for when nobody says."""
    content = options.content() or ("music" if musical else "other")
    profile = PROFILES.get(content, SPEECH)
    rumble = options.number("audio.filter.high_pass.frequency", profile.rumble, 10, 1000)
    return Wishes(
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


def _target(options: Options, profile: Profile) -> Target:
    reference = options.choice("audio.loudness.peak_reference", ("sample", "true"))
    return Target(
        options.number("audio.loudness.target_level", profile.loudness, -40, -5),
        options.number("audio.loudness.peak_limit", -1, -20, 0),
        reference != "sample",
    )
