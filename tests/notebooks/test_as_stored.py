"""What a notebook is like in the repository: text to read and code to run, and nothing else."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

LINKED = re.compile(r"\(([\w-]+\.ipynb)\)|`(\d\d-[\w-]+\.ipynb)`")


@pytest.fixture
def stored(notebook: Any) -> Any:
    return nbformat.read(notebook, as_version=nbformat.NO_CONVERT)


def test_nothing_was_run(stored: Any) -> None:
    """No outputs, no execution counts, no widget state, no traces of an editor."""
    for cell in stored.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert stored.metadata.kernelspec.name == "python3"


def test_it_is_valid(stored: Any) -> None:
    """It has the present format, and every cell has an id of its own."""
    nbformat.validate(stored)
    assert (stored.nbformat, stored.nbformat_minor) >= (4, 5)
    assert len({cell.id for cell in stored.cells}) == len(stored.cells)


def test_it_reads_as_a_text(stored: Any) -> None:
    """A title comes first and what next comes last; words stand before every cell of code."""
    assert stored.cells[0].source.startswith("# ")
    assert "## What next" in stored.cells[-1].source
    kinds = [cell.cell_type for cell in stored.cells]
    lonely = [i for i in range(1, len(kinds)) if kinds[i - 1 : i + 1] == ["code", "code"]]
    assert lonely == []


def test_code_fits_a_laptop(stored: Any) -> None:
    """At 1180 pixels a line of 88 characters is seen whole."""
    code = [line for cell in stored.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert [line for line in code if len(line) > 88] == []


def test_links_lead_somewhere(stored: Any, notebook: Any) -> None:
    """The notebooks that it mentions are there."""
    text = "\n".join(cell.source for cell in stored.cells)
    names = {name for pair in LINKED.findall(text) for name in pair if name}
    assert names
    assert [name for name in names if not (notebook.parent / name).exists()] == []


def test_the_readme_lists_it(notebook: Any, root: Path) -> None:
    """Every notebook has its row in the README."""
    assert f"(notebooks/{notebook.name})" in (root / "README.md").read_text()


def test_one_cell_takes_parameters(root: Path) -> None:
    """The notebook about scheduled runs has one cell for papermill to put its values behind."""
    stored = nbformat.read(root / "notebooks/08-from-notebook-to-script.ipynb", as_version=4)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in stored.cells) == 1
