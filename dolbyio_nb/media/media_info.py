"""What a file is made of: container, sound and picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dolbyio_nb.media.answers import Measure


@dataclass(frozen=True)
class Container(Measure):
    """The file: `duration` in seconds, `bitrate` in bits per second, `size` in bytes."""

    kind: str | None = None
    duration: float | None = None
    bitrate: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class AudioTrack(Measure):
    """The sound in a file: `sample_rate` in Hz, `duration` in seconds, `bitrate` in bits per second."""

    codec: str | None = None
    channels: int | None = None
    channel_order: str | None = None
    sample_rate: int | None = None
    bit_depth: int | None = None
    duration: float | None = None
    bitrate: float | None = None


@dataclass(frozen=True)
class VideoTrack(Measure):
    """The picture in a file: `frame_rate` per second, `bitrate` in bits per second, sizes in pixels."""

    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    duration: float | None = None
    bitrate: float | None = None


@dataclass(frozen=True)
class MediaInfo(Measure):
    """What a file is made of; `video` is None for sound alone, `audio` for silent pictures."""

    container: Container = Container()
    audio: AudioTrack | None = None
    video: VideoTrack | None = None

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "container": Container.read(raw.get("container")),
            "audio": AudioTrack.read_if_there(raw.get("audio")),
            "video": VideoTrack.read_if_there(raw.get("video")),
        }
