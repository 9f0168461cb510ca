"""An endpoint has all its parts on both sides, and CONTRIBUTING names places that exist."""

import inspect
import re
from pathlib import Path

import pytest

from dolbyio_nb.media import Media
from dolbyio_nb.media.results import Result
from dolbyio_nb.sandbox.routes import ENDPOINTS

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PATHS = sorted(ENDPOINTS)


def method(path: str) -> str:
    """Name the client's method for a path: `/media/analyze/speech` is `analyze_speech`."""
    return path.removeprefix("/media/").replace("/", "_")


def mentions(folder: str, text: str) -> bool:
    """Whether any Python file in a folder holds the text."""
    return any(text in file.read_text("utf-8") for file in (ROOT / folder).rglob("*.py"))


def defined_in(folder: str) -> set[str]:
    """Find every path that a folder writes as `"/media/…"` of its own and that starts jobs."""
    texts = [file.read_text("utf-8") for file in (ROOT / folder).rglob("*.py")]
    found = {path for text in texts for path in re.findall(r'"(/media/[a-z/]+)"', text)}
    return {path for path in found if not re.match(r"/media/(input|output|jobs|webhooks|usage|oauth2)", path)}


def test_both_sides_know_the_same_endpoints() -> None:
    """What the client can ask, the sandbox can answer, and the other way round."""
    assert defined_in("dolbyio_nb/media") == set(ENDPOINTS)


@pytest.mark.parametrize("path", PATHS)
def test_the_client_has_a_documented_method(path: str) -> None:
    """With what it does, and every parameter by name."""
    function = getattr(Media, method(path))
    text = inspect.getdoc(function) or ""
    assert "The result is" in text or re.search(r": an? `\w+`", text)
    named = [name for name in inspect.signature(function).parameters if name not in ("self", "source")]
    shared = {"on_complete", "output", "content", "extra"}
    assert [name for name in named if name not in shared and name not in text] == []


@pytest.mark.parametrize("path", PATHS)
def test_the_sandbox_has_its_function(path: str) -> None:
    """The function that the row names is there, is documented and takes what the row says."""
    pytest.importorskip("av")
    from dolbyio_nb.sandbox.operations import function_of

    function = function_of(ENDPOINTS[path])
    assert function.__doc__
    assert len(inspect.signature(function).parameters) == (4 if ENDPOINTS[path].writes else 3)


@pytest.mark.parametrize("path", PATHS)
def test_both_sides_are_tested(path: str) -> None:
    """The method is called in the client's tests, the path asked for in the sandbox's."""
    assert mentions("tests/media", f".{method(path)}(") or mentions("tests/media", f'"{method(path)}"')
    assert mentions("tests/sandbox", f'"{path}"')


def results() -> list[type[Result]]:
    """List every kind of result that a job can give."""
    found, left = [], [Result]
    while left:
        kinds = left.pop().__subclasses__()
        found += [kind for kind in kinds if not kind.__subclasses__()]
        left += kinds
    return found


@pytest.mark.parametrize("kind", results(), ids=lambda kind: kind.__name__)
def test_every_result_has_a_card(kind: type[Result]) -> None:
    """Nobody looks at a bare repr in a notebook."""
    pytest.importorskip("av")
    from dolbyio_nb.display.cards import CARDS

    assert kind in CARDS


def test_every_place_that_the_guide_names_is_there() -> None:
    """A guide that leads nowhere is worse than none."""
    places = re.findall(r"`((?:dolbyio_nb|tests|notebooks|benchmarks|\.ci)/[\w/.-]*)`", GUIDE)
    assert len(set(places)) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize(
    "what",
    [
        "an endpoint",
        "an option of the log-in",
        "a credential source",
        "a front end",
        "a card",
        "a fault",
        "a notebook",
    ],
)
def test_the_guide_says_how_to_add(what: str) -> None:
    """One list each, with at least one place that exists."""
    section = GUIDE.partition(f"**… {what}")[2].partition("**… ")[0]
    assert re.search(r"`(dolbyio_nb|notebooks)/", section)
