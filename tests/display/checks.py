"""Reads HTML back and looks at what is in it."""

from html.parser import HTMLParser
from typing import Any

VOID = {"img", "br"}


class Reader(HTMLParser):
    """Collects the elements, and fails when one is closed that is not open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, name: Any, attributes: Any) -> None:
        self.elements.append((name, {key: given or "" for key, given in attributes}))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: Any) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: Any) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def sound_html(html: str) -> Reader:
    """Read HTML; its elements are balanced, its pictures have words and its players labels."""
    reader = Reader(html)
    assert reader.open == []
    for name, given in reader.elements:
        assert name != "img" or given.get("alt")
        assert name not in ("audio", "video") or ("controls" in given and given["aria-label"])
        assert not any(key.startswith("on") for key in given)
    return reader


def images(html: str) -> list[dict[str, str]]:
    """The attributes of every picture."""
    return [given for name, given in sound_html(html).elements if name == "img"]
