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

from dolbyio_nb.audio.decode import MAX_SECONDS, opened, read_sound, video_of
from dolbyio_nb.audio.encode import write_sound
from dolbyio_nb.audio.filters import concatenated
from dolbyio_nb.audio.sound import Progress, Sound, power_decibels, stage, stages
from dolbyio_nb.sandbox.http_error import beyond, unreadable
from dolbyio_nb.sandbox.operations.parameters import (
    Options,
    encoding_for,
    has_region,
    inputs,
    kind,
    losses,
    region,
    reshaped,
    wanted,
)
from dolbyio_nb.sandbox.operations.video import MOST_PIXELS, Piece, film

STILLS = {"png": ("png", "rgb24"), "jpg": ("mjpeg", "yuvj420p"), "jpeg": ("mjpeg", "yuvj420p")}
"""FFmpeg's codec and pixel format of each kind of picture."""


def transcode(
    body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """Write every output in its own kind; several inputs are put one after the other.

    MP4, MOV, MKV and WebM keep the inputs' video: copied bit by bit where nothing else is asked for, else
    coded anew. Streaming packages such as HLS are refused.
    """
    options = Options(body)
    given = inputs(options, sources)
    outputs = list(wanted(options, destinations))
    pieces: list[Piece] = []
    notes: list[str] = []
    sound: Sound | None = None
    for (output, path), share in zip(outputs, stages(progress, len(outputs)), strict=True):
        if kind(output, path).lstrip(".") in STILLS:
            write_still(sources[0], path, output)
            share(1.0)
            continue
        encoding = encoding_for(kind(output, path), output, sources[0])
        if sound is None:
            pieces, sound = _read(given, stage(share, 0, 0.4))
        shaped, rest = reshaped(sound, output, stage(share, 0.4, 0.5)), stage(share, 0.5, 1)
        notes += cancelled(sound, shaped)
        video = film(pieces, output, encoding.format)
        write_sound(shaped, path, encoding=encoding, video=video, tagged_as=sources[0], progress=rest)
    notes += [note for path in sources for note in losses(path)] if sound else []
    return {"notes": list(dict.fromkeys(notes))} if notes else {}


CANCELS = 6.0
"""dB that are missing in a mix of two channels; of channels that have nothing in common it is 3 dB."""


def cancelled(sound: Sound, mixed: Sound) -> list[str]:
    """A sentence where channels that were mixed to one took much of each other away."""
    if mixed.channels >= sound.channels:
        return []
    lost = _level(sound) - _level(mixed)
    return (
        [f"Its channels cancel each other: mixed to one, {lost:.0f} dB are lost."] if lost > CANCELS else []
    )


def _level(sound: Sound) -> float:
    total = sum(float(np.square(block, dtype=np.float64).sum()) for block in sound.blocks())
    return float(power_decibels(total / max(1, sound.samples.size)))


def _read(given: list[tuple[Any, Path]], progress: Progress) -> tuple[list[Piece], Sound]:
    """The stretches of the inputs that are wanted, and their sound, one after the other."""
    pieces, sounds = [], []
    for (location, path), share in zip(given, stages(progress, len(given)), strict=True):
        whole = read_sound(path, share)
        start, end = _span(location, whole.seconds)
        is_whole = end - start == whole.seconds
        sounds.append(whole.cut(start, end))
        pieces.append(Piece(path, start, math.inf if is_whole and path is given[-1][1] else end, is_whole))
    if sum(sound.seconds for sound in sounds) > MAX_SECONDS:
        raise beyond(f"Together the inputs last longer than the {MAX_SECONDS // 3600} hours that are taken.")
    return pieces, concatenated(sounds)


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
