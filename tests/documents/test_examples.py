"""Every example of the documents runs as it stands, against the sandbox."""

import doctest
import importlib.util
import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import dolbyio_nb
from dolbyio_nb import Dolby, batch, display, media, sandbox
from dolbyio_nb.sandbox.faults import Faults
from tests.waiting import run_loop

ROOT = Path(__file__).parents[2]
REFERENCE = sorted((ROOT / "docs/reference").glob("*.md"))
TASKS = sorted((ROOT / "docs/tasks").glob("*.md"))
FENCE = re.compile(r"(?ms)^```(python|ipython)\n(.*?)^```")
NAMED = re.compile(r"(?s)\.\. auto\w+:: (dolbyio_nb[\w.]*)\n.*?^```\n(.*?)(?=^## |\Z)", re.M)
DRAWN = "<Dolby.io token …>"


def examples(path: Path) -> list[str]:
    return [code for _, code in FENCE.findall(path.read_text("utf-8"))]


def missing(code: str) -> list[str]:
    """Name the packages of an example that are not installed here."""
    names = re.findall(r"(?m)^(?:from|import) (\w+)", code)
    return [name for name in names if importlib.util.find_spec(name) is None]


@pytest.mark.parametrize(
    "path", [p for p in REFERENCE if ">>>" in p.read_text("utf-8")], ids=lambda p: p.stem
)
def test_a_page_of_the_reference(path: Path, dolby: Dolby, sandbox: Any) -> None:
    """What each example shows is what comes."""
    names = {"dolby": dolby, "__name__": "__main__"}
    text = "\n".join(examples(path)).replace(DRAWN, "<Dolby.io token ...>")
    test = doctest.DocTestParser().get_doctest(text, names, path.name, str(path), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    with ThreadPoolExecutor(1) as pool:  # a browser that is open has a loop in this thread
        outcome = pool.submit(runner.run, test, out=said.append).result()
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize("path", [p for p in TASKS if examples(p)], ids=lambda p: p.stem)
def test_a_task(path: Path, shell: InteractiveShell, capfd: pytest.CaptureFixture[str]) -> None:
    """Each cell runs, one after the other, and none fails."""
    for code in examples(path):
        if not missing(code):
            outcome = run_loop(shell.run_cell_async(code, transformed_cell=shell.transform_cell(code)))
            assert outcome.success, f"{code}\n{outcome.error_before_exec or outcome.error_in_exec}"


def functions(kind: Any) -> list[str]:
    """Name the public functions of a class or module that it does not inherit from Python's own."""
    if isinstance(kind, ModuleType):
        return [name for name in kind.__all__ if inspect.isfunction(getattr(kind, name))]
    found = [name for name in dir(kind) if not name.startswith("_")]
    static = {name: inspect.getattr_static(kind, name) for name in found}
    return [name for name, member in static.items() if callable(member) or isinstance(member, classmethod)]


OF_CLASSES = [Dolby, media.Media, media.Job, media.MediaResult, media.Output, media.Result, media.Webhook]
PUBLIC = [*OF_CLASSES, batch.Batch, batch.Item, sandbox.Sandbox, Faults, display, dolbyio_nb]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_public_function_has_an_example(kind: Any) -> None:
    """It stands in the reference, and below it an example that uses it."""
    shown: dict[str, str] = {}
    for path in REFERENCE:
        for name, below in NAMED.findall(path.read_text("utf-8")):
            shown[name.rpartition(".")[2]] = below
    wanted = functions(kind)
    assert wanted or kind is media.Webhook
    lacking = [
        name for name in wanted if not re.search(rf"(?m)^(?:>>>|\.\.\.) .*\b{name}\(", shown.get(name, ""))
    ]
    assert lacking == []
