"""What is published with the repository knows nothing of the computer that it was written on."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

# Groups that hold nothing else than what `.ci/pins` installs.
TRIED = ("sandbox", "batch", "dask", "keyring", "test-min")
HOMES = re.compile(rb"(?<![\w.~])/(?:root|work|Users)/")


def test_no_file_names_a_place_on_somebodys_computer(root: Path) -> None:
    """No file that git keeps holds a path below a home or a workplace."""
    if not (root / ".git").exists():
        pytest.skip("this is no clone: git knows which files are published")
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=root, text=True).split("\0")[:-1]
    files = {name: (root / name).read_bytes() for name in names if (root / name).is_file()}
    assert {name: found[0] for name, data in files.items() if (found := HOMES.search(data))} == {}


def test_the_lowest_versions_are_those_that_are_tried(root: Path) -> None:
    """Each floor in pyproject.toml of what the tests beside the lowest versions install is their pin."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [line for name in TRIED for line in extras[name]]
    floors = {one.name: one.specifier for one in map(Requirement, lines) if one.name != "dolbyio_nb"}
    pinned = dict(
        line.split("==")
        for line in (root / ".ci/lowest.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    assert {name: Version(str(floor).removeprefix(">=")) for name, floor in floors.items() if floor} == {
        name: Version(pinned[name]) for name, floor in floors.items() if floor
    }
