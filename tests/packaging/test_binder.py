"""What Binder reads: its Python, what it installs, and how it starts."""

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


@pytest.fixture
def project(root: Path) -> Any:
    """The [project] table of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]


def test_its_python_is_one_of_ours(root: Path, project: Any) -> None:
    """Binder's Python is allowed by requires-python, or pip would refuse there."""
    name, _, version = (root / "binder/runtime.txt").read_text().strip().partition("-")
    assert name == "python"
    assert SpecifierSet(project["requires-python"]).contains(version)


def test_it_installs_this_package_with_an_extra_that_exists(root: Path, project: Any) -> None:
    """Binder installs the repository itself, in which `.` is the name of the package."""
    lines = (root / "binder/requirements.txt").read_text().split()
    assert [line[0] for line in lines] == ["."]
    assert Requirement(f"it{lines[0][1:]}").extras <= set(project["optional-dependencies"])


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
@pytest.mark.parametrize(("given", "seen"), [({}, "auto"), ({"DOLBYIO_SANDBOX": "0"}, "0")])
def test_it_starts_with_the_sandbox(root: Path, given: Any, seen: str) -> None:
    """The start script runs the command it is given, and lets the sandbox stand in unless told otherwise."""
    command: list[Any] = [root / "binder/start", "printenv", "DOLBYIO_SANDBOX"]
    assert subprocess.check_output(command, env={**os.environ, **given}, text=True).strip() == seen
