"""Every notebook runs from top to bottom, stays small, and gives away neither secret nor token."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from dolbyio_nb.sandbox import Sandbox

TOKEN = base64.b64encode(b'{"alg":"HS256","typ":"JWT"}')  # how every token of the sandbox begins
LARGEST = 1_500_000  # bytes of an executed notebook
CELL_LIMIT = 120  # seconds; far more than any cell needs


def run_program(root: Path, folder: Path, *notebooks: Any) -> subprocess.CompletedProcess[str]:
    """Run `notebooks/run.py` as `dev.py run` does."""
    command = [sys.executable, str(root / "notebooks/run.py"), *map(str, notebooks), "--output", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def files_with(folder: Path, needles: list[Any]) -> set[Any]:
    """Name the files that hold a needle, as it is or in base64."""
    spellings = [part for needle in needles for part in (needle, base64.b64encode(needle)[:-4])]
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix()
        for path in files
        if any(spelling in path.read_bytes() for spelling in spellings)
    }


def execute(path: Any, folder: Path, companions: Any) -> Any:
    """Run a copy in a folder of its own, stored with widget state, and return it."""
    companions(path.parent, folder)
    stored = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(stored, timeout=CELL_LIMIT, store_widget_state=True, resources=resources).execute()
    nbformat.write(stored, folder / path.name)
    return stored


@pytest.fixture
def companions(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function of `notebooks/run.py` that brings sounds and modules along."""
    monkeypatch.syspath_prepend(str(root / "notebooks"))
    from run import bring_companions

    return bring_companions


def test_it_runs_with_an_account_and_keeps_it_secret(
    notebook: Any, home: Path, environment: pytest.MonkeyPatch, sandbox: Sandbox, companions: Any
) -> None:
    """With credentials in the environment it uses them; key, secret and token are in no file afterwards."""
    work = home / "work"
    work.mkdir()
    executed = execute(notebook, work, companions)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert sandbox.requests.count(at="token") >= 1
    assert sandbox.requests.count(at="media") >= 1
    assert files_with(home, [sandbox.app_key.encode(), sandbox.app_secret.encode(), TOKEN]) == set()
    assert (work / notebook.name).stat().st_size < LARGEST


def test_the_scan_finds_what_is_there(
    home: Path, environment: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path, companions: Any
) -> None:
    """A notebook that shows secret and token on purpose is found, or the scan would prove nothing."""
    cells = [
        "%load_ext dolbyio_nb\n%dolby_login",
        "with dolby.unmasked():\n    print(f'{dolby_token}')",
        "import os\nwith dolby.unmasked():\n    print(os.environ['DOLBYIO_APP_SECRET'])",
    ]
    path = tmp_path / "careless.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    execute(path, home, companions)
    assert "careless.ipynb" in files_with(home, [TOKEN])
    assert "careless.ipynb" in files_with(home, [sandbox.app_secret.encode()])


def test_nothing_needed_to_try_it(home: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Without credentials the embedded sandbox stands in, for the notebook and for the processes it starts.

    Only the log-in differs from the run with an account: so the first notebook, and the one that starts other
    processes, stand for all.
    """
    monkeypatch.setenv("DOLBYIO_SANDBOX", "auto")
    names = ("01-log-in-and-enhance", "08-from-notebook-to-script")
    done = run_program(root, home / "work", *(root / f"notebooks/{name}.ipynb" for name in names))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SANDBOX on this computer") == len(names)
    assert (home / "work/better.wav").stat().st_size > 100_000
    assert files_with(home, [TOKEN]) == set()


def test_the_program_ends_with_1_when_a_cell_fails(home: Path, root: Path) -> None:
    """Without credentials and without the sandbox the run fails, and shows the error in short."""
    assert not any(name.startswith("DOLBYIO_") for name in os.environ)
    done = run_program(root, home / "work", root / "notebooks/01-log-in-and-enhance.ipynb")
    assert done.returncode == 1
    assert "CredentialsNotFound: Not logged in" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_program_names_a_notebook_that_is_not_there(home: Path, root: Path) -> None:
    """A name that leads nowhere is said, and ends with 1."""
    done = run_program(root, home / "work", home / "99-nothing.ipynb")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no notebook" in done.stderr
