"""Options of operations, as they are sent: shorthands written out, nothing that was not given."""

from collections.abc import Mapping
from typing import Any

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.parameters import Options, Pair, Region, Segment

TOLD_BY_NAME = ("input", "inputs", "output", "outputs")


def without_none(**options: Any) -> dict[str, Any]:
    """Keep what was given: None means that the service decides."""
    return {name: value for name, value in options.items() if value is not None}


def as_sent(body: Options, extra: Options | None = None) -> dict[str, Any]:
    """Write a request out: `content="podcast"` and `on_complete=address` are short for groups."""
    sent = without_none(**body)
    for name, key in (("content", "type"), ("on_complete", "url")):
        if isinstance(sent.get(name), str):
            sent[name] = {key: sent[name]}
    for name in TOLD_BY_NAME:
        if name in (extra or {}):
            raise InvalidOption(
                f"`extra` cannot hold `{name}`.",
                "It is what the method's own options say; nothing was sent.",
                "Give source and output by name, and put into extra what this version does not know.",
            )
    return merged(sent, extra or {})


def merged(options: Options, extra: Options) -> dict[str, Any]:
    """Add further options, group by group."""
    both = {**options, **extra}
    for name in options.keys() & extra.keys():
        if isinstance(options[name], Mapping) and isinstance(extra[name], Mapping):
            both[name] = merged(options[name], extra[name])
    return both


def cut_of(times: Region | Segment | Pair | None, name: str, second: str) -> Options | None:
    """Read which part of a source is meant: a pair of times, or a mapping with the service's names."""
    if times is None:
        return None
    asked = (
        times
        if isinstance(times, Mapping)
        else without_none(**dict(zip(("start", second), times, strict=True)))
    )
    start, end = asked.get("start") or 0.0, asked.get("end")
    if isinstance(end, (int, float)) and isinstance(start, (int, float)) and end <= start:
        raise InvalidOption(
            f"`{name}` ends at {end:g} s and starts at {start:g} s.",
            "Its end must come after its start; nothing was sent.",
            f"Write {name}=(start, {second}), in seconds.",
        )
    if asked.get("duration") == 0:
        raise InvalidOption(f"`{name}` has no length.", "Nothing was sent.", "Give its duration in seconds.")
    return dict(asked)


def mastering(
    dynamic_eq: str | Options | None,
    intensity: int | None,
    loudness: float | Options | None,
    stereo_image: bool | Options | None,
) -> dict[str, Any]:
    """Read how to master: a letter names a preset, a number is a loudness in LUFS, True switches on."""
    if isinstance(dynamic_eq, str):
        dynamic_eq = {"enable": True, "preset": dynamic_eq}
    if intensity is not None:
        dynamic_eq = {**(dynamic_eq or {"enable": True}), "intensity": intensity}
    if isinstance(loudness, (int, float)):
        loudness = {"enable": True, "target_level": loudness}
    if isinstance(stereo_image, bool):
        stereo_image = {"enable": stereo_image}
    return without_none(dynamic_eq=dynamic_eq, loudness=loudness, stereo_image=stereo_image)


MASTER_KINDS = ("aac", "mp3", "mp4", "ogg", "wav")


def master_kind(suffix: str) -> str:
    """Name what mastering writes for a source: its own kind where that can be written, or `wav`."""
    return kind_of(suffix) if kind_of(suffix) in MASTER_KINDS else "wav"


def kind_of(suffix: str) -> str:
    """Name the kind of file a suffix stands for."""
    kind = suffix.removeprefix(".").lower()
    return {"m3u8": "hls", "mpd": "dash"}.get(kind, kind)


def suffix_of(kind: str) -> str:
    """Give the suffix of a kind of file; the two streaming kinds have a list in the file that is named."""
    return {"hls": ".m3u8", "dash": ".mpd"}.get(kind, f".{kind}")


def cuts(segment: Any, count: int) -> list[Options | None]:
    """Read which part of each of several sources is meant: a list of as many, or one for a single one."""
    given = segment if isinstance(segment, list) else [segment]
    if segment is None:
        return [None] * count
    if len(given) != count:
        raise InvalidOption(
            f"There are {count} sources and {len(given)} of `segment`.",
            "Nothing was sent.",
            "Give `segment` as a list with one for each source; None is the whole of it.",
        )
    return [cut_of(one, "segment", "duration") for one in given]
