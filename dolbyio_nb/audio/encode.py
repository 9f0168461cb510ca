"""Encoding of sound to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import av
import numpy as np
from av import Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition

from dolbyio_nb.audio.decode import cause, cover_of, media_errors, opened, sound_of
from dolbyio_nb.audio.filters import frame_of, resampled
from dolbyio_nb.audio.sound import Floats, Progress, Sound, no_progress, stage, tracked
from dolbyio_nb.errors import SoundUnwritable

AnyPacket: TypeAlias = "Packet[Any]"


class Video(Protocol):
    """The pictures of a new file."""

    def packets(self, into: OutputContainer) -> AbstractContextManager[Iterable[AnyPacket]]:
        """Add a stream to the new file, and give what goes into it."""


@dataclass(frozen=True)
class Encoding:
    """How to write: a format, and the settings that replace its own settings."""

    format: Format
    bitrate: int | None = None
    codec: str | None = None
    sample_format: str | None = None


def write_sound(
    sound: Sound,
    path: Path,
    *,
    encoding: Encoding | None = None,
    video: Video | None = None,
    tagged_as: Path | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write the sound; the format follows the file's ending unless `encoding` says otherwise.

    With `video`, its pictures stand beside the sound; with `tagged_as`, it has that file's titles and cover.
    """
    encoding = encoding or Encoding(format_called(path.suffix))
    sound = resampled(sound, encoding.format.rate_for(sound.rate), stage(progress, 0, 0.2))
    with _created(path, encoding.format) as container:
        stream = _stream(container, sound, encoding)
        cover = list(_tagged(container, stream, encoding.format, tagged_as)) if tagged_as else []
        with video.packets(container) if video else nullcontext(()) as pictures:
            audio = _encoded(sound, stream, stage(progress, 0.2, 1))
            for packet in chain(cover, merge(audio, pictures, key=_time)):
                container.mux(packet)


def write_samples(path: str | Path, samples: Floats, rate: int) -> Path:
    """Write samples to a file whose ending names the format (wav, flac, mp3, m4a, ogg …); give its path.

    Args:
        path: the file; one that is there is replaced.
        samples: floats, 1 at full scale, of shape `(n,)` or `(n, channels)`. What is beyond is cut off.
        rate: in Hz.

    Raises:
        SoundUnwritable: no format has that ending, or it cannot be written there.
    """
    columns = np.asarray(samples, np.float32)
    sound = Sound(columns[:, None] if columns.ndim == 1 else columns, rate)
    write_sound(sound, Path(path))
    return Path(path)


@contextmanager
def _created(path: Path, kind: Format) -> Iterator[OutputContainer]:
    with (
        media_errors(lambda error: _unwritable(path.name, f"Writing it ended in: {cause(error)}.")),
        path.open("wb") as file,
        av.open(file, "w", format=kind.muxer, options=dict(kind.options)) as container,
    ):
        yield container


def _stream(container: OutputContainer, sound: Sound, encoding: Encoding) -> AudioStream:
    kind = encoding.format
    added = container.add_stream(encoding.codec or kind.codec, rate=sound.rate, layout=sound.layout)
    stream = cast(AudioStream, added)
    if sample_format := encoding.sample_format or kind.sample_format:
        stream.format = sample_format
    if kind.bitrate:
        stream.bit_rate = encoding.bitrate or kind.bitrate
    return stream


TAGS = (
    "album", "album_artist", "artist", "comment", "composer", "copyright", "date", "description", "disc",
    "genre", "publisher", "title", "track",
)  # fmt: skip
"""The names by which FFmpeg keeps what people say about a recording, in any format."""


def _tagged(
    container: OutputContainer, stream: AudioStream, kind: Format, source: Path
) -> Iterator[AnyPacket]:
    """Give the new file what the source says about itself, and the packet of its cover."""
    with opened(source) as given:
        sound = sound_of(given)
        of_sound = sound.metadata if sound else {}
        said = {name.lower(): text for name, text in {**of_sound, **given.metadata}.items()}
        container.metadata.update({name: said[name] for name in TAGS if name in said})
        stream.metadata.update({name: text for name, text in of_sound.items() if name == "language"})
        if (cover := cover_of(given)) and cover.codec_context.codec.canonical_name in kind.covers:
            copy = container.add_stream_from_template(cover)
            copy.disposition = Disposition.attached_pic
            for packet in islice((one for one in given.demux(cover) if one.size), 1):
                packet.stream, packet.pts, packet.dts = copy, 0, 0
                yield packet


def _encoded(sound: Sound, stream: AudioStream, progress: Progress) -> Iterator[AnyPacket]:
    position = 0
    for block in tracked(sound, progress):
        yield from stream.encode(frame_of(block, sound.rate, position))
        position += len(block)
    yield from stream.encode(None)


def _time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base


@dataclass(frozen=True)
class Format:
    """FFmpeg's names for a kind of file; `rates` in Hz is empty where any rate goes, `covers` has the codecs
    of pictures that it takes as a cover."""

    muxer: str
    codec: str
    rates: tuple[int, ...] = ()
    bitrate: int | None = None
    sample_format: str | None = None
    covers: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)

    def rate_for(self, rate: int) -> int:
        """The rate to write a sound of `rate` at: the same, or the next one up that the codec knows."""
        if not self.rates or rate in self.rates:
            return rate
        return min((known for known in self.rates if known > rate), default=max(self.rates))


MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
AAC_RATES = (*MP3_RATES, 64000, 88200, 96000)
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
COVERS = frozenset({"mjpeg", "png"})
_OGG = Format("ogg", "libopus", OPUS_RATES, 128_000)
FORMATS = {
    "wav": Format("wav", "pcm_s16le"),
    "flac": Format("flac", "flac", sample_format="s16", covers=COVERS),
    "mp3": Format("mp3", "libmp3lame", MP3_RATES, 192_000, covers=COVERS),
    "m4a": Format("mp4", "aac", AAC_RATES, 192_000, covers=COVERS, options={"brand": "M4A "}),
    "mp4": Format("mp4", "aac", AAC_RATES, 192_000, covers=COVERS),
    "mov": Format("mov", "aac", AAC_RATES, 192_000),
    "mkv": Format("matroska", "aac", AAC_RATES, 192_000),
    "webm": Format("webm", "libopus", OPUS_RATES, 128_000),
    "aac": Format("adts", "aac", AAC_RATES, 192_000),
    "ogg": _OGG,
    "opus": _OGG,
}


def format_called(name: str) -> Format:
    """The format of a file ending or a `kind`."""
    try:
        return FORMATS[name.lower().lstrip(".")]
    except KeyError:
        known = ", ".join(sorted(FORMATS))
        kind = repr(name) if name else "files without an ending"
        raise _unwritable(name, f"{kind} is not written here.", f"Choose one of {known}.") from None


def _unwritable(name: str, why: str, next_step: str = "Choose another kind of file.") -> SoundUnwritable:
    return SoundUnwritable(f"{name or 'The output'} cannot be written.", why, next_step)
