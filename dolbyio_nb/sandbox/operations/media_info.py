"""Media info: what a file says of its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from dolbyio_nb.audio.decode import opened, sound_of, video_of
from dolbyio_nb.sandbox.operations.parameters import container_kind

CODECS = {"mp3float": "mp3"}
BYTE_BITS = 8


def media_info(path: Path, seconds: float | None = None) -> dict[str, Any]:
    """`container`, `audio` and `video` as far as the file has them.

    Durations are cut, not rounded, to milliseconds, and the container's bitrate is its size over that
    duration: so the one published answer of the service comes out digit by digit. `seconds` is the
    decoded length, for the formats whose headers only guess it (raw AAC, MP3 without a header frame).
    """
    with opened(path) as container:
        duration = _cut(_headed(container, seconds) or seconds or 0.0)
        info: dict[str, Any] = {"container": _container(container, path.stat().st_size, duration)}
        sound, video = sound_of(container), video_of(container)
        if sound:
            info["audio"] = _audio(sound, duration, info["container"]["bitrate"])
            if _headed(container, seconds) is None:
                info["audio"]["duration"] = duration
        if video:
            info["video"] = _video(video, duration)
        return info


GUESSED, CLOSE = ("aac", "mp3"), 0.1
"""Formats whose headers only guess how long they are; seconds that any other may be off."""


def _headed(container: InputContainer, decoded: float | None) -> float | None:
    """How long the header says it is, unless what was decoded shows that to be wrong."""
    if container.format.name in GUESSED or container.duration is None:
        return None
    headed = container.duration / av.time_base
    wrong = decoded is not None and video_of(container) is None and abs(headed - decoded) > CLOSE
    return None if wrong else headed


def _cut(seconds: float) -> float:
    return int(seconds * 1000 + 1e-6) / 1000


def _container(container: InputContainer, size: int, duration: float) -> dict[str, Any]:
    bitrate = round(size * BYTE_BITS / duration) if duration else 0
    return {"kind": container_kind(container), "duration": duration, "bitrate": bitrate, "size": size}


def _audio(stream: AudioStream, duration: float, whole: int) -> dict[str, Any]:
    codec = stream.codec_context.codec.canonical_name
    info: dict[str, Any] = {"codec": "pcm" if codec.startswith("pcm_") else CODECS.get(codec, codec)}
    if codec.startswith("pcm_"):
        info["bit_depth"] = stream.format.bytes * BYTE_BITS
    info |= {"channels": stream.channels, "sample_rate": stream.rate}
    return info | {"duration": _lasting(stream, duration), "bitrate": stream.bit_rate or whole}


def _video(stream: VideoStream, duration: float) -> dict[str, Any]:
    return {
        "codec": stream.codec_context.codec.canonical_name,
        "frame_rate": round(float(stream.average_rate or 0), 3),
        "height": stream.height,
        "width": stream.width,
        "duration": _lasting(stream, duration),
        "bitrate": stream.bit_rate or 0,
    }


def _lasting(stream: AudioStream | VideoStream, duration: float) -> float:
    if stream.duration is None or stream.time_base is None:
        return duration
    return _cut(float(stream.duration * stream.time_base))
