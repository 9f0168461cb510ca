"""The checks of the built site find what they are for."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
WHOLE = '<link rel="stylesheet" href="look.css"><h1 id="here">x</h1><a href="#here">a</a><img src="data:,">'


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The programs of docs/, importable while a test runs."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield
    for name in ("check_site", "readme_parts", "error_texts"):
        sys.modules.pop(name, None)


@pytest.fixture
def check(docs: None) -> ModuleType:
    import check_site

    return check_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of one page and its style sheet."""
    (tmp_path / "look.css").write_text("h1 { color: red }")
    (tmp_path / "index.html").write_text(WHOLE)
    return tmp_path


def test_a_whole_site_passes(check: ModuleType, site: Path) -> None:
    assert check.faults(site) == []


@pytest.mark.parametrize(
    "html",
    [
        '<a href="#gone">a</a>',
        '<a href="gone.html">a</a>',
        '<a href="index.html#gone">a</a>',
        '<a href="https:///nowhere">a</a>',
        '<audio src="gone.wav"></audio>',
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/x.css">',
        '<img src="http://pictures.example/x.png">',
        '<source srcset="x" src="gone.mp4">',
    ],
)
def test_a_fault_is_named(check: ModuleType, site: Path, html: str) -> None:
    """Lost anchors, pages and sounds, and whatever another host would have to send."""
    (site / "index.html").write_text(WHOLE + html)
    assert len(check.faults(site)) >= 1


@pytest.mark.parametrize(
    "style", ["@import 'https://f.example/x.css';", "h1 { background: url(//f.example/x) }"]
)
def test_a_style_fetches_nothing(check: ModuleType, site: Path, style: str) -> None:
    (site / "look.css").write_text(style)
    assert len(check.faults(site)) == 1


def test_the_readme_has_the_sections_that_pages_are_made_of(docs: None, tmp_path: Path) -> None:
    """A heading that was renamed would leave a page empty; links between sections lead to pages."""
    import readme_parts

    readme_parts.write_pages(ROOT / "README.md", tmp_path)
    for name in readme_parts.PAGES:
        text = (tmp_path / name).read_text("utf-8")
        assert len(text) > 200
        assert "](#" not in text.replace("](#outputs-are-masked", "") or name == "security.md"


def test_every_error_class_has_its_texts(docs: None, tmp_path: Path) -> None:
    """The page names each class that users can meet, and the words of an error lead to it."""
    import error_texts

    import dolbyio_nb

    error_texts.write_page(tmp_path / "errors.md")
    text = (tmp_path / "errors.md").read_text("utf-8")
    kinds = [name for name in dolbyio_nb.__all__ if error_texts.is_error(getattr(dolbyio_nb, name))]
    assert len(kinds) > 20
    assert [name for name in kinds if f"\n## {name}\n" not in text] == []
    assert "There is no log-in." in text.partition("## NotLoggedIn")[2].partition("\n## ")[0]
