"""What is published with the repository knows nothing of the computer that it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

HOMES = re.compile(rb"(?<![\w.~])/(?:root|work|Users)/")


def test_no_file_names_a_place_on_somebodys_computer(root: Path) -> None:
    """No file that git keeps holds a path below a home or a workplace."""
    if not (root / ".git").exists():
        pytest.skip("this is no clone: git knows which files are published")
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=root, text=True).split("\0")[:-1]
    files = {name: (root / name).read_bytes() for name in names if (root / name).is_file()}
    assert {name: found[0] for name, data in files.items() if (found := HOMES.search(data))} == {}
