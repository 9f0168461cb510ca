"""Speech and music analysis: reports with a section for each stretch of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dolbyio_nb.audio.loudness import Readings, gated, meter
from dolbyio_nb.audio.music import key, tempo
from dolbyio_nb.audio.restoration import clipped
from dolbyio_nb.audio.sound import Interval, Progress, stage, stages
from dolbyio_nb.audio.spectrum import bandwidth
from dolbyio_nb.sandbox.operations.parameters import Options
from dolbyio_nb.sandbox.operations.report import (
    Marks,
    Report,
    begin,
    finish,
    noise_marks,
    percentage,
    quality_marks,
    rounded,
    timed,
)

ONE_TALKER = "Voices are not told apart: all speech is given to one talker."


def analyze_speech(body: Any, source: Path, output: Path, progress: Progress) -> dict[str, Any]:
    """Write the documented report of Analyze Speech to `output`.

    `talk_listen_ratio` is the talker's share of the whole time; a section's `confidence` is the share of
    its frames that stand out of the noise: readings of ours, since the service's are not published.
    """
    analysis = begin(Options(body), source, stage(progress, 0, 0.5))
    readings = meter(analysis.sound, stage(progress, 0.5, 0.7))
    marks = _marks(analysis, stage(progress, 0.7, 1))
    talkers = [_talker(analysis, readings, marks)] if analysis.content.speech else []
    share = percentage(analysis.content.speech, analysis.sound.seconds)
    speech = {"num_talkers": len(talkers), "percentage": share, "details": talkers}
    return finish(analysis, {"speech": speech}, output, ONE_TALKER)


def _marks(analysis: Report, progress: Progress) -> Marks:
    sound = analysis.sound
    clipping = clipped(sound, stage(progress, 0, 0.5))
    return quality_marks(
        noise_marks(analysis.content, sound.seconds), clipping, bandwidth(sound, stage(progress, 0.5, 1))
    )


def _talker(analysis: Report, readings: Readings, marks: Marks) -> dict[str, Any]:
    speech = analysis.content.speech
    sections = [_speech_section(analysis, readings, marks, n, s) for n, s in enumerate(speech, 1)]
    return {
        "talker_id": 1,
        "talk_listen_ratio": round(percentage(speech, analysis.sound.seconds) / 100, 2),
        "loudness": {
            "measured": rounded(gated(analysis.sound, speech)),
            "range": rounded(readings.range),
        },
        "quality_score": marks.average,
        "longest_monologue": round(max(section.duration for section in speech), 2),
        "num_sections": len(sections),
        "sections": sections,
    }


def _speech_section(
    analysis: Report, readings: Readings, marks: Marks, number: int, section: Interval
) -> dict[str, Any]:
    hop = analysis.content.spectrum.hop
    frames = analysis.content.busy[int(section.start / hop) : int(section.end / hop) + 1]
    return {
        "section_id": f"tk_1_{number}",
        **timed(section, analysis.start),
        "confidence": round(float(frames.mean()), 2),
        "loudness": round(readings.ungated(section.start, section.end), 2),
        "quality_score": marks.over(section),
    }


LEFT_EMPTY = (
    "Genre, era and instruments are left empty: they cannot honestly be told here. "
    "Tempo may be off by a factor of two, and nothing tells how sure a key is."
)


def analyze_music(body: Any, source: Path, output: Path, progress: Progress) -> dict[str, Any]:
    """Write the documented report of Analyze Music to `output`.

    `key` is a list of one pair, name and null, as nothing here tells how sure it is; `bpm` is null where no
    beat was found.
    """
    analysis = begin(Options(body), source, stage(progress, 0, 0.5))
    readings = meter(analysis.sound, stage(progress, 0.5, 0.6))
    found = analysis.content.music
    sections = []
    shares = stages(stage(progress, 0.6, 1), len(found))
    for number, (section, share) in enumerate(zip(found, shares, strict=True), 1):
        sections.append(_music_section(analysis, readings, number, section, share))
    share_of_time = percentage(found, analysis.sound.seconds)
    music = {"percentage": share_of_time, "num_sections": len(found), "sections": sections}
    return finish(analysis, {"music": music}, output, LEFT_EMPTY)


def _music_section(
    analysis: Report, readings: Readings, number: int, section: Interval, progress: Progress
) -> dict[str, Any]:
    sound = analysis.sound.cut(section.start, section.end)
    tonality = key(sound, stage(progress, 0, 0.4))
    return {
        "section_id": f"mu_{number}",
        **timed(section, analysis.start),
        "loudness": round(readings.ungated(section.start, section.end), 2),
        "bpm": tempo(sound, stage(progress, 0.4, 1)),
        "key": [[tonality, None]] if tonality else [],
        "genre": [],
        "era": [],
        "instrument": [],
    }
