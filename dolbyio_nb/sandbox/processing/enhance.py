"""A recording made easier to listen to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .cleaning import cleaned
from .gating import speech_gate
from .levelling import levelled
from .noise import measure_noise
from .options import Options, has_region, region
from .picture import has_picture
from .progress import Tell, part
from .reading import read_sound
from .sections import share
from .sound import Sound
from .speech import Content, listen
from .wishes import Wishes, wished
from .writing import write_sound

MOSTLY = 50.0  # percent of the time

NOTE_ISOLATION = "Speech isolation is a gentle noise reduction here: it does not part a voice from music."
NOTE_MUSIC = "The sound seems to be music, so what is meant for voices was left off."
NOTE_NO_PAUSES = "No pauses were found to measure noise in, so none was taken away."
NOTE_SILENT = "Neither a voice nor music was heard: silence, or steady noise."
NOTE_EQUALIZER = "The dynamic equalizer has no counterpart here and did nothing."
NOTE_PICTURE = "With a region, only the sound is written: the video cannot be cut without coding it anew."


def enhance(body: Any, source: Path, output: Path, tell: Tell) -> dict[str, Any]:
    """Clean the sound up, level it, and write it with the picture it came with.

    Returns `{}` as the service does, or `notes`: sentences on what was not done and why.
    """
    options = Options(body)
    whole = read_sound(source, part(tell, 0, 0.1))
    sound = whole.cut(*region(options.get("input"), whole.seconds))
    content = listen(sound, part(tell, 0.1, 0.2))
    detect = options.flag("audio.music.detection.enable")
    musical = detect and share(content.music, sound.seconds) > MOSTLY
    wishes = wished(options, musical)
    result = cleaned(sound, wishes, content, part(tell, 0.2, 0.6))
    result = _levelled(result, wishes, content, part(tell, 0.6, 0.85))
    whole_picture = None if has_region(options.get("input")) else source
    write_sound(result, output, picture_of=whole_picture, tell=part(tell, 0.85, 1))
    notes = _notes(options, wishes, content, musical)
    if whole_picture is None and has_picture(source):
        notes.append(NOTE_PICTURE)
    return {"notes": notes} if notes else {}


def _levelled(sound: Sound, wishes: Wishes, content: Content, tell: Tell) -> Sound:
    if wishes.target is None:
        return sound
    speech = content.speech if wishes.dialogue else []
    gate = speech_gate(speech, sound.seconds, wishes.speech_threshold)
    return levelled(sound, wishes.target, gate, tell)


def _notes(options: Options, wishes: Wishes, content: Content, musical: bool) -> list[str]:
    """Sentences for what a listener would otherwise wonder about."""
    if not content.busy.any():
        return [NOTE_SILENT]
    unasked = musical and options.content() is None
    quiet = bool(wishes.noise) and not measure_noise(content.spectrum, content.busy).in_pauses
    said = [
        (NOTE_MUSIC, unasked),
        (NOTE_ISOLATION, wishes.isolation > 0),
        (NOTE_NO_PAUSES, quiet),
        (NOTE_EQUALIZER, options.flag("audio.filter.dynamic_eq.enable", False)),
    ]
    return [note for note, holds in said if holds]
