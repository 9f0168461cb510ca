"""Analyze, with validation against limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolbyio_nb.audio.denoise import measure_noise, signal_to_noise
from dolbyio_nb.audio.loudness import Gate, Readings, decibels, meter, sample_peaks, speech_gate, true_peaks
from dolbyio_nb.audio.restoration import clipped
from dolbyio_nb.audio.sound import Progress, stage
from dolbyio_nb.audio.spectrum import bandwidth
from dolbyio_nb.audio.voice_activity import DURATION, THRESHOLD, find_silence
from dolbyio_nb.sandbox.operations.parameters import Options
from dolbyio_nb.sandbox.operations.report import (
    NOTE,
    Report,
    begin,
    finish,
    listed,
    loudness_report,
    percentage,
    timed,
)

TOLERANCE = 1.0
"""LU to either side of a profile's loudness."""
PROFILES = {"service_amazon": (-14.0, -2.0), "service_spotify": (-14.0, -1.0)}
"""Loudness in LUFS and highest true peak in dB that Amazon Music and Spotify publish for music."""


@dataclass(frozen=True)
class Limits:
    """LUFS and dB; infinite where nothing is asked."""

    low: float
    high: float
    true_peak: float


def limits(options: Options) -> Limits | None:
    """The limits of the profile, if one is named, replaced by those that the request gives itself."""
    profile = options.choice("loudness.profile", tuple(PROFILES))
    own = options.get("validation.loudness")
    if profile is None and not own:
        return None
    low, high, peak = -math.inf, math.inf, math.inf
    if profile:
        loudness, peak = PROFILES[profile]
        low, high = loudness - TOLERANCE, loudness + TOLERANCE
    group = "validation.loudness"
    return Limits(
        options.number(f"{group}.loudness_min", low, -120, 20),
        options.number(f"{group}.loudness_max", high, -120, 20),
        options.number(f"{group}.true_peak_max", peak, -120, 20),
    )


def validated(loudness: dict[str, Any], asked: Limits) -> dict[str, Any]:
    """`pass`, and `detail` in words."""
    measured, peak = loudness["measured"], loudness["true_peak"]
    if measured is None:
        return {"pass": False, "detail": "there is no loudness: the sound is too short or too quiet for one"}
    faults = []
    if not asked.low <= measured <= asked.high:
        span = f"[{asked.low:g},{asked.high:g}]"
        faults.append(f"measured loudness {measured:.2f} outside range specified {span}")
    if peak > asked.true_peak:
        faults.append(f"true peak {peak:.2f} above maximum specified {asked.true_peak:g}")
    detail = "; ".join(faults) or f"measured loudness {measured:.2f} and true peak {peak:.2f} as specified"
    return {"pass": not faults, "detail": detail}


METERING = ("1770-1", "1770-2", "1770-3", "1770-4")
UNGATED = "1770-1"
"""The first edition of BS.1770 knew no gate; the later ones are measured alike."""


def analyze(body: Any, source: Path, output: Path, progress: Progress) -> dict[str, Any]:
    """Write the documented report of Analyze to `output`; the polling answer itself is empty."""
    options = Options(body)
    metering = options.choice("loudness.metering_mode", METERING)
    asked = limits(options)
    analysis = begin(options, source, stage(progress, 0, 0.4))
    readings = meter(analysis.sound, stage(progress, 0.4, 0.5))
    loudness = _loudness(analysis, readings, options, metering, stage(progress, 0.5, 0.8))
    audio = {
        "clipping": listed(clipped(analysis.sound, stage(progress, 0.8, 0.9)), analysis.start),
        "loudness": loudness,
        **({"validation": {"loudness": validated(loudness, asked)}} if asked else {}),
        "bandwidth": bandwidth(analysis.sound, stage(progress, 0.9, 1)),
        "noise": _noise(analysis),
        "music": _heard(analysis, readings, "music"),
        "speech": _heard(analysis, readings, "speech"),
        "silence": _silence(analysis, options),
    }
    return finish(analysis, audio, output, NOTE)


def _loudness(
    analysis: Report, readings: Readings, options: Options, metering: str | None, progress: Progress
) -> dict[str, Any]:
    report = loudness_report(
        analysis.sound, readings, _gate(analysis, options, metering), stage(progress, 0, 0.5)
    )
    if metering == UNGATED:
        report["measured"] = round(readings.ungated(0, analysis.sound.seconds), 2)
    return report | {"time_series": _time_series(analysis, readings, stage(progress, 0.5, 1))}


def _gate(analysis: Report, options: Options, metering: str | None) -> Gate:
    threshold = options.number("loudness.speech_threshold", 15, 0, 100)
    if metering == UNGATED or not options.flag("loudness.dialog_intelligence"):
        return []
    return speech_gate(analysis.content.speech, analysis.sound.seconds, threshold)


def _time_series(analysis: Report, readings: Readings, progress: Progress) -> list[list[float]]:
    """A row for every second: time, ungated loudness, sample peak, true peak."""
    peaks = zip(sample_peaks(analysis.sound), true_peaks(analysis.sound, progress), strict=True)
    return [
        [
            round(analysis.start + second, 2),
            round(readings.ungated(second, second + 1), 2),
            round(decibels(float(sample)), 2),
            round(decibels(float(max(sample, true))), 2),
        ]
        for second, (sample, true) in enumerate(peaks)
    ]


def _noise(analysis: Report) -> dict[str, float]:
    content = analysis.content
    noise = measure_noise(content.spectrum, content.busy)
    clear = signal_to_noise(content.spectrum, content.busy, noise)
    return {"snr_average": round(clear, 2), "level_average": round(noise.level, 2)}


def _heard(analysis: Report, readings: Readings, what: str) -> dict[str, Any]:
    found = analysis.content.music if what == "music" else analysis.content.speech
    sections: list[dict[str, Any]] = [
        timed(s, analysis.start)
        | {"loudness": round(readings.ungated(s.start, s.end), 2)}
        | ({"genre": []} if what == "music" else {})
        for s in found
    ]
    share = percentage(found, analysis.sound.seconds)
    return {"percentage": share, "num_sections": len(found), "sections": sections}


def _silence(analysis: Report, options: Options) -> dict[str, Any]:
    threshold = options.number("content.silence.threshold", THRESHOLD, -120, 0)
    duration = options.number("content.silence.duration", DURATION, 0.01, 600)
    found = find_silence(analysis.sound, threshold, duration).sections
    return {"percentage": percentage(found, analysis.sound.seconds)} | listed(found, analysis.start)
