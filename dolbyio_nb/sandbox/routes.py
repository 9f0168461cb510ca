"""Endpoints that start jobs: the table of them, and the fields that a request must and may have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from dolbyio_nb.sandbox.http_error import VALIDATION, HttpError
from dolbyio_nb.sandbox.job_files import Location, location

Tree = Mapping[str, Any]
"""Names with what may stand below each: another tree, or None where a plain value is meant."""


def _tree(names: str) -> dict[str, Any]:
    """Read dotted names: `a.b a.c d` is `{"a": {"b": None, "c": None}, "d": None}`."""
    tree: dict[str, Any] = {}
    for name in names.split():
        *groups, last = name.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = None
    return tree


_LOCATION = _tree("url auth.key auth.secret auth.token auth.username auth.password")
_INPUT = _LOCATION | _tree("region.start region.end")
_STORED = _LOCATION | _tree("ref filename")
_SEGMENT = _tree("segment.start segment.duration")
_SWITCHED = _tree("enable reduction.enable reduction.amount")
_ENHANCE_AUDIO = _tree(
    "loudness.enable loudness.target_level loudness.dialog_intelligence loudness.speech_threshold "
    "loudness.peak_reference loudness.peak_limit dynamics.enable dynamics.range_control.enable "
    "dynamics.range_control.amount noise.enable noise.reduction.enable noise.reduction.amount "
    "filter.dynamic_eq.enable filter.high_pass.enable filter.high_pass.frequency filter.hum.enable "
    "speech.isolation.enable speech.isolation.amount music.detection.enable"
)
_ENHANCE_AUDIO["speech"] |= {"sibilance": _SWITCHED, "plosive": _SWITCHED, "click": _SWITCHED}
_ANALYZE = _tree(
    "content.type content.tags content.silence.threshold content.silence.duration loudness.profile "
    "loudness.metering_mode loudness.dialog_intelligence loudness.speech_threshold "
    "validation.loudness.loudness_max validation.loudness.loudness_min validation.loudness.true_peak_max"
)
_MASTER = _tree(
    "dynamic_eq.enable dynamic_eq.preset dynamic_eq.intensity loudness.enable loudness.target_level "
    "stereo_image.enable"
)
_AUDIO = _tree("codec bitrate_kb channels sample_rate")
_VIDEO = _tree("codec width height frame_rate bitrate_mode bitrate_kb")
_IMAGE = _tree("width height offset_sec")
_ANY_JOB = {"on_complete": _LOCATION | _tree("headers body")}
_REPORT = {"input": _INPUT, "output": _LOCATION}
_MASTERED = {
    "inputs": {"source": _INPUT, "metadata": _tree("genre tags"), **_SEGMENT},
    "outputs": {"id": None, "destination": _LOCATION, "kind": None, "audio": _AUDIO, "master": _MASTER},
}
FIELDS: Mapping[str, Tree] = {
    "/media/enhance": {**_REPORT, "content": _tree("type"), "audio": _ENHANCE_AUDIO},
    "/media/diagnose": {"input": _INPUT, "content": _tree("type")},
    "/media/analyze": {**_REPORT, **_ANALYZE},
    "/media/analyze/speech": _REPORT,
    "/media/analyze/music": _REPORT,
    "/media/transcode": {
        "inputs": {"source": _INPUT, **_tree("region.start region.end"), **_SEGMENT},
        "outputs": {
            "id": None, "destination": _STORED, "kind": None, "audio": _AUDIO, "video": _VIDEO,
            "image": _IMAGE,
        },
        "storage": None,
    },
    "/media/master": _MASTERED,
    "/media/master/preview": _MASTERED,
}  # fmt: skip


def check_fields(path: str, body: Mapping[str, Any]) -> None:
    """Refuse the first field that this API does not have."""
    _check(body, {**FIELDS[path], **_ANY_JOB}, "")


def _check(value: Any, tree: Tree | None, name: str) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, tree, f"{name}[{index}]")
    if tree is None or not isinstance(value, Mapping):
        return
    for key, below in value.items():
        full = f"{name}.{key}" if name else str(key)
        if key not in tree:
            raise HttpError(VALIDATION, f"{full[:100]} is not a parameter here{_meant(key, tree)}")
        _check(below, tree[key], full)


def _meant(key: str, tree: Tree) -> str:
    close = get_close_matches(key, tree, 1)
    return f"; did you mean {close[0]}?" if close else f"; there is {', '.join(sorted(tree))}"


@dataclass(frozen=True)
class Endpoint:
    """One API of the table: a row here and a function in `operations` are all there is to it.

    `function` names it as `module.function` in `dolbyio_nb.sandbox.operations`; it is loaded when the
    first job runs. `version` is one that was seen, or `v1.0` where none was.
    """

    path: str
    function: str
    version: str
    many: bool = False  # inputs and outputs are lists
    writes: Literal["media", "report", ""] = "media"  # what the output holds; nothing: the answer has it all


_ROWS = (
    Endpoint("/media/enhance", "enhance.enhance", "v1.1.2"),
    Endpoint("/media/diagnose", "diagnose.diagnose", "b1.0", writes=""),
    Endpoint("/media/analyze", "analyze.analyze", "b1.4", writes="report"),
    Endpoint("/media/analyze/speech", "sections.analyze_speech", "b1.0", writes="report"),
    Endpoint("/media/analyze/music", "sections.analyze_music", "b1.0", writes="report"),
    Endpoint("/media/transcode", "transcode.transcode", "v1.7", many=True),
    Endpoint("/media/master", "master.master", "v1.0", many=True),
    Endpoint("/media/master/preview", "master.master_preview", "v1.0", many=True),
)
ENDPOINTS: Mapping[str, Endpoint] = {endpoint.path: endpoint for endpoint in _ROWS}


def check(path: str, body: Mapping[str, Any]) -> None:
    """Refuse a request that does not say what to work on."""
    endpoint = ENDPOINTS[path]
    check_fields(path, body)
    if body.get("on_complete") is not None and not callback_place(body):
        raise HttpError(VALIDATION, "on_complete must be an object with url")
    if endpoint.many:
        _check_list(body, "inputs", "source")
        _check_list(body, "outputs", "destination")
        return
    _check_place(body, "input")
    if endpoint.writes:
        _check_place(body, "output")
    if isinstance(body["input"], Mapping):
        _check_region(body["input"].get("region"))


def sources(body: Mapping[str, Any]) -> list[Location]:
    """The inputs of a checked request, in order."""
    return _locations(body, "input", "inputs", "source")


def destinations(body: Mapping[str, Any]) -> list[Location]:
    """The outputs of a checked request, in order."""
    return _locations(body, "output", "outputs", "destination")


def callback_place(body: Mapping[str, Any]) -> list[Location]:
    """Where `on_complete` points, if there is one."""
    place = location(body.get("on_complete"))
    return [place] if place else []


def _locations(body: Mapping[str, Any], one: str, many: str, key: str) -> list[Location]:
    values = [item[key] for item in body[many]] if many in body else [body.get(one)]
    return [place for value in values if (place := location(value))]


def _check_list(body: Mapping[str, Any], name: str, key: str) -> None:
    items = body.get(name)
    if not isinstance(items, list) or not items:
        raise HttpError(VALIDATION, f"{name} is required: a list with at least one item")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise HttpError(VALIDATION, f"{name}[{index}] must be an object")
        if key != "destination" or not _is_in_named_store(item.get(key)):
            _check_place(item, key, f"{name}[{index}].{key}")


def _is_in_named_store(place: object) -> bool:
    """Tell whether a destination refers to one of `storage`; the job then says that nobody can reach it."""
    return isinstance(place, Mapping) and isinstance(place.get("ref"), str)


def _check_place(body: Mapping[str, Any], key: str, name: str = "") -> None:
    if location(body.get(key)) is None:
        raise HttpError(VALIDATION, f"{name or key} is required: a URL, or an object with url")


def _check_region(region: object) -> None:
    if region is None:
        return
    if not isinstance(region, Mapping):
        raise HttpError(VALIDATION, "input.region must be an object with start and end")
    start, end = region.get("start", 0), region.get("end", math.inf)
    if not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in (start, end)):
        raise HttpError(VALIDATION, "input.region.start and input.region.end must be numbers of seconds")
    if not 0 <= start < end:
        raise HttpError(VALIDATION, "input.region must start at 0 or later and end after its start")
