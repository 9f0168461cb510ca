"""HTML from text and numbers, escaped."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
EMPTY = {"img", "br"}


class Html(str):
    """Text that is HTML already; any other text is escaped when it becomes part of some."""

    __slots__ = ()


def tag(name: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """Write an element. `class_` is `class`, `aria_label` is `aria-label`; None and False leave out."""
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{given}>" if name in EMPTY else f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Put parts one after the other, leaving out what is None."""
    parts = (one if isinstance(one, Html) else html.escape(one) for one in children if one is not None)
    return Html("".join(parts))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


@dataclass(frozen=True, repr=False)
class Picture:
    """Something to look at in a notebook, and one line of text where there is nothing to look with."""

    text: str
    html: Html = field(default=Html())

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return page(self.html)


def page(body: Html) -> str:
    """Give the body its style and, when it has players, the script that joins and watches them.

    Both stand in comments of HTML, which browsers read past here and sanitizers drop, text and all.
    """
    style = tag("style", Html(f"<!--\n{_static('display.css')}\n-->"))
    has_players = "<audio" in body or "<video" in body
    script = tag("script", Html(f"<!--\n{_static('player.js')}\n//-->")) if has_players else None
    return join(style, tag("div", body, class_="dolby-sound", dir="ltr", lang="en"), script)


@cache
def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
