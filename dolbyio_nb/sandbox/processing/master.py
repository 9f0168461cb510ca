"""Music made ready to be published: tone, width and loudness by preset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .encoding import encoding_for
from .equalizing import equalized
from .levelling import Target, levelled, limited
from .loudness import meter
from .options import Options
from .outputs import inputs, kind, wanted
from .presets import PRESETS, Preset
from .progress import Tell, part, silent, told
from .reading import read_sound
from .refusal import invalid
from .sound import Samples, Sound, collect
from .writing import write_sound

CEILING = -1.0  # dB, true peak
PREVIEW = 30.0  # seconds
AS_DRAWN = 50.0
"""The intensity at which a preset's curve is applied as it stands; 100 doubles it. A scale of ours."""

NOTE = "The presets' tone curves are the sandbox's own and do not move with the music."


def master(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], tell: Tell, *, preview: bool
) -> dict[str, Any]:
    """Write every output with its own preset.

    Returns `initial_level` and, unless it is a preview, `final_level` (of the first output) and
    `final_levels` (of all), in LUFS.
    """
    options = Options(body)
    outputs = list(wanted(options, destinations))
    sound = _input(options, sources, part(tell, 0, 0.1), preview)
    levels = []
    for number, (output, path) in enumerate(outputs):
        share = part(tell, 0.1 + 0.9 * number / len(outputs), 0.1 + 0.9 * (number + 1) / len(outputs))
        result = _mastered(sound, output, part(share, 0, 0.7))
        encoding = encoding_for(kind(output, path), output)
        write_sound(result, path, encoding=encoding, tell=part(share, 0.7, 1))
        levels.append(round(meter(result).integrated, 2))
    final = {} if preview else {"final_level": levels[0], "final_levels": levels}
    return {"initial_level": round(meter(sound).integrated, 2), **final, "notes": [NOTE]}


def _input(options: Options, sources: Sequence[Path], tell: Tell, preview: bool) -> Sound:
    given = inputs(options, sources)
    if len(given) > 1:
        raise invalid("inputs", "mastering takes one input.")
    location, path = given[0]
    sound = read_sound(path, tell)
    return _segment(sound, Options(location)) if preview else sound


def _segment(sound: Sound, location: Options) -> Sound:
    start = location.number("segment.start", 0, 0, sound.seconds)
    duration = location.number("segment.duration", PREVIEW, 1, 600)
    if start >= sound.seconds:
        raise invalid("inputs.segment.start", f"the input ends after {sound.seconds:.2f} s.")
    return sound.cut(start, min(sound.seconds, start + duration))


def _mastered(sound: Sound, output: Options, tell: Tell) -> Sound:
    preset = PRESETS[output.choice("master.dynamic_eq.preset", tuple(PRESETS)) or "i"]
    if output.flag("master.dynamic_eq.enable"):
        strength = output.number("master.dynamic_eq.intensity", AS_DRAWN, 0, 100) / AS_DRAWN
        sound = equalized(sound, preset.curve(strength), part(tell, 0, 0.2))
    if output.flag("master.stereo_image.enable"):
        sound = widened(sound, preset.width, part(tell, 0.2, 0.3))
    return _loud(sound, output, preset, part(tell, 0.3, 1))


def _loud(sound: Sound, output: Options, preset: Preset, tell: Tell) -> Sound:
    loudness = output.number("master.loudness.target_level", preset.loudness, -40, -5)
    target = Target(loudness, CEILING)
    if output.flag("master.loudness.enable"):
        return levelled(sound, target, tell=tell)
    return limited(sound, target, tell)


def widened(sound: Sound, gain: float, tell: Tell = silent) -> Sound:
    """The difference between two channels `gain` dB stronger; one channel stays as it is."""
    if sound.channels == 1 or not gain:
        return sound
    return collect(_widened(sound, 10 ** (gain / 20), tell), sound.rate, sound.channels)


def _widened(sound: Sound, factor: float, tell: Tell) -> Iterator[Samples]:
    for block in told(sound, tell):
        middle = block.mean(axis=1, keepdims=True)
        yield (middle + np.float32(factor) * (block - middle)).astype(np.float32)
