"""The house rules: sizes, names and words of the package's files, and what no test may do."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "dolbyio_nb").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_FILES = 115  # without batch/; a new file has to be worth it
FREE_IN_SIZE = {"__init__.py", "__main__.py", "_version.py"}
MIRRORED = {
    "api.py": {"display", "media"},
    "jobs.py": {"media", "sandbox"},
    "parameters.py": {"media", "operations"},
}
"""File names that stand twice on purpose: two sides of one thing, or a room's API."""
OLD_WORDS = """
PassingTrouble PatientAdapter PASSING REPEATABLE Flight fly land board passengers FLIGHTS Holding
softened killed see_to tend hire bad_news Trouble Verdicts deaf_until begin_again born Problem Desk
doors NotYet ladder door Order finishing Starter Look Pace Patience bears riddle listening comparing
switching outlines heat crew workshop wishes cleaning worn_tops levelling stitching pitch pitches
lkfs
"""
"""What the rest of the field calls otherwise: CONTRIBUTING has the words to use."""
NO_NAMES = """
repeats soft hard dead news problems texts places contents rest recipe answers Measure whole rows given made
facts told tell part shapes scales players orders access spots begin_again remember
"""
"""Plain words that say too little to be the name of a function, a class or an attribute."""
OF_OTHERS = {"_exit", "_render_traceback_", "_repr_html_", "_request"}
"""Underscored names that IPython, `os` and aiohttp have others call."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names_given(tree: ast.AST) -> Iterator[str]:
    """Every name that a file gives: to classes, functions, parameters, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def defined(tree: ast.AST) -> Iterator[str]:
    """Every name of a class, a function or an attribute: what another file can meet."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def private_uses(tree: ast.AST) -> Iterator[str]:
    """Every look into another object's underscored attribute."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if name.startswith("_") and not name.endswith("__"):
                yield f"line {node.lineno}: {name}"
            case ast.Call(func=ast.Name(id="getattr") | ast.Attribute(attr="setattr" | "delattr")):
                words = [word.value for word in node.args if isinstance(word, ast.Constant)]
                private = [word for word in words if isinstance(word, str) and is_private(word)]
                yield from (f"line {node.lineno}: {word}" for word in private)


def is_private(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("_") and not last.endswith("__")


def pauses(tree: ast.AST) -> bool:
    """Whether a file calls `time.sleep`, under whatever name."""
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time"]
    return "time.sleep" in calls or any(name.name == "sleep" for node in imported for name in node.names)


def test_there_are_not_too_many_files() -> None:
    """A file more has to be worth it."""
    assert sum("batch" not in path.parts for path in PACKAGE) <= MOST_FILES


@pytest.mark.parametrize("path", PACKAGE, ids=relative)
def test_a_file_has_a_role_and_no_more(path: Path) -> None:
    """From 30 to 300 lines, and a sentence that says what it is for."""
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)) or path.name == "_version.py"
    if path.name not in FREE_IN_SIZE:
        assert 30 <= len(text.splitlines()) <= 300


def test_no_file_name_stands_twice_by_chance() -> None:
    """Whoever looks for a file finds one of that name."""
    counts = Counter(path.name for path in PACKAGE if path.name not in FREE_IN_SIZE)
    twice = {name for name, count in counts.items() if count > 1}
    rooms = {name: {path.parent.name for path in PACKAGE if path.name == name} for name in twice}
    assert {name: where for name, where in rooms.items() if where != MIRRORED.get(name)} == {}


@pytest.mark.parametrize("path", PACKAGE, ids=relative)
def test_one_word_for_one_thing(path: Path) -> None:
    """No name of the old private language comes back."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    given = {name.strip("_") for name in names_given(tree)}
    assert sorted(set(OLD_WORDS.split()) & (given | {path.stem})) == []
    assert sorted(set(NO_NAMES.split()) & {name.strip("_") for name in defined(tree)}) == []


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_tests_use_what_everybody_can_use(path: Path) -> None:
    """No private attribute of another object."""
    found = private_uses(ast.parse(path.read_text(encoding="utf-8")))
    assert [use for use in found if use.rpartition(" ")[2] not in OF_OTHERS] == []


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_tests_do_not_sleep(path: Path) -> None:
    """Time is moved by a clock; what others do is waited for in one place, with an end."""
    if path.name != "waiting.py" and path.parent.name != "programs":
        assert not pauses(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_there_is_one_hypothesis_profile(path: Path) -> None:
    """No property has a deadline of its own: the machine may be busy."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    settings = [call for call in calls if ast.unparse(call.func).endswith("settings")]
    assert not [word for call in settings for word in call.keywords if word.arg == "deadline"]
