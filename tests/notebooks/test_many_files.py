"""What the notebook about many files promises: nothing is sent twice."""

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dolbyio_nb import login
from dolbyio_nb.sandbox import Sandbox

PARTS = ("def remembered", "def start_or_pick_up", "def diagnose_all")


@pytest.fixture
def names(
    root: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The functions of the notebook, logged in to a sandbox, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    stored = nbformat.read(root / "notebooks/06-many-files.ipynb", as_version=4)
    with login(sandbox=sandbox) as dolby:
        namespace: dict[str, Any] = {"dolby": dolby}
        exec("from pathlib import Path", namespace)
        for cell in stored.cells:
            if cell.cell_type == "code" and any(part in cell.source for part in PARTS):
                exec(cell.source, namespace)
        yield namespace


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Three recordings, each of another length."""
    made = [tmp_path / f"{name}.wav" for name in "abc"]
    for seconds, path in enumerate(made, 1):
        write(path, seconds)
    return made


def write(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000 * seconds))


def test_a_second_run_does_nothing(names: dict[str, Any], paths: list[Path], sandbox: Sandbox) -> None:
    """One job for each file, however often it is run, also after a file was renamed."""
    names["diagnose_all"](paths)
    names["diagnose_all"](paths)
    names["diagnose_all"]([paths[0].rename("renamed.wav"), *paths[1:]])
    assert len(sandbox.jobs) == 3


def test_a_started_job_is_picked_up(names: dict[str, Any], paths: list[Path], sandbox: Sandbox) -> None:
    """A job whose end nobody waited for is not started again."""
    names["start_or_pick_up"](paths[0], {})
    names["diagnose_all"](paths)
    assert len(sandbox.jobs) == 3
    assert all("found" in note for note in names["remembered"]().values())


def test_a_changed_file_is_looked_at_again(
    names: dict[str, Any], paths: list[Path], sandbox: Sandbox
) -> None:
    """A file is known by what is in it, not by its name."""
    names["diagnose_all"](paths)
    write(paths[0], 5)
    names["diagnose_all"](paths)
    assert len(sandbox.jobs) == 4


def test_one_bad_file_does_not_stop_the_others(
    names: dict[str, Any], paths: list[Path], sandbox: Sandbox
) -> None:
    """What cannot be read has its error noted, and is not sent again."""
    paths[1].write_text("not a recording")
    names["diagnose_all"](paths)
    names["diagnose_all"](paths)
    errors = [note["file"] for note in names["remembered"]().values() if "error" in note]
    assert (errors, len(sandbox.jobs)) == (["b.wav"], 3)
