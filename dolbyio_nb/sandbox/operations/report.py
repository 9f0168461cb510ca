"""Report of an analysis: frame, loudness and scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.denoise import tracker
from dolbyio_nb.audio.loudness import Gate, Readings, gated, measure_peaks
from dolbyio_nb.audio.sound import Interval, Progress, Sound, share, stage
from dolbyio_nb.audio.spectrum import Powers, to_decibels
from dolbyio_nb.audio.voice_activity import Activity, listen
from dolbyio_nb.sandbox.http_error import LIMIT, Refused
from dolbyio_nb.sandbox.operations.media_info import media_info
from dolbyio_nb.sandbox.operations.parameters import Options, region

SHORTEST = 2.0
"""Seconds; the service too says that it analyzes nothing shorter."""


@dataclass(frozen=True, eq=False)
class Report:
    """What is analyzed: the region's sound, what it is made of, where it begins, and the file it is from."""

    sound: Sound
    content: Activity
    start: float
    media_info: dict[str, Any]


def begin(options: Options, source: Path, progress: Progress) -> Report:
    """Read the input and tell speech, music and pauses apart."""
    options.content()
    whole = read_sound(source, stage(progress, 0, 0.4))
    start, end = region(options.get("input"), whole.seconds)
    if end - start < SHORTEST:
        detail = f"It lasts {end - start:.2f} s; two seconds are needed."
        raise Refused(LIMIT, "The input is too short", detail)
    sound = whole.cut(start, end)
    return Report(sound, listen(sound, stage(progress, 0.4, 1)), start, media_info(source, whole.seconds))


def finish(analysis: Report, audio: dict[str, Any], output: Path, *notes: str) -> dict[str, Any]:
    """Write the report; the job's own result is empty, as the service's."""
    end = round(analysis.start + analysis.sound.seconds, 3)
    region_ = {"start": round(analysis.start, 3), "end": end, "audio": audio}
    report = {"media_info": analysis.media_info, "processed_region": region_, "notes": [GUESSED, *notes]}
    write_report(report, output)
    return {}


GUESSED = "Speech and music are told apart by a simple rule: a guess."


def loudness_report(sound: Sound, readings: Readings, gate: Gate, progress: Progress) -> dict[str, Any]:
    """Loudness inside the gate, range and peaks of the whole; null where BS.1770 gives none."""
    peaks = measure_peaks(sound, stage(progress, 0, 0.7))
    measured = gated(sound, gate, stage(progress, 0.7, 1)) if gate else readings.integrated
    return {
        "measured": rounded(measured),
        "range": rounded(readings.range),
        "gating_mode": mode(gate),
        "sample_peak": round(peaks.sample, 2),
        "true_peak": round(peaks.true, 2),
    }


def rounded(value: float | None, digits: int = 2) -> float | None:
    """The value as reports say it; null where there is none."""
    return None if value is None else round(value, digits)


def percentage(found: Sequence[Interval], seconds: float) -> float:
    return round(share(found, seconds), 1)


def timed(section: Interval, offset: float) -> dict[str, float]:
    """A section as reports say it, in the time of the whole file."""
    return {"start": round(section.start + offset, 2), "duration": round(section.duration, 2)}


def listed(found: Sequence[Interval], offset: float) -> dict[str, Any]:
    return {"num_sections": len(found), "sections": [timed(section, offset) for section in found]}


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """A report as the JSON file that analyze jobs leave behind."""
    path.write_text(json.dumps(report, indent=1), encoding="utf-8")


CLEAR, PER_MARK = 45.0, 4.0  # dB
NOISE_WEIGHT, CLIPPING_COST, BAND_COST, FULL_BAND = 0.6, 3.0, 3.0, 7000.0
ROWS = 10
SEGMENT = 5  # seconds


@dataclass(frozen=True, eq=False)
class Marks:
    """One mark a second; the last second may be short."""

    values: Powers
    seconds: float

    @property
    def weights(self) -> Powers:
        """How long each second is."""
        return np.clip(self.seconds - np.arange(len(self.values)), 0, 1)

    @property
    def average(self) -> float:
        return round(float(np.average(self.values, weights=self.weights)), 1)

    def over(self, section: Interval) -> float:
        """The mean mark of a stretch."""
        return round(float(self.values[int(section.start) : int(np.ceil(section.end))].mean()), 2)

    def distribution(self) -> list[dict[str, float]]:
        """Ten rows: how much of the time each mark was given."""
        row = np.minimum(self.values.astype(int), ROWS - 1)
        durations = [float(self.weights[row == lower].sum()) for lower in range(ROWS)]
        return [
            {
                "lower_bound": lower,
                "upper_bound": lower + 1,
                "duration": round(duration, 2),
                "percentage": round(100 * duration / self.seconds, 1),
            }
            for lower, duration in enumerate(durations)
        ]

    def worst(self) -> dict[str, float]:
        """The five seconds with the lowest marks."""
        length = min(SEGMENT, len(self.values))
        means = np.convolve(self.values, np.ones(length) / length, mode="valid")
        start = int(np.argmin(means))
        end = round(min(start + length, self.seconds), 2)
        return {"start": float(start), "end": end, "score": round(float(means[start]), 1)}

    def report(self) -> dict[str, Any]:
        return {"average": self.average, "distribution": self.distribution()}


def noise_marks(content: Activity, seconds: float) -> Marks:
    """The noise mark of every second."""
    spectrum = content.spectrum
    floors = to_decibels(tracker(spectrum).sum(axis=1))
    speaking = content.busy if content.busy.any() else np.ones_like(content.busy)
    programme = float(to_decibels(spectrum.powers[speaking].sum(axis=1).mean()))
    frames = np.clip((CLEAR - (programme - floors)) / PER_MARK, 0, ROWS)
    marks = _by_second(frames, spectrum.hop, seconds)
    for section in content.music:
        marks[int(section.start) : int(np.ceil(section.end))] = 0
    return Marks(marks, seconds)


def quality_marks(noise: Marks, clipping: list[Interval], bandwidth: float) -> Marks:
    """The quality mark of every second."""
    narrow = BAND_COST * np.clip(np.log2(FULL_BAND / max(bandwidth, 1.0)), 0, 1)
    marks = ROWS - NOISE_WEIGHT * noise.values - narrow
    for section in clipping:
        marks[int(section.start) : int(section.end) + 1] -= CLIPPING_COST
    return Marks(np.clip(marks, 0, ROWS), noise.seconds)


def _by_second(frames: Powers, hop: float, seconds: float) -> Powers:
    count = max(1, int(np.ceil(seconds)))
    second = np.minimum((np.arange(len(frames)) * hop).astype(int), count - 1)
    sums, sizes = np.bincount(second, frames, count), np.bincount(second, minlength=count)
    return np.asarray(np.where(sizes, sums / np.maximum(sizes, 1), frames[-1]))


def mode(gate: Gate) -> str:
    """The service's word for it."""
    return "speech" if gate else "level"


NOTE = "Clipping means flat tops, whatever made them: a synthesizer's square wave counts as well."
