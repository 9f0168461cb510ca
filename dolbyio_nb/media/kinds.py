"""Kinds of parameters: annotations read, and written for people with unit, range and default."""

import inspect
import math
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


@dataclass(frozen=True)
class About:
    """What a parameter means: its text for people, its unit and range, and what holds when it is left out."""

    text: str = ""
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    default: str = ""
    keys: type | None = None
    prefixes: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The range in words, such as ` from 0 to 100 %`."""
        ends = [f"from {self.low:g}"] * (self.low > -math.inf) + [f"to {self.high:g}"] * (
            self.high < math.inf
        )
        return "".join(f" {part}" for part in [*ends, *filter(None, [self.unit])])


PLAIN = About()
"""Nothing is said about it."""


@cache
def hints(method: Callable[..., Any]) -> dict[str, Any]:
    """Read the annotations of a method's parameters, or of a group's keys."""
    return {
        name: kind for name, kind in get_type_hints(method, include_extras=True).items() if name != "return"
    }


def groups(kind: Any) -> Iterator[type]:
    kind, _ = open_kind(kind, PLAIN)
    if is_typeddict(kind):
        yield kind
    elif get_origin(kind) in (Union, types.UnionType, list, Sequence):
        for one in get_args(kind):
            yield from groups(one)


@cache
def open_kind(kind: Any, about: About) -> tuple[Any, About]:
    """Take the wrappings off a kind, and keep what they say about it."""
    while get_origin(kind) in (Annotated, Required):
        said = [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, About)]
        kind, about = get_args(kind)[0], said[0] if said else about
    return kind, about


WORDS = {bool: "True or False", int: "a whole number", float: "a number", str: "a text", Any: "anything"}


def in_words(kind: Any, about: About = PLAIN) -> str:
    """Describe a kind for people."""
    kind, about = open_kind(kind, about)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) in (Union, types.UnionType):
        words = [in_words(one, about) for one in get_args(kind) if one is not type(None)]
        return " or ".join(dict.fromkeys(words))
    if get_origin(kind) is tuple:
        return about.text or "a pair of numbers (None leaves an end open)"
    if get_origin(kind) in (list, Sequence):
        return f"a list, each {in_words(get_args(kind)[0])}"
    if is_typeddict(kind) or about.keys:
        return f"a mapping with {', '.join(hints(about.keys or kind))}"
    word = WORDS.get(kind) or article(getattr(kind, "__name__", str(kind)).lower())
    return word + (f" that begins with {' or '.join(about.prefixes)}" if about.prefixes else about.range)


def article(name: str) -> str:
    """Put `a` or `an` before a name."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def with_details(method: Callable[..., Any]) -> str:
    """Write a method's docstring with every nested parameter: its kind, range and default."""
    known = inspect.getdoc(method) or ""
    try:
        kinds = hints(method)
    except NameError:  # a class that names itself, and has no options in groups
        return known
    lines = [f"    {line}" for name, kind in kinds.items() for line in _details(name, kind, name)]
    return "\n".join([known, "", "Nested parameters:", *lines]) if lines else known


def _details(path: str, kind: Any, outermost: str = "") -> Iterator[str]:
    inner, about = open_kind(kind, PLAIN)
    nested = list(groups(kind))
    if not nested and (path != outermost or about != PLAIN):
        default = f" (by default {about.default})" if about.default else ""
        yield f"{path}: {in_words(inner, about)}{default}{f'; {about.text}' if about.text else ''}."
    for group in nested:
        for name, one in hints(group).items():
            yield from _details(f"{path}.{name}", one)
