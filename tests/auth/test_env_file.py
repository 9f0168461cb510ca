"""Remembering credentials keeps them to their owner."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from dolbyio_nb.auth.credentials import AppCredentials, save_credentials
from dolbyio_nb.errors import CredentialsError

CREDENTIALS = AppCredentials("a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0-_VkbGUtc2VjcmV0LW5lZWRsZS1zZWNyZXQ=")


def git(folder: Path, *words: Any) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """A new file has mode 0600 and both values, exactly as they were."""
    path = tmp_path / ".env"
    assert "readable by you alone" in save_credentials(CREDENTIALS, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dotenv_values(path) == {
        "DOLBYIO_APP_KEY": CREDENTIALS.app_key,
        "DOLBYIO_APP_SECRET": CREDENTIALS.app_secret,
    }


def test_other_lines_stay(tmp_path: Path) -> None:
    """Other lines and comments stay, old values are replaced, and the mode is closed."""
    path = tmp_path / ".env"
    path.write_text("# mine\nOTHER=1\nDOLBYIO_APP_KEY=old\n")
    path.chmod(0o644)
    save_credentials(CREDENTIALS, path)
    assert path.read_text().startswith("# mine\nOTHER=1\nDOLBYIO_APP_KEY=")
    assert dotenv_values(path)["DOLBYIO_APP_KEY"] == CREDENTIALS.app_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tracked_file_is_refused(tmp_path: Path) -> None:
    """A file that git tracks is left as it is, and the error says how to untrack it."""
    path = tmp_path / ".env"
    path.write_text("OTHER=1\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".env")
    with pytest.raises(CredentialsError, match="git rm --cached") as caught:
        save_credentials(CREDENTIALS, path)
    assert path.read_text() == "OTHER=1\n"
    assert CREDENTIALS.app_secret not in str(caught.value)


def test_unignored_file_comes_with_advice(tmp_path: Path) -> None:
    """In a repository that does not ignore the file, the advice is to do so; once it does, there is none."""
    git(tmp_path, "init")
    assert ".gitignore" in save_credentials(CREDENTIALS, tmp_path / ".env")
    (tmp_path / ".gitignore").write_text(".env\n")
    assert ".gitignore" not in save_credentials(CREDENTIALS, tmp_path / ".env")


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    """A place that cannot be written is a short error with its reason."""
    with pytest.raises(CredentialsError, match="not saved") as caught:
        save_credentials(CREDENTIALS, tmp_path / "missing" / ".env")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    """To open a named pipe would wait until somebody reads from it."""
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(CredentialsError, match="cannot be written"):
        save_credentials(CREDENTIALS, tmp_path / ".env")


def test_a_file_in_another_encoding_is_left_as_it_is(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused in words, and keeps its bytes."""
    path = tmp_path / ".env"
    path.write_bytes(b"NAME=\xe9\n")
    with pytest.raises(CredentialsError, match="UTF-8"):
        save_credentials(CREDENTIALS, path)
    assert path.read_bytes() == b"NAME=\xe9\n"
