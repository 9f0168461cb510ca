"""Arguments of calls, checked against their annotations before anything is sent."""

import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache, wraps
from numbers import Integral, Real
from typing import (
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.kinds import PLAIN, About, article, groups, hints, in_words, open_kind, with_details

Given = ParamSpec("Given")
Gives = TypeVar("Gives")
SECRETS = (".auth", ".headers", ".body")
"""Groups whose values are never shown."""


def checked(method: Callable[Given, Gives]) -> Callable[Given, Gives]:
    """Check every argument of a call against the method's annotations; list nested ones in its help."""

    @wraps(method)
    def call(*args: Given.args, **options: Given.kwargs) -> Gives:
        check_call(method, args, options)
        return method(*args, **options)

    call.__doc__ = with_details(method)
    return call


_signature = cache(inspect.signature)  # a batch asks for one again and again


def check_call(method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]) -> None:
    """Refuse a call with an argument that the method does not have, or that cannot be what it is."""
    known, call = hints(method), f"{method.__name__}()"
    for name in options:
        if name not in known:
            raise _unknown(call, "", name, known)
    try:
        given = _signature(method).bind(*args, **options).arguments
    except TypeError as error:
        positional = "Options are given by name: output=..., content=...; see its help."
        raise InvalidOption(
            f"{call} cannot be called like this.", f"{error}.".capitalize(), positional
        ) from None
    for name, value in given.items():
        if name in known and value is not None:
            Check(call, known).check(name, value, known[name])


@dataclass(frozen=True)
class Check:
    """The check of one call; `known` is everything that the call may have."""

    call: str
    known: Mapping[str, Any]

    def check(self, path: str, value: Any, kind: Any, about: About = PLAIN) -> None:
        """Refuse a value that is not of a kind; `path` is where it stands, such as `audio.noise`."""
        kind, about = open_kind(kind, about)
        if about.keys and isinstance(value, Mapping):
            self._group(path, value, about.keys)
        elif get_origin(kind) in (Union, types.UnionType):
            self._union(path, value, get_args(kind), about)
        elif is_typeddict(kind) and isinstance(value, Mapping):
            self._group(path, value, kind)
        elif get_origin(kind) is tuple and _is_list(value) and len(value) == len(get_args(kind)):
            self._items(path, value, get_args(kind))
        elif get_origin(kind) in (list, Sequence) and (
            _is_list(value) or (isinstance(value, str) and path == "presets")
        ):
            self._items(path, value, get_args(kind) * len(value))
        elif not _fits(value, kind, about):
            raise self._refusal(path, value, kind, about)

    def _union(self, path: str, value: Any, kinds: Sequence[Any], about: About) -> None:
        """Accept what fits any kind; else tell about the kind that looks most like what was meant."""
        alike = [kind for kind in kinds if _alike(value, kind)]
        if len(alike) == 1:
            return self.check(path, value, alike[0], about)
        if not any(self._accepts(path, value, kind, about) for kind in kinds):
            raise self._refusal(path, value, Union[tuple(kinds)], about)  # noqa: UP007 - made at run time
        return None

    def _accepts(self, path: str, value: Any, kind: Any, about: About) -> bool:
        if not isinstance(value, Mapping) and not _is_list(value):
            return _fits(value, *open_kind(kind, about))
        try:
            self.check(path, value, kind, about)
        except InvalidOption:
            return False
        return True

    def _group(self, path: str, value: Mapping[str, Any], kind: type) -> None:
        inner = hints(kind)
        for key, item in value.items():
            if key not in inner:
                raise _unknown(self.call, path, str(key), inner, self.known)
            if item is not None:
                self.check(f"{path}.{key}", item, inner[key])
        for key in getattr(kind, "__required_keys__", ()):
            if value.get(key) is None:
                raise InvalidOption(
                    f"`{path}` of {self.call} needs `{key}`.", "Nothing was sent.", f"Add `{key}`."
                )

    def _items(self, path: str, values: Sequence[Any], kinds: Sequence[Any]) -> None:
        for index, (value, kind) in enumerate(zip(values, kinds, strict=True)):
            self.check(f"{path}[{index}]", value, kind)

    def _refusal(self, path: str, value: Any, kind: Any, about: About) -> InvalidOption:
        secret = any(part in f".{path}" for part in SECRETS)
        written = repr(value) if not secret and isinstance(value, (str, int, float)) else ""
        shown = written if 0 < len(written) < 60 else article(type(value).__name__)
        near = _nearest(value, kind) if isinstance(value, str) and not secret else ""
        return InvalidOption(
            f"`{path}` of {self.call} cannot be {shown}.",
            f"It is {in_words(kind, about)}; nothing was sent.",
            f"Did you mean {near}?"
            if near
            else "Write it as the help shows: put a ? after the method's name.",
        )


def _unknown(
    call: str, path: str, name: str, here: Mapping[str, Any], every: Mapping[str, Any] | None = None
) -> InvalidOption:
    names = [key for key in here if key != "self"]
    guess = _meant(path, name.lower(), names, [*_paths(every or here)])
    return InvalidOption(
        f"`{path}` of {call} has no `{name}`." if path else f"{call} has no option `{name}`.",
        f"It has {', '.join(names)}; nothing was sent.",
        (f"Did you mean `{guess}`? " if guess else "") + "What the service added since goes in extra={...}.",
    )


def _meant(path: str, name: str, names: Sequence[str], places: Sequence[str]) -> str:
    """Name what was meant: the same name elsewhere, or a name that is nearly the same, here or elsewhere."""
    last = {place.rpartition(".")[2]: place for place in reversed(places)}
    if name in last:
        return last[name]
    if near := get_close_matches(name, names, 1):
        return f"{path}.{near[0]}" if path else near[0]
    return next((last[one] for one in get_close_matches(name, [*last], 1, 0.75)), "")


def _paths(known: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Give every place of a call, nested ones as `audio.noise.reduction`."""
    for name, kind in known.items():
        if name != "self":
            yield f"{path}{name}"
            for group in groups(kind):
                yield from _paths(hints(group), f"{path}{name}.")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _alike(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a kind by its outer shape, so that an error is about what is inside."""
    kind, about = open_kind(kind, PLAIN)
    if isinstance(value, Mapping):
        return is_typeddict(kind) or about.keys is not None
    if _is_list(value):
        return get_origin(kind) in (list, tuple, Sequence)
    return False


def _fits(value: Any, kind: Any, about: About) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind in (bool, datetime, type(None)):
        return isinstance(value, kind)
    if kind in (int, float):
        whole = Integral if kind is int else Real
        return (
            isinstance(value, whole)
            and not isinstance(value, bool)
            and about.low <= float(value) <= about.high
        )
    if kind is str:
        return isinstance(value, str) and _text_fits(value, about)
    return not (is_typeddict(kind) or get_origin(kind) in (list, tuple, Sequence))


def _text_fits(value: str, about: About) -> bool:
    if about.prefixes:
        return value.lower().startswith(about.prefixes)
    if about.low == -math.inf and about.high == math.inf:
        return bool(value.strip())
    try:
        return about.low <= float(value) <= about.high
    except ValueError:
        return False


def _nearest(value: str, kind: Any) -> str:
    """Name the value that was probably meant."""
    kind, _ = open_kind(kind, PLAIN)
    if kind is bool and value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return str(value.lower() in ("true", "yes", "on"))
    if kind in (int, float) and value.replace(".", "", 1).lstrip("+-").isdecimal():
        return value
    parts = get_args(kind)
    if get_origin(kind) is Literal:
        plain = value.lower().replace(" ", "_").replace("-", "_")
        near = get_close_matches(plain, parts, 1) or [one for one in parts if plain and one.startswith(plain)]
        return repr(near[0]) if near else ""
    return next(filter(None, (_nearest(value, part) for part in parts)), "")
