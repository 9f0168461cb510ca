"""A stage for the keeper, and a folder to look for credentials from."""

from pathlib import Path

import pytest

from .stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Time, threads and a token service, moved by hand."""
    return Stage()


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a folder of notebooks, the working directory, below a home directory."""
    folder = tmp_path / "repo" / "notebooks"
    folder.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(folder)
    return folder
