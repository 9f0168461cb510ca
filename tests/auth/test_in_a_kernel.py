"""A real kernel that is interrupted while a cell waits for a token."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from tests.waiting import eventually

LIMIT = 60

LOG_IN = """
import pathlib, time
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.access_token import AccessToken

asked, may_answer, asks = pathlib.Path("asked"), pathlib.Path("may answer"), []

def fetch():
    asks.append(asked.touch())
    while not may_answer.exists():
        time.sleep(0.01)
    return AccessToken("x" * 20)

keeper = TokenKeeper(fetch)
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Any]:
    """A kernel in an empty directory, and its client."""
    manager, client = start_new_kernel(
        kernel_name="python3", cwd=str(tmp_path), env={**os.environ, "IPYTHONDIR": str(tmp_path)}
    )
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: Any, code: str) -> Any:
    """Run a cell; returns how it ended."""
    reply = client.execute_interactive(code, timeout=LIMIT, output_hook=lambda _: None)
    return reply["content"]["status"]


def test_an_interrupted_cell_ends_and_the_next_one_has_the_token(kernel: Any, tmp_path: Path) -> None:
    """Interrupting the kernel frees the cell while the service is silent; the same request then lands."""
    manager, client = kernel
    assert run(client, LOG_IN) == "ok"
    waiting = client.execute("keeper.token()", stop_on_error=False)  # an error may cancel what comes next
    eventually((tmp_path / "asked").exists, LIMIT)
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=LIMIT)
    while reply["parent_header"].get("msg_id") != waiting:
        reply = client.get_shell_msg(timeout=LIMIT)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    (tmp_path / "may answer").touch()
    assert run(client, "assert keeper.token() and len(asks) == 1") == "ok"
