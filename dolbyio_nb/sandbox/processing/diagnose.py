"""What is good and what is wrong with a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .loudness import measure
from .media_info import media_info
from .progress import Tell, part
from .reading import read_sound


def diagnose(source: Path, tell: Tell) -> dict[str, Any]:
    sound = read_sound(source, part(tell, 0, 0.2))
    loudness = measure(sound, part(tell, 0.2, 0.5))
    return {
        "media_info": media_info(source, sound.seconds),
        "audio": {
            "loudness": {
                "measured": round(loudness.measured, 2),
                "range": round(loudness.range, 2),
                "gating_mode": "level",
                "sample_peak": round(loudness.sample_peak, 2),
                "true_peak": round(loudness.true_peak, 2),
            }
        },
    }
