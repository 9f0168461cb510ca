"""The video of a file: carried over untouched, or one still of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from .options import Options
from .reading import opened
from .refusal import beyond, invalid, unreadable, unwritable

CARRIED = {"av1", "h264", "hevc", "mpeg4", "vp9"}
"""Codecs that an MP4 file may hold."""


def video_of(container: InputContainer) -> VideoStream | None:
    """The moving picture, if its coding is known; the cover of a music file is none."""
    known = (s for s in container.streams.video if s.codec_context)
    return next((s for s in known if not s.disposition & Disposition.attached_pic), None)


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


def has_picture(path: Path) -> bool:
    with opened(path) as container:
        return video_of(container) is not None


def check_picture(path: Path, output: Options) -> None:
    """Refuse a request for video that differs from what is there: it is copied, never coded anew."""
    with opened(path) as container:
        video = video_of(container)
        if video is None:
            return
        codec = video.codec_context.codec.canonical_name
        there = {"codec": codec, "width": video.width, "height": video.height}
    for name, value in there.items():
        asked = output.get(f"video.{name}")
        if asked is not None and asked != value:
            raise invalid(
                f"outputs.video.{name}", f"the video is copied as it is here, and its {name} is {value}."
            )


MOST_PIXELS = 8192 * 4320
INTO = 10
"""A still is taken a tenth into the video: many begin black."""


def write_still(source: Path, path: Path, output: Options) -> None:
    """One picture of the video as a PNG file, in the size asked for."""
    with opened(source) as container:
        video = video_of(container)
        if video is None:
            raise unreadable("It has no video to take a picture from.")
        if video.width * video.height > MOST_PIXELS:
            raise beyond(f"Its video has {video.width} x {video.height} pixels.")
        if container.duration:
            container.seek(container.duration // INTO)
        frame = next(container.decode(video), None)
        if frame is None:
            raise unreadable("Its video holds no picture that can be decoded.")
        path.write_bytes(_png(frame, output))


def _png(frame: av.VideoFrame, output: Options) -> bytes:
    width = round(output.number("video.width", frame.width, 16, 4096))
    height = round(output.number("video.height", frame.height, 16, 4096))
    coder = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, "rgb24", Fraction(1, 25)
    packets = coder.encode(frame.reformat(width, height, "rgb24"))
    return b"".join(bytes(packet) for packet in [*packets, *coder.encode(None)])
