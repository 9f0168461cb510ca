"""From samples to a file of the wanted kind, with the picture of another file if it had one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
from av import Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer

from .filters import frame_of, resampled
from .formats import Format, format_called
from .picture import copied
from .progress import Tell, part, silent, told
from .reading import media_errors
from .refusal import unwritable
from .sound import Sound

AnyPacket: TypeAlias = "Packet[Any]"


@dataclass(frozen=True)
class Encoding:
    """How to write: a format, and the wishes that replace its own settings."""

    format: Format
    bitrate: int | None = None
    codec: str | None = None


def write_sound(
    sound: Sound,
    path: Path,
    *,
    encoding: Encoding | None = None,
    picture_of: Path | None = None,
    tell: Tell = silent,
) -> None:
    """Write the sound; the format follows the file's ending unless `encoding` says otherwise.

    With `picture_of`, an MP4 also gets that file's video, its packets copied bit by bit.
    """
    encoding = encoding or Encoding(format_called(path.suffix))
    sound = resampled(sound, encoding.format.rate_for(sound.rate), part(tell, 0, 0.2))
    with _created(path, encoding.format) as container:
        stream = _stream(container, sound, encoding)
        picture = picture_of if encoding.format.muxer == "mp4" else None
        with copied(picture, container) as video:
            audio = _encoded(sound, stream, part(tell, 0.2, 1))
            for packet in merge(audio, video, key=_time):
                container.mux(packet)


@contextmanager
def _created(path: Path, kind: Format) -> Iterator[OutputContainer]:
    with (
        path.open("wb") as file,
        media_errors(unwritable),
        av.open(file, "w", format=kind.muxer) as container,
    ):
        yield container


def _stream(container: OutputContainer, sound: Sound, encoding: Encoding) -> AudioStream:
    kind = encoding.format
    added = container.add_stream(encoding.codec or kind.codec, rate=sound.rate, layout=sound.layout)
    stream = cast(AudioStream, added)
    if kind.sample_format:
        stream.format = kind.sample_format
    if kind.bitrate:
        stream.bit_rate = encoding.bitrate or kind.bitrate
    return stream


def _encoded(sound: Sound, stream: AudioStream, tell: Tell) -> Iterator[AnyPacket]:
    position = 0
    for block in told(sound, tell):
        yield from stream.encode(frame_of(block, sound.rate, position))
        position += len(block)
    yield from stream.encode(None)


def _time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base
