"""A recording described: loudness over time, faults, noise, speech, music and silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .analysis import Analysis, begin, finish
from .bandwidth import bandwidth
from .clipping import NOTE, clipped
from .gating import Gate, speech_gate
from .loudness import Readings, meter
from .noise import measure_noise, signal_to_noise
from .options import Options
from .peaks import decibels, sample_peaks, true_peaks
from .progress import Tell, part
from .reports import listed, loudness_report, percentage, timed
from .silence import DURATION, THRESHOLD, find_silence
from .validation import limits, validated

METERING = ("1770-1", "1770-2", "1770-3", "1770-4")
UNGATED = "1770-1"
"""The first edition of BS.1770 knew no gate; the later ones are measured alike."""


def analyze(body: Any, source: Path, output: Path, tell: Tell) -> dict[str, Any]:
    """Write the documented report of Analyze to `output`; the polling answer itself is empty."""
    options = Options(body)
    metering = options.choice("loudness.metering_mode", METERING)
    asked = limits(options)
    analysis = begin(options, source, part(tell, 0, 0.4))
    readings = meter(analysis.sound, part(tell, 0.4, 0.5))
    loudness = _loudness(analysis, readings, options, metering, part(tell, 0.5, 0.8))
    audio = {
        "clipping": listed(clipped(analysis.sound, part(tell, 0.8, 0.9)), analysis.start),
        "loudness": loudness,
        **({"validation": {"loudness": validated(loudness, asked)}} if asked else {}),
        "bandwidth": bandwidth(analysis.sound, part(tell, 0.9, 1)),
        "noise": _noise(analysis),
        "music": _heard(analysis, readings, "music"),
        "speech": _heard(analysis, readings, "speech"),
        "silence": _silence(analysis, options),
    }
    return finish(analysis, audio, output, NOTE)


def _loudness(
    analysis: Analysis, readings: Readings, options: Options, metering: str | None, tell: Tell
) -> dict[str, Any]:
    report = loudness_report(analysis.sound, readings, _gate(analysis, options, metering), part(tell, 0, 0.5))
    if metering == UNGATED:
        report["measured"] = round(readings.ungated(0, analysis.sound.seconds), 2)
    return report | {"time_series": _time_series(analysis, readings, part(tell, 0.5, 1))}


def _gate(analysis: Analysis, options: Options, metering: str | None) -> Gate:
    threshold = options.number("loudness.speech_threshold", 15, 0, 100)
    if metering == UNGATED or not options.flag("loudness.dialog_intelligence"):
        return []
    return speech_gate(analysis.content.speech, analysis.sound.seconds, threshold)


def _time_series(analysis: Analysis, readings: Readings, tell: Tell) -> list[list[float]]:
    """A row for every second: time, ungated loudness, sample peak, true peak."""
    peaks = zip(sample_peaks(analysis.sound), true_peaks(analysis.sound, tell), strict=True)
    return [
        [
            round(analysis.start + second, 2),
            round(readings.ungated(second, second + 1), 2),
            round(decibels(float(sample)), 2),
            round(decibels(float(max(sample, true))), 2),
        ]
        for second, (sample, true) in enumerate(peaks)
    ]


def _noise(analysis: Analysis) -> dict[str, float]:
    content = analysis.content
    noise = measure_noise(content.spectrum, content.busy)
    clear = signal_to_noise(content.spectrum, content.busy, noise)
    return {"snr_average": round(clear, 2), "level_average": round(noise.level, 2)}


def _heard(analysis: Analysis, readings: Readings, what: str) -> dict[str, Any]:
    found = analysis.content.music if what == "music" else analysis.content.speech
    sections: list[dict[str, Any]] = [
        timed(s, analysis.start)
        | {"loudness": round(readings.ungated(s.start, s.end), 2)}
        | ({"genre": []} if what == "music" else {})
        for s in found
    ]
    share = percentage(found, analysis.sound.seconds)
    return {"percentage": share, "num_sections": len(found), "sections": sections}


def _silence(analysis: Analysis, options: Options) -> dict[str, Any]:
    threshold = options.number("content.silence.threshold", THRESHOLD, -120, 0)
    duration = options.number("content.silence.duration", DURATION, 0.01, 600)
    found = find_silence(analysis.sound, threshold, duration).sections
    return {"percentage": percentage(found, analysis.sound.seconds)} | listed(found, analysis.start)
