"""Report of an analysis: frame, loudness and scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.denoise import lowest_levels
from dolbyio_nb.audio.loudness import Gate, Readings, gated, measure_peaks
from dolbyio_nb.audio.sound import Interval, Mask, Progress, Sound, share, stage, widened
from dolbyio_nb.audio.spectrum import TINY, Powers, to_decibels
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
    whole = read_sound(source, stage(progress, 0, 0.4), surround=True)
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


GUESSED = "Speech is found by Silero's voice detector; music, by a simple rule: a guess."
NOT_JUDGED = "Noise and quality are judged where a voice can be heard; the rest has no mark."
UNHEARD = "Reverberation and saturation are not judged."


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
NOISE_WEIGHT, CLIPPING_COST, CLIPPED_COST, BAND_COST, FULL_BAND = 0.6, 3.0, 12.0, 3.0, 7000.0
ROWS = 10
SEGMENT = 5  # seconds


@dataclass(frozen=True, eq=False)
class Marks:
    """One mark a second, not a number where it cannot be judged; the last second may be short."""

    values: Powers
    seconds: float

    @property
    def weights(self) -> Powers:
        """How long each second is."""
        return np.clip(self.seconds - np.arange(len(self.values)), 0, 1)

    @property
    def judged(self) -> Mask:
        """The seconds that have a mark."""
        return ~np.isnan(self.values)

    @property
    def average(self) -> float | None:
        return self._mean(slice(None), 1)

    def over(self, section: Interval) -> float | None:
        """The mean mark of a stretch."""
        return self._mean(slice(int(section.start), int(np.ceil(section.end))), 2)

    def _mean(self, part: slice, digits: int) -> float | None:
        values, weights = self.values[part], self.weights[part] * self.judged[part]
        if not weights.any():
            return None
        return round(float(np.average(np.nan_to_num(values), weights=weights)), digits)

    def distribution(self) -> list[dict[str, float]]:
        """Ten rows: how much of the time that was judged each mark was given."""
        row = np.minimum(np.nan_to_num(self.values, nan=-1).astype(int), ROWS - 1)
        durations = [float(self.weights[self.judged & (row == lower)].sum()) for lower in range(ROWS)]
        whole = sum(durations) or 1.0
        return [
            {
                "lower_bound": lower,
                "upper_bound": lower + 1,
                "duration": round(duration, 2),
                "percentage": round(100 * duration / whole, 1),
            }
            for lower, duration in enumerate(durations)
        ]

    def worst(self) -> dict[str, float] | None:
        """The five seconds with the lowest marks; None where nothing was judged."""
        if not self.judged.any():
            return None
        length = min(SEGMENT, len(self.values))
        sums, counts = (
            np.convolve(each, np.ones(length), mode="valid")
            for each in (np.nan_to_num(self.values), self.judged.astype(float))
        )
        means = np.where(counts, sums / np.maximum(counts, 1), np.inf)
        start = int(np.argmin(means))
        end = round(min(start + length, self.seconds), 2)
        return {"start": float(start), "end": end, "score": round(float(means[start]), 1)}

    def report(self) -> dict[str, Any]:
        return {"average": self.average, "distribution": self.distribution()}


def noise_marks(content: Activity, seconds: float) -> Marks:
    """The noise mark of every second: how far the voice stands over what is heard in its pauses.

    Music is not judged, and nothing is where nobody speaks.
    """
    spectrum = content.spectrum
    total = spectrum.totals
    if not content.spoken.any():
        return Marks(np.full(max(1, int(np.ceil(seconds))), np.nan), seconds)
    floors = _floors(content)
    voice = np.maximum((total - floors)[content.spoken].mean(), TINY)
    frames = np.clip((CLEAR - to_decibels(voice) + to_decibels(floors)) / PER_MARK, 0, ROWS)
    marks = _by_second(frames, spectrum.hop, seconds)
    for section in content.music:
        marks[int(section.start) : int(np.ceil(section.end))] = np.nan
    return Marks(marks, seconds)


AROUND = 3.0  # seconds to either side in which pauses tell the noise
FEWEST, MARGIN = 0.3, 0.1  # seconds of pauses that are enough, and kept away from the voice


def _floors(content: Activity) -> Powers:
    """The noise around every frame: the mean of the pauses near it, or of all; at least the tracker's."""
    spectrum, total = content.spectrum, content.spectrum.totals
    lowest = lowest_levels(spectrum)
    pauses = (~widened(content.spoken, round(MARGIN / spectrum.hop))).astype(float)
    if pauses.sum() * spectrum.hop < FEWEST:
        return lowest
    half = round(AROUND / spectrum.hop)
    sums, counts = (_moving_sum(each, half) for each in (total * pauses, pauses))
    overall = float((total * pauses).sum() / pauses.sum())
    near = np.where(counts * spectrum.hop >= FEWEST, sums / np.maximum(counts, 1), overall)
    return np.maximum(near, lowest)


def _moving_sum(values: Powers, half: int) -> Powers:
    """Of every value and `half` of them to either side."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    return np.asarray(sums[np.minimum(places + half + 1, len(values))] - sums[np.maximum(places - half, 0)])


def quality_marks(noise: Marks, clipping: list[Interval], bandwidth: float) -> Marks:
    """The quality mark of every second that the noise was judged in."""
    narrow = BAND_COST * np.clip(np.log2(FULL_BAND / max(bandwidth, 1.0)), 0, 1)
    marks = ROWS - NOISE_WEIGHT * noise.values - narrow
    return Marks(np.clip(marks - _clipping_cost(clipping, len(marks)), 0, ROWS), noise.seconds)


def _clipping_cost(clipping: list[Interval], seconds: int) -> Powers:
    """Marks off every second that clipping touches, and more the more of it is clipped."""
    starts = np.arange(seconds)
    touched, clipped_ = np.zeros(seconds), np.zeros(seconds)
    for section in clipping:
        inside = np.minimum(section.end, starts + 1) - np.maximum(section.start, starts)
        touched[inside >= 0] = 1
        clipped_ += np.maximum(inside, 0)
    return CLIPPING_COST * touched + CLIPPED_COST * clipped_


def _by_second(frames: Powers, hop: float, seconds: float) -> Powers:
    count = max(1, int(np.ceil(seconds)))
    second = np.minimum((np.arange(len(frames)) * hop).astype(int), count - 1)
    sums, sizes = np.bincount(second, frames, count), np.bincount(second, minlength=count)
    return np.asarray(np.where(sizes, sums / np.maximum(sizes, 1), frames[-1]))


def mode(gate: Gate) -> str:
    """The service's word for it."""
    return "speech" if gate else "level"


NOTE = "Clipping means flat tops, whatever made them: a synthesizer's square wave counts as well."
