"""Music analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dolbyio_nb.audio.loudness import Readings, meter
from dolbyio_nb.audio.music import key, tempo
from dolbyio_nb.audio.sound import Interval, Progress, stage
from dolbyio_nb.sandbox.operations.parameters import Options
from dolbyio_nb.sandbox.operations.report import Report, begin, finish, percentage, timed

NOTE = (
    "Genre, era and instruments are left empty: they cannot honestly be told here. "
    "Tempo may be off by a factor of two."
)


def analyze_music(body: Any, source: Path, output: Path, progress: Progress) -> dict[str, Any]:
    """Write the documented report of Analyze Music to `output`.

    `key` is a list of one pair, name and clearness from 0 to 1; `bpm` is null where no beat was found.
    """
    analysis = begin(Options(body), source, stage(progress, 0, 0.5))
    readings = meter(analysis.sound, stage(progress, 0.5, 0.6))
    found = analysis.content.music
    sections = []
    for number, section in enumerate(found, 1):
        share = stage(progress, 0.6 + 0.4 * (number - 1) / len(found), 0.6 + 0.4 * number / len(found))
        sections.append(_section(analysis, readings, number, section, share))
    share_of_time = percentage(found, analysis.sound.seconds)
    music = {"percentage": share_of_time, "num_sections": len(found), "sections": sections}
    return finish(analysis, {"music": music}, output, NOTE)


def _section(
    analysis: Report, readings: Readings, number: int, section: Interval, progress: Progress
) -> dict[str, Any]:
    sound = analysis.sound.cut(section.start, section.end)
    tonality = key(sound, stage(progress, 0, 0.4))
    return {
        "section_id": f"mu_{number}",
        **timed(section, analysis.start),
        "loudness": round(readings.ungated(section.start, section.end), 2),
        "bpm": tempo(sound, stage(progress, 0.4, 1)),
        "key": [[tonality.name, round(tonality.confidence, 2)]] if tonality else [],
        "genre": [],
        "era": [],
        "instrument": [],
    }
