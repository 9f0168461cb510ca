"""The video of a file: carried over untouched, or one still of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av import Packet
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from .reading import opened
from .refusal import unwritable

CARRIED = {"av1", "h264", "hevc", "mpeg4", "vp9"}
"""Codecs that an MP4 file may hold."""


def video_of(container: InputContainer) -> VideoStream | None:
    """The moving picture; the cover of a music file is none."""
    moving = (s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
    return next(moving, None)


@contextmanager
def copied(source: Path | None, into: OutputContainer) -> Iterator[Iterator[Packet[VideoStream]]]:
    """The source's video packets, ready for the other container; none if it has no video."""
    if source is None:
        yield iter(())
        return
    with opened(source) as container:
        original = video_of(container)
        yield iter(()) if original is None else _packets(container, original, into)


def _packets(
    container: InputContainer, original: VideoStream, into: OutputContainer
) -> Iterator[Packet[VideoStream]]:
    codec = original.codec_context.codec.canonical_name
    if codec not in CARRIED:
        raise unwritable(f"Its {codec} video cannot be carried over into an MP4 file without coding it anew.")
    copy = into.add_stream_from_template(original)
    return _restamped(container, original, copy)


def _restamped(
    container: InputContainer, original: VideoStream, copy: VideoStream
) -> Iterator[Packet[VideoStream]]:
    for packet in container.demux(original):
        if packet.dts is not None:
            packet.stream = copy
            yield packet
