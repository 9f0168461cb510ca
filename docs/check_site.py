"""Links of the built site: they lead somewhere, and nothing is fetched from another host to read it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "audio": "src", "video": "src", "source": "src", "iframe": "src"}
FORM = re.compile(r"https?://[\w.-]+(:\d+)?(/\S*)?$")
IN_STYLE = re.compile(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')]+)""")


class Page(HTMLParser):
    """What a page links to, what it fetches, and the anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in ("canonical", "index", "search", "next", "prev"):
            self.fetched.append(given.get("href", ""))
        if tag in FETCHED and FETCHED[tag] in given:
            self.fetched.append(given[FETCHED[tag]])


def faults(site: Path) -> list[str]:
    """Name what leads nowhere, and what another host would have to answer."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [f"{path.relative_to(site)}: {fault}" for path in pages for fault in of_page(path, pages)]
    styles = [path for path in site.rglob("*.css") if IN_STYLE.search(path.read_text("utf-8"))]
    return found + [f"{path.relative_to(site)} fetches from another host" for path in styles]


def of_page(path: Path, pages: dict[Path, Page]) -> list[str]:
    page = pages[path]
    elsewhere = [f"fetches {url}" for url in page.fetched if urlsplit(url).netloc]
    lost = [f"there is no {url}" for url in page.links + page.fetched if not leads(url, path, pages)]
    return elsewhere + lost


def leads(url: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Tell whether a link leads somewhere; one to another host is looked at, not followed."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return bool(FORM.match(url))
    if parts.scheme in ("data", "mailto", "javascript"):
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if target.is_dir():
        target /= "index.html"
    return unquote(parts.fragment) in pages[target].anchors if target in pages else target.exists()
