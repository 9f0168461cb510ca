"""Fields that a request may have; whatever else it names is refused, with the name that was meant."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from dolbyio_nb.sandbox.http_error import VALIDATION, HttpError

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
