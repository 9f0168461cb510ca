"""The release check stops as long as something is not filled in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = (
    "pyproject.toml",
    "CITATION.cff",
    "CHANGELOG.md",
    "README.md",
    "dolbyio_nb/_version.py",
    ".ci/release.py",
)
ADDRESS = "https://code.example/us/dolbyio_nb"
URLS = f"""[project.urls]
Repository = "{ADDRESS}"
Issues = "{ADDRESS}/issues"
Changelog = "{ADDRESS}/log"
"""
FILLED = {
    "pyproject.toml": [("[project.urls]\n", URLS)],
    "CITATION.cff": [("license: MIT", f"license: MIT\nrepository-code: {ADDRESS}")],
    "CHANGELOG.md": [("– unreleased", "– 2026-01-31")],
    "README.md": [("](docs/images", f"]({ADDRESS}/docs/images")],
}


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """The files that the check reads, filled in as for a release."""
    for name in PARTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    for name, changes in FILLED.items():
        text = (tmp_path / name).read_text("utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def check(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / ".ci/release.py")]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_what_is_filled_in_passes(project: Path) -> None:
    """Nothing is open once every address and date is there."""
    done = check(project)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", FILLED)
def test_what_is_not_filled_in_stops_it(project: Path, root: Path, name: str) -> None:
    """Each file as it is today is named, with what it lacks."""
    shutil.copy(root / name, project / name)
    done = check(project)
    assert done.returncode == 1
    assert all(line.startswith(f"Not yet: {name}") for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    "address", ["", "https://github.com/<owner>/dolbyio_nb", "http://code.example/x", "TODO"]
)
def test_a_placeholder_is_no_address(project: Path, address: str) -> None:
    """An address that leads nowhere stops it like none."""
    text = (project / "pyproject.toml").read_text("utf-8")
    (project / "pyproject.toml").write_text(text.replace(f'"{ADDRESS}"', f'"{address}"'), "utf-8")
    assert "Repository has no address" in check(project).stderr
