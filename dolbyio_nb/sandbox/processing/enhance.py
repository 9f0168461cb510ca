"""A recording made easier to listen to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .levelling import Target, levelled
from .loudness import measure
from .options import Options, region
from .progress import Tell, part
from .reading import read_sound
from .sound import Sound
from .writing import write_sound

TARGETS = {"music": -14.0, "podcast": -16.0}
"""Loudness when none is asked for, in LUFS: our choice, since the service's own is not published."""

TARGET = -18.0


def enhance(body: Any, source: Path, output: Path, tell: Tell) -> dict[str, Any]:
    options = Options(body)
    sound = _wanted(options, read_sound(source, part(tell, 0, 0.1)))
    result = _levelled(options, sound, part(tell, 0.3, 0.8))
    picture = source if options.get("input.region") is None else None
    write_sound(result, output, picture_of=picture, tell=part(tell, 0.8, 1))
    return {}


def _wanted(options: Options, sound: Sound) -> Sound:
    return sound.cut(*region(options.get("input"), sound.seconds))


def _levelled(options: Options, sound: Sound, tell: Tell) -> Sound:
    loudness = measure(sound, part(tell, 0, 0.2))
    if loudness.silent or not options.flag("audio.loudness.enable"):
        return sound
    content = options.content()
    target = Target(
        options.number("audio.loudness.target_level", TARGETS.get(content or "", TARGET), -40, -5),
        options.number("audio.loudness.peak_limit", -1, -20, 0),
        options.choice("audio.loudness.peak_reference", ("sample", "true")) != "sample",
    )
    return levelled(sound, target, loudness.measured, part(tell, 0.2, 1))
