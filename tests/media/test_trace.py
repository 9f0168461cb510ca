"""How far somebody must read to follow one call, and how long the files are."""

import runpy
from pathlib import Path

import pytest


def test_a_call_crosses_few_files(tone: Path, pytestconfig: pytest.Config) -> None:
    """`enhance(path)` up to the job's id, in the thread that asks."""
    seen = runpy.run_path(str(pytestconfig.rootpath / "benchmarks" / "trace.py"))["trace_enhance"](tone)
    assert "media/operations.py" in seen.files
    assert len(seen.files) <= 16, sorted(seen.files)
    assert seen.moves.total() <= 40, seen.moves.most_common()


def test_files_are_neither_crumbs_nor_heaps(pytestconfig: pytest.Config) -> None:
    """30 to 300 lines, but for what only says what a folder is for."""
    files = [
        path
        for path in (pytestconfig.rootpath / "dolbyio_nb" / "media").glob("*.py")
        if path.name != "__init__.py"
    ]
    lengths = {path.name: len(path.read_text().splitlines()) for path in files}
    assert lengths
    assert {name: count for name, count in lengths.items() if not 30 <= count <= 300} == {}
