"""Transcode, and stills of videos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from dolbyio_nb.audio.decode import MAX_SECONDS, has_picture, opened, read_sound, video_of
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import concatenated
from dolbyio_nb.audio.sound import Progress, Sound, stage
from dolbyio_nb.sandbox.http_error import beyond, invalid, unreadable, unwritable
from dolbyio_nb.sandbox.operations.parameters import (
    Options,
    encoding_for,
    has_region,
    inputs,
    kind,
    region,
    reshaped,
    wanted,
)

STILLS = {"png": ("png", "rgb24"), "jpg": ("mjpeg", "yuvj420p"), "jpeg": ("mjpeg", "yuvj420p")}
"""FFmpeg's codec and pixel format of each kind of picture."""


def transcode(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """Write every output in its own kind; several inputs are put one after the other.

    An MP4 of one input that has video gets the same video, bit by bit. Asking for another picture size or
    video codec, or for streaming packages such as HLS, is refused.
    """
    options = Options(body)
    given = inputs(options, sources)
    outputs = list(wanted(options, destinations))
    sound: Sound | None = None
    for number, (output, path) in enumerate(outputs):
        share = stage(progress, number / len(outputs), (number + 1) / len(outputs))
        if kind(output, path).lstrip(".") in STILLS:
            write_still(sources[0], path, output)
            share(1.0)
            continue
        encoding = encoding_for(kind(output, path), output)
        sound = sound or _joined(given, stage(share, 0, 0.4))
        picture = _picture(given, output, encoding.format.muxer)
        shaped = reshaped(sound, output, stage(share, 0.4, 0.5))
        write_sound(shaped, path, encoding=encoding, picture_of=picture, progress=stage(share, 0.5, 1))
    return {}


def _joined(given: list[tuple[Any, Path]], progress: Progress) -> Sound:
    sounds = []
    for number, (location, path) in enumerate(given):
        whole = read_sound(path, stage(progress, number / len(given), (number + 1) / len(given)))
        sounds.append(whole.cut(*_span(location, whole.seconds)))
    if sum(sound.seconds for sound in sounds) > MAX_SECONDS:
        raise beyond(f"Together the inputs last longer than the {MAX_SECONDS // 3600} hours that are taken.")
    return concatenated(sounds)


def _span(location: Any, seconds: float) -> tuple[float, float]:
    """The stretch of an input that is wanted, as a segment (start and duration) or as a region."""
    asked = Options(location)
    if asked.get("segment") is None:
        return region(_where(location), seconds)
    start = asked.number("segment.start", 0, 0, seconds)
    duration = asked.number("segment.duration", seconds, 0, math.inf)
    return region({"region": {"start": start, "end": start + duration}}, seconds)


def _where(location: Any) -> Any:
    """A region may stand beside an input's source or in it: the documents leave it open."""
    return location if has_region(location) else Options(location).get("source")


def _picture(given: list[tuple[Any, Path]], output: Options, muxer: str) -> Path | None:
    if muxer != "mp4" or not any(has_picture(path) for _, path in given):
        return None
    location, path = given[0]
    if len(given) > 1:
        raise unwritable("Video of several inputs cannot be joined here; ask for a kind without it, as m4a.")
    if has_region(_where(location)) or Options(location).get("segment") is not None:
        raise unwritable("Video cannot be cut here; ask for a kind without it, as m4a.")
    check_picture(path, output)
    return path


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
    """One picture of the video, from the moment and in the size asked for."""
    with opened(source) as container:
        video = video_of(container)
        if video is None:
            raise unreadable("It has no video to take a picture from.")
        if video.width * video.height > MOST_PIXELS:
            raise beyond(f"Its video has {video.width} x {video.height} pixels.")
        frame = _frame(container, video, output)
        if frame is None:
            raise unreadable("Its video holds no picture that can be decoded.")
        path.write_bytes(_picture_file(_upright(frame), output, *STILLS[kind(output, path).lstrip(".")]))


def _frame(container: InputContainer, video: VideoStream, output: Options) -> av.VideoFrame | None:
    """The picture at `image.offset_sec`, or a tenth into the video."""
    length = (container.duration or 0) / av.time_base
    if output.get("image.offset_sec") is None:
        container.seek(round(length / INTO * av.time_base))
        return next(container.decode(video), None)
    offset = output.number("image.offset_sec", 0, 0, length)
    container.seek(round(offset * av.time_base))
    last = None
    for last in container.decode(video):
        if last.time is None or last.time >= offset - 1e-3:
            break
    return last


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """The picture as players show it: turned by what the file says."""
    turns = round(frame.rotation / 90) % 4
    if not turns:
        return frame
    turned = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns), np.uint8)
    return av.VideoFrame.from_ndarray(turned, format="rgb24")


def _picture_file(frame: av.VideoFrame, output: Options, codec: str, pixels: str) -> bytes:
    wide, high = (
        output.number(f"image.{side}", output.number(f"video.{side}", own, 16, 4096), 16, 4096)
        for side, own in (("width", frame.width), ("height", frame.height))
    )
    coder = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
    coder.width, coder.height, coder.pix_fmt, coder.time_base = (
        round(wide),
        round(high),
        pixels,
        Fraction(1, 25),
    )
    packets = coder.encode(frame.reformat(round(wide), round(high), pixels))
    return b"".join(bytes(packet) for packet in [*packets, *coder.encode(None)])
