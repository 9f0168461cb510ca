"""How every analysis begins and ends: the input heard, the report written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .media_info import media_info
from .options import Options, region
from .progress import Tell, part
from .reading import read_sound
from .refusal import LIMIT, Refused
from .reports import GUESSED, write_report
from .sound import Sound
from .speech import Content, listen

SHORTEST = 2.0
"""Seconds; the service too says that it analyzes nothing shorter."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is analyzed: the region's sound, what it is made of, where it begins, and the file it is from."""

    sound: Sound
    content: Content
    start: float
    media_info: dict[str, Any]


def begin(options: Options, source: Path, tell: Tell) -> Analysis:
    """Read the input and tell speech, music and pauses apart."""
    options.content()
    whole = read_sound(source, part(tell, 0, 0.4))
    start, end = region(options.get("input"), whole.seconds)
    if end - start < SHORTEST:
        detail = f"It lasts {end - start:.2f} s; two seconds are needed."
        raise Refused(LIMIT, "The input is too short", detail)
    sound = whole.cut(start, end)
    return Analysis(sound, listen(sound, part(tell, 0.4, 1)), start, media_info(source, whole.seconds))


def finish(analysis: Analysis, audio: dict[str, Any], output: Path, *notes: str) -> dict[str, Any]:
    """Write the report; the job's own result is empty, as the service's."""
    end = round(analysis.start + analysis.sound.seconds, 3)
    region_ = {"start": round(analysis.start, 3), "end": end, "audio": audio}
    report = {"media_info": analysis.media_info, "processed_region": region_, "notes": [GUESSED, *notes]}
    write_report(report, output)
    return {}
