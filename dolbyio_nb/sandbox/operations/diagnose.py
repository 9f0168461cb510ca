"""Diagnose: the report of one recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.audio.loudness import meter, speech_gate
from dolbyio_nb.audio.restoration import clipped, plosives, sibilants
from dolbyio_nb.audio.sound import Progress, Sound, stage
from dolbyio_nb.audio.spectrum import bandwidth
from dolbyio_nb.audio.voice_activity import Activity, Silence, find_silence, listen
from dolbyio_nb.sandbox.operations.media_info import media_info
from dolbyio_nb.sandbox.operations.parameters import Options, region
from dolbyio_nb.sandbox.operations.report import (
    GUESSED,
    NOT_JUDGED,
    NOTE,
    UNHEARD,
    loudness_report,
    noise_marks,
    percentage,
    quality_marks,
)

THRESHOLD = 15.0
"""Percent of speech from which loudness is measured in speech alone: the guide's example."""
SHORTEST = 0.1  # seconds without a mark that are worth a word
NOTES = [
    GUESSED,
    "Quality and noise scores are the sandbox's own formulas, not the service's.",
    NOTE,
    UNHEARD,
]


def diagnose(body: Any, source: Path, progress: Progress) -> dict[str, Any]:
    """The documented result of Diagnose, in the polling answer itself, and `notes` on how far to trust it."""
    options = Options(body)
    options.content()
    whole = read_sound(source, stage(progress, 0, 0.2), surround=True)
    sound = whole.cut(*region(options.get("input"), whole.seconds))
    content = listen(sound, stage(progress, 0.2, 0.5))
    gate = speech_gate(content.speech, sound.seconds, THRESHOLD)
    scores = _scores(sound, content, stage(progress, 0.5, 0.7))
    readings = meter(sound, stage(progress, 0.7, 0.8))
    return {
        "media_info": media_info(source, whole.seconds),
        "audio": {
            **scores,
            "loudness": loudness_report(sound, readings, gate, stage(progress, 0.8, 1)),
            "music": {"percentage": percentage(content.music, sound.seconds)},
            "silence": _silence(find_silence(sound)),
            "speech": _speech(sound, content),
        },
        "notes": [*NOTES, *_notes(scores, sound, readings.integrated if gate else None)],
    }


def _notes(scores: dict[str, Any], sound: Sound, programme: float | None) -> list[str]:
    judged = sum(row["duration"] for row in scores["noise_score"]["distribution"])
    notes = [] if judged > sound.seconds - SHORTEST else [NOT_JUDGED]
    if programme is not None:
        notes.append(f"Loudness is that of the speech; of the whole programme it is {programme:.1f} LUFS.")
    return notes


def _scores(sound: Sound, content: Activity, progress: Progress) -> dict[str, Any]:
    clipping = clipped(sound, stage(progress, 0, 0.5))
    noise = noise_marks(content, sound.seconds)
    quality = quality_marks(noise, clipping, bandwidth(sound, stage(progress, 0.5, 1)))
    return {
        "quality_score": quality.report() | {"worst_segment": quality.worst()},
        "noise_score": noise.report(),
        "clipping": {"events": len(clipping)},
    }


def _silence(silence: Silence) -> dict[str, Any]:
    return {
        "percentage": percentage(silence.sections, silence.seconds),
        "at_beginning": round(silence.at_beginning, 2),
        "at_end": round(silence.at_end, 2),
        "num_sections": len(silence.sections),
        "silent_channels": silence.channels,
    }


def _speech(sound: Sound, content: Activity) -> dict[str, Any]:
    events = {
        "plosive": len(plosives(content.spectrum, content.spoken)),
        "sibilance": len(sibilants(content.spectrum, content.spoken)),
    }
    return {"percentage": percentage(content.speech, sound.seconds), "events": events}
