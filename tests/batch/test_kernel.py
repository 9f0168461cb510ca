"""A batch in a real kernel: what is awaited leaves the kernel free, and an interrupt is two lines."""

import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound
from tests.waiting import eventually

LIMIT = 60
FIRST = """
import asyncio, pathlib
import ipywidgets
from dolbyio_nb import login
dolby = login()
batch = dolby.media.batch("*.wav", "diagnose")
slider, number = ipywidgets.IntSlider(), ipywidgets.IntText()
slider.observe(lambda change: pathlib.Path(f"at {change.new}").touch(), "value")
async def count():
    while True:
        number.value += 1
        pathlib.Path("counted").touch() if number.value == 5 else None
        await asyncio.sleep(0.01)
pathlib.Path("slider").write_text(slider.model_id)
"""


@pytest.fixture
def kernel(environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A kernel in a folder with one recording, and its client."""
    sound(tmp_path / "a.wav")
    manager, client = start_new_kernel(
        kernel_name="python3", cwd=str(tmp_path), env=os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")}
    )
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def reply_to(client: Any, asked: str) -> Any:
    while (reply := client.get_shell_msg(timeout=LIMIT))["parent_header"].get("msg_id") != asked:
        pass
    return reply["content"]


def test_widgets_live_while_a_batch_is_awaited(kernel: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A task moves its widget, and a person moves another one; an interrupt says what next."""
    manager, client = kernel
    assert reply_to(client, client.execute(FIRST))["status"] == "ok"
    sandbox.faults.hold_jobs()
    awaiting = client.execute("counting = asyncio.create_task(count())\nawait batch")
    eventually(lambda: sandbox.jobs and (tmp_path / "counted").exists(), LIMIT)
    if (
        int(importlib.metadata.version("ipykernel").partition(".")[0]) >= 7
    ):  # before, a message waits until the cell has ended
        state = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
        moved = {"comm_id": (tmp_path / "slider").read_text(), "data": state}
        client.shell_channel.send(client.session.msg("comm_msg", moved))
        eventually((tmp_path / "at 7").exists, LIMIT)
    manager.interrupt_kernel()
    told = reply_to(client, awaiting)
    assert (told["status"], told["ename"]) == ("error", "CancelledError")
    assert told["traceback"] == ["CancelledError: stopped.", "Nothing is lost. To go on: batch.run()"]
    sandbox.faults.release_jobs()
    last = "counting.cancel()\nasync for item in batch: assert item.state == 'done'"
    while (told := reply_to(client, client.execute(last)))["status"] == "aborted":
        pass  # for a moment after an error, the kernel throws away what it is sent
    assert told["status"] == "ok"
    assert len(sandbox.jobs) == 1
