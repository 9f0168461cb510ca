"""The package keeps its own rules: what it exports, what it imports, and from where."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import dolbyio_nb

PACKAGE = Path(dolbyio_nb.__file__).parent

# Each part may import only from parts named before it.
ORDER = [
    "errors", "interrupts", "problems", "clock", "forks", "folders", "origins", "settings", "credentials",
    "env_file", "tokens", "keeper", "repeats", "session", "media", "client", "notebook",
]  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return the top-level modules that it loaded."""
    code = f"import sys; {statement}; import json; print(json.dumps(sorted(sys.modules)))"
    return {
        name.partition(".")[0] for name in json.loads(subprocess.check_output([sys.executable, "-c", code]))
    }


def test_exports_are_what_all_says():
    """Every public name can be had, and the list is sorted."""
    assert dolbyio_nb.__all__ == sorted(dolbyio_nb.__all__)
    for name in dolbyio_nb.__all__:
        assert getattr(dolbyio_nb, name) is not None
    for place, name in (("sandbox", "Sandbox"), ("auth", "TokenKeeper"), ("media", "Media")):
        assert hasattr(importlib.import_module(f"dolbyio_nb.{place}"), name)


def test_import_costs_nothing():
    """`import dolbyio_nb` loads no package but itself."""
    heavy = {"IPython", "ipywidgets", "anywidget", "numpy", "matplotlib", "pandas", "av", "requests", "tqdm"}
    assert not loaded_by("import dolbyio_nb") & heavy


def test_client_knows_no_notebook():
    """The whole client loads nothing that only a notebook needs."""
    heavy = {"IPython", "ipywidgets", "anywidget", "numpy", "matplotlib", "pandas", "av"}
    assert not loaded_by("import dolbyio_nb.client, dolbyio_nb.sandbox") & heavy


def imports_of(path: Path) -> set[str]:
    """Name the parts of this package that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("dolbyio_nb.")}
        if isinstance(node, ast.ImportFrom) and node.module == "dolbyio_nb":
            found |= {alias.name for alias in node.names}
    return found - {"__version__"}


def test_imports_go_one_way():
    """Each part imports only from those before it; the sandbox imports none of the client."""
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if part in ("__init__", "__main__"):
            continue
        allowed = {"sandbox"} if part == "sandbox" else {*ORDER[: ORDER.index(part) + 1]}
        allowed |= {"sandbox"} if part in ("client", "notebook") else set()
        assert imports_of(path) <= allowed, (
            f"{path.relative_to(PACKAGE)} imports {imports_of(path) - allowed}"
        )
