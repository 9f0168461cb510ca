"""Options of operations, as they are sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from dolbyio_nb.media.locations import Location

Options = Mapping[str, Any]
"""A group of options with the service's own names, such as `{"reduction": {"amount": "high"}}`."""
Stretch = Mapping[str, float] | Sequence[float | None]
"""Two times in seconds, as a mapping with the service's names or as a pair; None leaves one open."""
MASTER_KINDS = ("aac", "mp3", "mp4", "ogg", "wav")


def without_none(**options: Any) -> dict[str, Any]:
    """Keep what was given: None means that the service decides."""
    return {name: value for name, value in options.items() if value is not None}


def content_option(content: str | Options | None) -> Options | None:
    """Read the kind of content: `"podcast"` is short for `{"type": "podcast"}`."""
    return {"type": content} if isinstance(content, str) else content


def callback(on_complete: str | Options | None) -> Options | None:
    """Read where the service calls back: an address is short for `{"url": address}`."""
    return {"url": on_complete} if isinstance(on_complete, str) else on_complete


def stretch(times: Stretch | None, first: str, second: str) -> Options | None:
    """Read a pair of times as a mapping with the service's names."""
    if times is None or isinstance(times, Mapping):
        return times
    start, end = times
    return without_none(**{first: start, second: end})


def with_region(location: Location, region: Stretch | None) -> Location:
    """Add to an input which part of it is meant."""
    if region is None:
        return location
    whole = location if isinstance(location, Mapping) else {"url": location}
    return {**whole, "region": stretch(region, "start", "end")}


def mastering(
    dynamic_eq: str | Options | None,
    intensity: int | None,
    loudness: float | Options | None,
    stereo_image: bool | Options | None,
) -> dict[str, Any]:
    """Read how to master: a letter names a preset, a number is a loudness in LUFS, True switches on."""
    if isinstance(dynamic_eq, str):
        dynamic_eq = without_none(enable=True, preset=dynamic_eq, intensity=intensity)
    if isinstance(loudness, (int, float)):
        loudness = {"enable": True, "target_level": loudness}
    if isinstance(stereo_image, bool):
        stereo_image = {"enable": stereo_image}
    return without_none(dynamic_eq=dynamic_eq, loudness=loudness, stereo_image=stereo_image)


def master_kind(suffix: str) -> str:
    """Name what mastering writes for a source: its own kind where that can be written, or `wav`."""
    return kind_of(suffix) if kind_of(suffix) in MASTER_KINDS else "wav"


def kind_of(suffix: str) -> str:
    """Name the kind of file a suffix stands for."""
    return suffix.removeprefix(".").lower()


def suffix_of(kind: str) -> str:
    """Give the suffix of a kind of file; the two streaming kinds have a list in the file that is named."""
    return {"hls": ".m3u8", "dash": ".mpd"}.get(kind, f".{kind}")
