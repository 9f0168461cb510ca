"""A shell inside the test, and a real kernel beside it."""

import os
import queue
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager

LIMIT = 60  # seconds for one cell; far more than any needs


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython shell of its own, with the extension loaded and nobody to answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "dolbyio_nb")
    yield shell
    if "dolby_login" in shell.magics_manager.magics["line"]:
        shell.run_line_magic("unload_ext", "dolbyio_nb")
    shell.history_manager.end_session()  # type: ignore[union-attr]


@dataclass
class Outcome:
    """What one cell said."""

    text: str = ""
    error: str = ""
    messages: list[Any] = field(default_factory=list)

    @property
    def error_lines(self) -> list[str]:
        """The error as a person sees it, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.error).splitlines()


class Kernel:
    """A real kernel, in an empty home directory; `run` gives what a cell said."""

    def __init__(self, home: Path, name: str = "python3", kinds: Any = None, **variables: str) -> None:
        self.home = home
        known = {"kernel_spec_manager": kinds} if kinds else {}
        self.manager = KernelManager(kernel_name=name, **known)
        environment = {**os.environ, **home_variables(home), **variables}
        environment.pop("PYTEST_CURRENT_TEST", None)  # in a test ipykernel does not look at file descriptors
        self.manager.start_kernel(cwd=str(home), env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT)

    def run(self, code: str, *, answers: Any = None) -> Outcome:
        """Run a cell; `answers` are typed at its prompts, and without them nobody is there to answer."""
        request = self.client.execute(code, allow_stdin=answers is not None, stop_on_error=False)
        outcome, answers = Outcome(), list(answers or [])
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self._answer(answers, outcome)
            try:
                message = self.client.get_iopub_msg(timeout=0.05)
            except queue.Empty:
                continue
            outcome.messages.append(message)
            if message["parent_header"].get("msg_id") == request and self._note(outcome, message):
                return outcome
        raise TimeoutError(f"The cell did not end: {code}")

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def _answer(self, answers: None, outcome: Outcome) -> None:
        if answers and self.client.stdin_channel.msg_ready():
            outcome.messages.append(self.client.get_stdin_msg(timeout=0))
            self.client.input(answers.pop(0))

    def _note(self, outcome: Outcome, message: dict[str, Any]) -> Any:
        content, kind = message["content"], message["msg_type"]
        if kind == "stream":
            outcome.text += content["text"]
        elif kind in ("execute_result", "display_data"):
            outcome.text += content["data"].get("text/plain", "") + "\n"
        elif kind == "error":
            outcome.error = "\n".join(content["traceback"])
        return kind == "status" and content["execution_state"] == "idle"


def home_variables(home: Path) -> dict[Any, Any]:
    """An empty home: nothing of the developer's own is read, nothing is left behind."""
    names = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    folders = {name: home / name.lower() if name != "HOME" else home for name in names}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {name: str(folder) for name, folder in folders.items()}


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A real kernel with the environment of the test."""
    running = Kernel(tmp_path)
    yield running
    running.stop()
