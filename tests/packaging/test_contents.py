"""What is in the archives, and what is not."""

import tarfile
import zipfile
from pathlib import Path
from typing import Any


def package_files(root: Path) -> set[Any]:
    """The files of the package, seen from the repository."""
    files = (path for path in (root / "dolbyio_nb").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in files if path.suffix != ".pyc"}


def test_the_wheel_holds_the_package_and_its_licence(root: Path, wheel: Path) -> None:
    """All files of the package are in it, scripts, styles and types too, and only notes beside them."""
    names = set(zipfile.ZipFile(wheel).namelist())
    about = {name.partition("/")[2] for name in names if ".dist-info/" in name}
    assert about == {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    package = {name for name in names if ".dist-info/" not in name}
    assert package == package_files(root)
    assert {"dolbyio_nb/py.typed", "dolbyio_nb/notebook/static/panel.js"} <= package


def test_the_source_archive_holds_no_more_than_a_build_needs(root: Path, sdist: Path) -> None:
    """Tests, notebooks, sounds and benchmarks stay in the repository."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    papers = {"README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", "pyproject.toml", ".gitignore"}
    assert names == package_files(root) | papers
