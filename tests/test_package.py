"""The package keeps its own rules: what it exports, what it imports, and from where."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dolbyio_nb

PACKAGE = Path(dolbyio_nb.__file__).parent

# Each room may import from those before it. `display` and `notebook` are the tops of two branches.
BELOW = {
    "errors": set(),
    "_version": set(),
    "_util": {"errors"},
    "config": {"errors", "_util"},
    "http": {"errors", "_util", "config", "_version"},
    "auth": {"errors", "_util", "config", "http"},
    "audio": {"errors", "_util"},
    "media": {"errors", "_util", "config", "http", "auth", "audio"},
    "batch": {"errors", "_util", "config", "http", "media"},
    "sandbox": {"_util", "audio", "errors"},
    "display": {"errors", "_util", "audio", "media", "batch"},
    "client": {"errors", "_util", "config", "http", "auth", "media", "sandbox"},
    "notebook": {"errors", "_util", "config", "http", "auth", "media", "display", "client", "sandbox"},
}
LATE = {
    ("media/results.py", "display"),
    ("media/jobs.py", "display"),
    ("media/media.py", "batch"),
    ("auth/refresh_state.py", "display"),
    ("batch/batch.py", "display"),
    ("batch/watching.py", "display"),
}  # inside a method, to show and to run many


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return the top-level modules that it loaded."""
    return {name.partition(".")[0] for name in modules_of(statement)}


def modules_of(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return all modules that are loaded then."""
    code = f"import sys; {statement}; import json; print(json.dumps(sorted(sys.modules)))"
    return set(json.loads(subprocess.check_output([sys.executable, "-c", code])))


def test_exports_are_what_all_says() -> None:
    """Every public name can be had, and the list is sorted."""
    assert dolbyio_nb.__all__ == sorted(dolbyio_nb.__all__)
    for name in dolbyio_nb.__all__:
        assert getattr(dolbyio_nb, name) is not None
    for place, name in (("sandbox", "Sandbox"), ("auth", "TokenKeeper"), ("media", "Media")):
        assert hasattr(importlib.import_module(f"dolbyio_nb.{place}"), name)


@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_each_room_exports_what_it_says(room: str) -> None:
    """Every name in a room's own list can be had, also one that is loaded when it is first used."""
    module = importlib.import_module(f"dolbyio_nb.{room}")
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None


def test_import_costs_nothing() -> None:
    """`import dolbyio_nb` loads no package but itself."""
    heavy = {"IPython", "ipywidgets", "anywidget", "numpy", "matplotlib", "pandas", "av", "requests", "tqdm"}
    assert not loaded_by("import dolbyio_nb") & heavy


def test_client_knows_no_notebook() -> None:
    """The whole client loads nothing that only a notebook needs, and nothing that a plain install lacks."""
    heavy = {"IPython", "ipywidgets", "anywidget", "numpy", "matplotlib", "pandas", "av"}
    heavy |= {"httpx", "fsspec", "distributed", "joblib", "keyring"}
    assert not loaded_by("import dolbyio_nb.client, dolbyio_nb.sandbox") & heavy


MOST_FILES = 25  # the fewer, the shorter the wait: half of `import requests` is what it may take
FOR_THE_LOG_IN = {
    *("requests", "urllib3", "ipywidgets", "anywidget", "dotenv", "keyring", "numpy", "av"),
    *(f"dolbyio_nb.auth.{name}" for name in ("keeper", "refresh", "background", "single_flight", "bearer")),
    *(f"dolbyio_nb.auth.{name}" for name in ("credentials", "secret_stores", "env_file", "refresh_state")),
    *(f"dolbyio_nb.notebook.{name}" for name in ("login_controller", "namespace", "panel")),
    *(f"dolbyio_nb.{name}" for name in ("client", "media", "display", "sandbox", "http.limits")),
}
LOAD = (
    "from IPython.core.interactiveshell import InteractiveShell as Shell; shell = Shell.instance(); "
    "shell.run_line_magic('load_ext', 'dolbyio_nb')"
)
FIRST_USE = "shell.magics_manager.registry['DolbyMagics'].controller.status()"


def test_extension_leaves_the_keeper_and_the_network_for_the_log_in() -> None:
    """To load the extension costs little; what finds credentials and sends requests comes with a magic."""
    loaded = modules_of(LOAD)
    assert not loaded & FOR_THE_LOG_IN
    assert len([name for name in loaded if name.startswith("dolbyio_nb")]) <= MOST_FILES
    assert "dolbyio_nb.auth.credentials" in modules_of(f"{LOAD}; {FIRST_USE}")


def imports_of(path: Path) -> set[str]:
    """Name the rooms of this package that a file imports from."""
    return imports_of_text(path.read_text("utf-8"), path)


def imports_of_text(text: str, path: Path) -> set[str]:
    """Name the rooms that `text` imports from, wherever in it, relative or not, if it stood at `path`."""
    here = ("dolbyio_nb", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = (
                [*here[: len(here) - node.level + 1], node.module or ""]
                if node.level
                else [node.module or ""]
            )
            found |= {".".join([*filter(None, base), alias.name]) for alias in node.names}
    inside = {name.split(".")[1] for name in found if name.startswith("dolbyio_nb.")}
    return inside - {"__version__"}


def test_the_reader_of_imports_sees_every_kind() -> None:
    """A relative import counts as what it reaches: a test that cannot see one would hold nothing."""
    for line in (
        "from ..client import login",
        "from dolbyio_nb import client",
        "import dolbyio_nb.client as c",
    ):
        path = PACKAGE / "sandbox" / "unwritten.py"
        assert imports_of_text(line, path) == {"client"}


def test_imports_go_one_way() -> None:
    """Each room imports only from those below it; the two late imports are named."""
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        room = place.removesuffix(".py").partition("/")[0]
        if room in ("__init__", "__main__"):
            continue
        late = {target for source, target in LATE if source == place}
        wrong = imports_of(path) - BELOW[room] - {room} - late
        assert not wrong, f"{place} imports {wrong}"
