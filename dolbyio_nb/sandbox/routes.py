"""Routes that start jobs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dolbyio_nb.sandbox.http_error import VALIDATION, Problem
from dolbyio_nb.sandbox.job_files import Location, location


@dataclass(frozen=True)
class Api:
    """One API. `version` is one that was seen, or `v1.0` where none was."""

    version: str
    many: bool = False  # inputs and outputs are lists
    writes: bool = True


APIS: Mapping[str, Api] = {
    "/media/enhance": Api("v1.1.2"),
    "/media/diagnose": Api("b1.0", writes=False),
    "/media/analyze": Api("b1.4"),
    "/media/analyze/speech": Api("b1.0"),
    "/media/analyze/music": Api("b1.0"),
    "/media/transcode": Api("v1.7", many=True),
    "/media/master": Api("v1.0", many=True),
    "/media/master/preview": Api("v1.0", many=True),
}


def check(path: str, body: Mapping[str, Any]) -> None:
    """Refuse a request that does not say what to work on."""
    api = APIS[path]
    if body.get("on_complete") is not None and not callback_place(body):
        raise Problem(VALIDATION, "on_complete must be an object with url")
    if api.many:
        _check_list(body, "inputs", "source")
        _check_list(body, "outputs", "destination")
        return
    _check_place(body, "input")
    if api.writes:
        _check_place(body, "output")
    if isinstance(body["input"], Mapping):
        _check_region(body["input"].get("region"))


def sources(body: Mapping[str, Any]) -> list[Location]:
    """The inputs of a checked request, in order."""
    return _places(body, "input", "inputs", "source")


def destinations(body: Mapping[str, Any]) -> list[Location]:
    """The outputs of a checked request, in order."""
    return _places(body, "output", "outputs", "destination")


def callback_place(body: Mapping[str, Any]) -> list[Location]:
    """Where `on_complete` points, if there is one."""
    place = location(body.get("on_complete"))
    return [place] if place else []


def _places(body: Mapping[str, Any], one: str, many: str, key: str) -> list[Location]:
    values = [item[key] for item in body[many]] if many in body else [body.get(one)]
    return [place for value in values if (place := location(value))]


def _check_list(body: Mapping[str, Any], name: str, key: str) -> None:
    items = body.get(name)
    if not isinstance(items, list) or not items:
        raise Problem(VALIDATION, f"{name} is required: a list with at least one item")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise Problem(VALIDATION, f"{name}[{index}] must be an object")
        _check_place(item, key, f"{name}[{index}].{key}")


def _check_place(body: Mapping[str, Any], key: str, name: str = "") -> None:
    if location(body.get(key)) is None:
        raise Problem(VALIDATION, f"{name or key} is required: a URL, or an object with url")


def _check_region(region: object) -> None:
    if region is None:
        return
    if not isinstance(region, Mapping):
        raise Problem(VALIDATION, "input.region must be an object with start and end")
    start, end = region.get("start", 0), region.get("end", math.inf)
    if not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in (start, end)):
        raise Problem(VALIDATION, "input.region.start and input.region.end must be numbers of seconds")
    if not 0 <= start < end:
        raise Problem(VALIDATION, "input.region must start at 0 or later and end after its start")
