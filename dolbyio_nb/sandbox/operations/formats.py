"""Formats of outputs: as asked, by the name, or as the input has it."""

from __future__ import annotations

from pathlib import Path

from dolbyio_nb.audio.decode import opened, sound_of, video_of
from dolbyio_nb.audio.encode import FORMATS, Encoding, format_called

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
FALLBACK = "wav"  # for inputs of kinds that are read here and not written, under a name that says nothing
PCM = ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le")


def kind_of(source: Path, destination: Path) -> str:
    """The kind of the input; the one that the output's name says only where that cannot be written here."""
    with opened(source) as container:
        name, has_video = container.format.name, video_of(container) is not None
        if name == MP4:
            return "mp4" if has_video or source.suffix == ".mp4" else "m4a"
    named = destination.suffix.lstrip(".")
    return name if name in FORMATS else (named if named in FORMATS else FALLBACK)


def changes(source: Path, destination: Path) -> list[str]:
    """Sentences on what of the input the output cannot have, or has of several."""
    with opened(source) as container:
        sounds, name = len(container.streams.audio), container.format.name
        sound = sound_of(container)
        channels, number = (sound.channels, sound.index) if sound else (0, 0)
        place = [stream.index for stream in container.streams.audio].index(number) + 1 if sound else 0
    written = kind_of(source, destination)
    kind = name.partition(",")[0]
    said = [
        (
            f"The input is {kind}, which is not written here: the result is {written}.",
            _differs(name, written),
        ),
        (f"Of its {sounds} sound tracks number {place} was taken, which players take.", sounds > 1),
        (f"Its {channels} channels were mixed to two.", channels > STEREO),
    ]
    return [sentence for sentence, holds in said if holds]


STEREO = 2


def _differs(name: str, written: str) -> bool:
    return name != MP4 and name not in FORMATS and written not in name.split(",")


def same_as(source: Path, destination: Path) -> Encoding:
    """The format of the input, in PCM with as many bits."""
    format_ = format_called(kind_of(source, destination))
    with opened(source) as container:
        sound = sound_of(container)
        codec = sound.codec_context.name if sound else ""
    return Encoding(format_, codec=codec if format_.muxer == "wav" and codec in PCM else None)
