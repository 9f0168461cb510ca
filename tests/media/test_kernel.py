"""Progress bars and interrupts in a real kernel."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

SET_UP = """
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.http.session import open_session
from dolbyio_nb.auth.token_request import TokenRequest
sandbox = Sandbox().start()
request = TokenRequest(AppCredentials(sandbox.app_key, sandbox.app_secret, "the test"), sandbox.auth_url)
keeper = TokenKeeper(request, identity=request.identity)
media = Media(open_session(BearerAuth(keeper, [sandbox.media_url])), sandbox.media_url)
"""
INTERRUPTED = """
import os, signal, threading
polled_twice = sandbox.requests.count("media") + 4
def stop():
    sandbox.requests.wait("media", polled_twice)
    os.kill(os.getpid(), signal.SIGINT)
sandbox.faults.hold_jobs()
threading.Thread(target=stop).start()
job = media.diagnose(b"RIFF")
job.result()
"""
TEAR_DOWN = "keeper.close(); sandbox.stop()"


@pytest.fixture(scope="module")
def kernel() -> Iterator[object]:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        assert run(client, SET_UP) == []
        yield client
        run(client, TEAR_DOWN)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(
    client: Any,
    code: str,
    *,
    watched: bool = False,
    on_output: Callable[..., Any] = lambda message: None,
) -> list[dict[str, Any]]:
    """Run a cell, with a front end that a person could answer in or without, and give all that it showed."""
    shown = []

    def note(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            shown.append(message)
        on_output(message)

    client.execute_interactive(
        code, allow_stdin=watched, output_hook=note, stdin_hook=lambda message: None, timeout=30
    )
    return shown


def test_nobody_watches_a_notebook_that_runs_by_itself(kernel: object) -> None:
    """nbclient and papermill get the result and no remains of a bar."""
    assert run(kernel, "media.upload(b'x' * 3_000_000);") == []


WATCHED = """
import threading
sandbox.faults.hold_jobs()
threading.Timer(1, sandbox.faults.release_jobs).start()
media.diagnose(b"RIFF").wait();
"""


def test_a_person_sees_a_bar_that_leaves_nothing_behind(kernel: object) -> None:
    """It says what is done, and how far; in the end its output is empty, and it never was a widget."""
    seen: list[Any] = []
    run(
        kernel,
        WATCHED,
        watched=True,
        on_output=lambda m: seen.append((m["msg_type"], m["content"].get("data"))),
    )
    bars = [data for kind, data in seen if kind in ("display_data", "update_display_data")]

    assert any("Diagnose: 0%" in bar["text/plain"] and "<progress" in bar["text/html"] for bar in bars)
    assert bars[-1] == {"text/plain": "", "text/html": ""}
    assert not any("widget" in mime for bar in bars for mime in bar)


def test_what_is_done_at_once_shows_no_bar(kernel: object) -> None:
    """A bar that would only flash is not shown."""
    assert run(kernel, "media.upload(b'x');", watched=True) == []


def test_an_interrupted_cell_says_how_to_pick_the_job_up(kernel: object) -> None:
    """The line in the error's last words works in the next cell."""
    shown = run(kernel, INTERRUPTED)
    error = shown[-1]["content"]
    assert error["ename"] == "KeyboardInterrupt"
    assert len(error["traceback"]) == 2
    assert "To pick it up: dolby.media.job(" in error["traceback"][1]
    assert run(kernel, "assert not media.job(job.id).done(); sandbox.faults.clear()") == []
