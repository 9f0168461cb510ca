"""Master, and its presets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import equalizer, filtering, high_shelf, low_shelf
from dolbyio_nb.audio.loudness import LoudnessTarget, limited, meter, normalized
from dolbyio_nb.audio.sound import Progress, Samples, Sound, Step, collect, no_progress, stage, stages
from dolbyio_nb.sandbox.http_error import invalid
from dolbyio_nb.sandbox.operations.parameters import Options, encoding_for, inputs, kind, kind_of, wanted
from dolbyio_nb.sandbox.operations.report import rounded


@dataclass(frozen=True)
class Preset:
    """Gains in dB for bass, presence, air and the difference of the channels; loudness in LUFS."""

    name: str
    bass: float = 0.0
    presence: float = 0.0
    air: float = 0.0
    width: float = 0.0
    loudness: float = -14.0

    def curve(self, strength: float) -> list[str]:
        """The gains over frequency, all multiplied by `strength`."""
        shelves = [
            low_shelf(120, self.bass * strength),
            high_shelf(2500, self.presence * strength),
            high_shelf(9000, self.air * strength),
        ]
        return ["+".join(shelves)]


PRESETS = {
    "a": Preset("pop, bright", bass=0.5, presence=1.0, air=2.0, width=1.0),
    "b": Preset("club", bass=3.0, air=1.0, width=1.0, loudness=-11.0),
    "c": Preset("hip hop, some bass", bass=1.5, air=0.5, loudness=-12.0),
    "d": Preset("hip hop, more bass", bass=3.0, air=0.5, loudness=-12.0),
    "e": Preset("hip hop, most bass", bass=4.5, air=0.5, loudness=-12.0),
    "f": Preset("light electronic", bass=1.0, presence=0.5, air=2.0, width=1.5, loudness=-12.0),
    "g": Preset("dark electronic", bass=2.5, presence=-1.0, air=-1.0, width=1.0, loudness=-12.0),
    "h": Preset("EDM", bass=2.5, presence=1.0, air=1.5, width=2.0, loudness=-10.0),
    "i": Preset("balanced", bass=0.5, air=0.5),
    "j": Preset("rock", bass=1.0, presence=1.5, width=0.5, loudness=-12.0),
    "k": Preset("pop, wide", bass=0.5, presence=0.5, air=1.0, width=2.5),
    "l": Preset("vocal", bass=-0.5, presence=1.5, air=1.0),
    "m": Preset("acoustic", presence=0.5, air=1.0, width=0.5, loudness=-16.0),
    "n": Preset("classical", air=0.5, loudness=-18.0),
}

CEILING = -1.0  # dB, true peak
PREVIEW = 30.0  # seconds
AS_DRAWN = 50.0
"""The intensity at which a preset's curve is applied as it stands; 100 doubles it. A scale of ours."""
NOTE = "The presets' tone curves are the sandbox's own and do not move with the music."


def master(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """Write every output with its own preset.

    Returns `initial_level`, `final_level` (of the first output) and `final_levels` (of all), in LUFS.
    """
    initial, levels = _master_all(body, sources, destinations, progress, preview=False)
    return {"initial_level": initial, "final_level": levels[0], "final_levels": levels, "notes": [NOTE]}


def master_preview(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """Write a stretch of the input once for each output's preset; returns its `initial_level` in LUFS."""
    initial, _ = _master_all(body, sources, destinations, progress, preview=True)
    return {"initial_level": initial, "notes": [NOTE]}


def _master_all(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress, *, preview: bool
) -> tuple[float | None, list[float | None]]:
    """The loudness of the input and of every output, once they are written."""
    options = Options(body)
    outputs = list(wanted(options, destinations))
    initial: float | None = None
    levels: list[float | None] = []
    for (output, path), share in zip(outputs, stages(progress, len(outputs)), strict=True):
        sound = _input(options, sources, stage(share, 0, 0.1), preview)
        initial = initial if levels else meter(sound).integrated
        todo = steps(output)
        for step, at in zip(todo, stages(stage(share, 0.1, 0.7), len(todo)), strict=True):
            sound = step(sound, progress=at)
        encoding = encoding_for(kind(output, path) or kind_of(sources[0], path), output, sources[0])
        rest = stage(share, 0.7, 1)
        write_sound(sound, path, encoding=encoding, tagged_as=sources[0], progress=rest)
        levels.append(rounded(meter(sound).integrated))
    return rounded(initial), levels


def _input(options: Options, sources: Sequence[Path], progress: Progress, preview: bool) -> Sound:
    given = inputs(options, sources)
    if len(given) > 1:
        raise invalid("inputs", "mastering takes one input.")
    location, path = given[0]
    sound = read_sound(path, progress)
    return _segment(sound, Options(location)) if preview else sound


def _segment(sound: Sound, location: Options) -> Sound:
    start = location.number("segment.start", 0, 0, sound.seconds)
    duration = location.number("segment.duration", PREVIEW, 1, 600)
    if start >= sound.seconds:
        raise invalid("inputs.segment.start", f"the input ends after {sound.seconds:.2f} s.")
    return sound.cut(start, min(sound.seconds, start + duration))


def steps(output: Options) -> list[Step]:
    """What is done to the sound of an output, in order."""
    preset = PRESETS[output.choice("master.dynamic_eq.preset", tuple(PRESETS)) or "i"]
    strength = output.number("master.dynamic_eq.intensity", AS_DRAWN, 0, 100) / AS_DRAWN
    curve = preset.curve(strength) if output.flag("master.dynamic_eq.enable") else []
    width = preset.width if output.flag("master.stereo_image.enable") else 0.0
    target = LoudnessTarget(output.number("master.loudness.target_level", preset.loudness, -40, -5), CEILING)
    loud = normalized if output.flag("master.loudness.enable") else limited
    return [partial(toned, curve=curve, width=width), partial(loud, target=target)]


def toned(sound: Sound, curve: Sequence[str], width: float = 0.0, progress: Progress = no_progress) -> Sound:
    """The sound with all gains of a curve, and the difference between two channels `width` dB stronger."""
    width = width if sound.channels > 1 else 0.0
    if not curve and not width:
        return sound
    filters, delay = equalizer(curve, sound.rate)
    blocks = filtering(sound, *filters, delay=delay, progress=progress)
    return collect((_widened(block, width) for block in blocks), sound.rate, sound.channels)


def _widened(block: Samples, width: float) -> Samples:
    middle = block.mean(axis=1, keepdims=True)
    return np.asarray(middle + np.float32(10 ** (width / 20)) * (block - middle), np.float32)
