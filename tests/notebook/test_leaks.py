"""Neither the secret nor the token is anywhere after a notebook has run."""

import base64
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from dolbyio_nb.sandbox import Sandbox

from .conftest import LIMIT, home_variables

TOKEN = base64.b64encode(b'{"alg":"HS256","typ":"JWT"}')  # how every token of the sandbox begins

CELLS = """
%load_ext dolbyio_nb
%dolby_login

%dolby_login --form

dolby_token

print(dolby_token, [dolby_token], "%s" % dolby_token)

%whos

dolby_token?

dolby, dolby.auth, dolby.session, dolby.keeper, dolby.status(), vars(dolby)

import logging; logging.basicConfig(level="DEBUG", filename="debug.log", force=True)
dolby.refresh(); dolby.session.get(dolby.media_url + "/media/jobs")

%dolby_login --explain

%xmode Verbose

%store dolby_token

%dolby_login --save

raise ValueError(dolby_token)

def deep(token): 1 / 0
deep(dolby_token)

dolby.media.diagnose("dlb://nowhere.wav").result()

import os; os.environ["DOLBYIO_APP_SECRET"] = "wrong"

%dolby_login --debug

dolby.refresh()

%dolby_logout
"""


def execute(cells: list[Any] | list[str], home: Path, **variables: Any) -> Any:
    """Run the cells, stored with widget state; return the notebook and the tokens that were made."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        timeout=LIMIT,
        allow_errors=True,
        store_widget_state=True,
        resources={"metadata": {"path": str(home)}},
    )
    client.execute(env={**os.environ, **home_variables(home), **variables})
    nbformat.write(notebook, home / "executed.ipynb")
    return notebook


def files_with(home: Path, needles: list[Any]) -> set[Any]:
    """Name the files that hold a needle, as it is or in base64."""
    spellings = [part for needle in needles for part in (needle, base64.b64encode(needle)[:-4])]
    return {
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and any(spelling in path.read_bytes() for spelling in spellings)
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_nothing_leaks(home: Path, environment: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Whatever a notebook shows, stores, logs or breaks: secret and token are in no file but the `.env`."""
    notebook = execute(CELLS.strip().split("\n\n"), home)
    assert len(notebook.cells[-1].outputs) == 1
    assert files_with(home, [sandbox.app_secret.encode(), TOKEN]) == {".env"}


def test_the_scan_finds_what_is_there(home: Path, environment: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A notebook that does show the secret is found, or the scan would prove nothing."""
    execute(["import os", "print(os.environ['DOLBYIO_APP_SECRET'])"], home)
    assert "executed.ipynb" in files_with(home, [sandbox.app_secret.encode()])
    execute(["%load_ext dolbyio_nb", "%dolby_login", "with dolby.unmasked(): print(f'{dolby_token}')"], home)
    assert "executed.ipynb" in files_with(home, [TOKEN])


def test_errors_fail_the_run(home: Path) -> None:
    """A log-in that fails stops nbclient, as it stops Run All."""
    cells = [nbformat.v4.new_code_cell(code) for code in ("%load_ext dolbyio_nb", "%dolby_login")]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells), timeout=LIMIT, resources={"metadata": {"path": str(home)}}
    )
    with pytest.raises(CellExecutionError, match="DOLBYIO_SANDBOX"):
        client.execute(env={**os.environ, **home_variables(home)})
