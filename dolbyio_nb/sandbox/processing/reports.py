"""The parts that the reports of several operations have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .gating import Gate, gated, mode
from .loudness import Readings, measure_peaks
from .progress import Tell, part
from .sections import Section, share
from .sound import Sound

GUESSED = "Speech and music are told apart by a simple rule: a guess."


def loudness_report(sound: Sound, readings: Readings, gate: Gate, tell: Tell) -> dict[str, Any]:
    """Loudness inside the gate, range and peaks of the whole, to two decimals."""
    peaks = measure_peaks(sound, part(tell, 0, 0.7))
    measured = gated(sound, gate, part(tell, 0.7, 1)) if gate else readings.integrated
    return {
        "measured": round(measured, 2),
        "range": round(readings.range, 2),
        "gating_mode": mode(gate),
        "sample_peak": round(peaks.sample, 2),
        "true_peak": round(peaks.true, 2),
    }


def percentage(found: Sequence[Section], seconds: float) -> float:
    return round(share(found, seconds), 1)


def timed(section: Section, offset: float) -> dict[str, float]:
    """A section as reports say it, in the time of the whole file."""
    return {"start": round(section.start + offset, 2), "duration": round(section.duration, 2)}


def listed(found: Sequence[Section], offset: float) -> dict[str, Any]:
    return {"num_sections": len(found), "sections": [timed(section, offset) for section in found]}


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """A report as the JSON file that analyze jobs leave behind."""
    path.write_text(json.dumps(report, indent=1), encoding="utf-8")
