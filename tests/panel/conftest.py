"""A real kernel without a browser: its client speaks as the panel's JavaScript would."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0  # s; far more than a kernel needs, even on a busy machine
Message = dict[str, Any]


class Kernel:
    """A kernel in a folder of its own, everything it has ever said, and its log.

    Not `ipykernel --debug`: that prints every message a kernel gets, whatever is in it, prompts' answers too.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.said = home, list[Message]()
        self._log = open(home / "kernel.log", "wb")  # noqa: SIM115 - closed by close()
        self.manager = KernelManager()
        paths = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
        self.manager.start_kernel(
            env=os.environ | {"IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": paths, "HOME": str(home)},
            cwd=str(home),
            stdout=self._log,
            stderr=self._log,
        )
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=DEADLINE)

    def run(self, code: str) -> list[Message]:
        """Run a cell to its end, and return what it said."""
        start = len(self.said)
        self.client.execute_interactive(
            code, output_hook=self.said.append, allow_stdin=False, timeout=DEADLINE, stop_on_error=False
        )
        return self.said[start:]

    def send(self, panel: str, content: Any) -> None:
        """Send the panel one custom message; as in its JavaScript, the secret travels beside it."""
        secret = content.pop("app_secret", "") if isinstance(content, dict) else ""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": panel, "data": data})
        buffers = [secret.encode()] if isinstance(secret, str) else secret
        self.client.session.send(self.client.shell_channel.socket, message, buffers=buffers)

    def until(self, reached: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Read on until an update of the panel fits, and return that update's traits."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            self.said.append(message)
            state = traits_in(message)
            if state and reached(state):
                return state
        raise AssertionError(f"never said; the last was {self.said[-5:]}")

    def holds(self, needle: str) -> list[str]:
        """Where `needle` is to be found: in what was said, or in which file."""
        found = ["iopub"] if needle in json.dumps(self.said, default=str) else []
        files = (path for path in self.home.rglob("*") if path.is_file())
        return found + [path.name for path in files if needle.encode() in path.read_bytes()]

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self._log.close()


def traits_in(message: Message) -> dict[str, Any]:
    """The widget's traits that a message sets, if it is such a message."""
    data = message["content"].get("data") or {}
    return data.get("state", {}) if message["msg_type"] == "comm_msg" else {}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for a module's tests, with Verbose tracebacks: the worst case for leaks."""
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    kernel.run("%xmode Verbose\nimport stand_in")
    yield kernel
    kernel.close()


@pytest.fixture
def panel(kernel: Kernel) -> str:
    """The id of a panel that was just shown; `actions` and `panel` are its names in the kernel."""
    said = kernel.run("actions, panel = stand_in.new(); panel")
    shown = next(m for m in said if m["msg_type"] == "execute_result")
    return str(shown["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"])
