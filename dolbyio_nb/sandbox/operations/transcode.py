"""Transcode, and stills of videos."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

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

STILL = "png"


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
        if kind(output, path).lstrip(".") == STILL:
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
        sounds.append(whole.cut(*region(_where(location), whole.seconds)))
    if sum(sound.seconds for sound in sounds) > MAX_SECONDS:
        raise beyond("Together the inputs last longer than the ten minutes that the sandbox takes.")
    return concatenated(sounds)


def _where(location: Any) -> Any:
    """A region may stand beside an input's source or in it: the documents leave it open."""
    return location if has_region(location) else Options(location).get("source")


def _picture(given: list[tuple[Any, Path]], output: Options, muxer: str) -> Path | None:
    if muxer != "mp4" or not any(has_picture(path) for _, path in given):
        return None
    location, path = given[0]
    if len(given) > 1:
        raise unwritable("Video of several inputs cannot be joined here; ask for a kind without it, as m4a.")
    if has_region(_where(location)):
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
