"""IPython in a terminal: a masked prompt, the same information as text, errors as short as in a notebook."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from dolbyio_nb.sandbox import Sandbox

from .conftest import home_variables

PROMPT = r"In \[\d+\]: "


@pytest.fixture
def terminal(environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """IPython in a terminal, in an empty home, with the service's address but no credentials."""
    environment.delenv("DOLBYIO_APP_KEY")
    environment.delenv("DOLBYIO_APP_SECRET")
    command = f"{sys.executable} -m IPython --simple-prompt --no-banner --colors=Linux"
    child = pexpect.spawn(
        command, cwd=tmp_path, env={**os.environ, **home_variables(tmp_path)}, encoding="utf-8", timeout=30
    )
    child.expect(PROMPT)
    child.sendline("%load_ext dolbyio_nb")
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def test_log_in_at_a_masked_prompt(terminal: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Key and secret are typed unseen; the status is text, in colour; nothing typed is in the history."""
    terminal.sendline("%dolby_login")
    terminal.expect("App key .*: ")
    terminal.sendline(sandbox.app_key)
    terminal.expect("App secret .*: ")
    terminal.sendline(sandbox.app_secret)
    terminal.expect(PROMPT)
    assert sandbox.app_secret not in terminal.before
    assert "SANDBOX" in terminal.before
    assert "\x1b[32mfresh\x1b[0m" in terminal.before
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)
    needles = (sandbox.app_key.encode(), sandbox.app_secret.encode())
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(needle in data for needle in needles for data in files)


def test_wrong_secret_is_a_short_error(terminal: Any, sandbox: Sandbox) -> None:
    """A refusal is three lines, without a traceback."""
    terminal.sendline("%dolby_login")
    terminal.expect("App key .*: ")
    terminal.sendline(sandbox.app_key)
    terminal.expect("App secret .*: ")
    terminal.sendline("wrong-needle")
    terminal.expect(PROMPT)
    assert "TokenRefused: No token" in terminal.before
    assert "the prompt" in terminal.before
    assert "Traceback" not in terminal.before
    assert "needle" not in terminal.before


def test_ctrl_c_at_the_prompt_goes_back(terminal: Any) -> None:
    """Ctrl-C at the prompt returns to IPython, still logged out."""
    terminal.sendline("%dolby_login")
    terminal.expect("App key .*: ")
    terminal.sendintr()
    terminal.expect(PROMPT)
    terminal.sendline("%dolby_status")
    terminal.expect("Not logged in")
