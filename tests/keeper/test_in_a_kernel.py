"""A real kernel that is interrupted while a cell waits for a token."""

import os

import pytest
from jupyter_client.manager import start_new_kernel

LIMIT = 60

LOG_IN = """
from dolbyio_nb.credentials import AppCredentials
from dolbyio_nb.keeper import TokenKeeper
from dolbyio_nb.tokens import TokenRequest
request = TokenRequest(AppCredentials({key!r}, {secret!r}), {url!r})
keeper = TokenKeeper(request, identity=request.identity)
"""


@pytest.fixture
def kernel(tmp_path):
    """A kernel and its client."""
    manager, client = start_new_kernel(
        kernel_name="python3", cwd=str(tmp_path), env={**os.environ, "IPYTHONDIR": str(tmp_path)}
    )
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_an_interrupted_cell_ends_and_the_next_one_has_the_token(kernel, sandbox):
    """Interrupting the kernel frees the cell at once; the request goes on and lands."""
    manager, client = kernel
    log_in = LOG_IN.format(key=sandbox.app_key, secret=sandbox.app_secret, url=sandbox.auth_url)
    assert client.execute_interactive(log_in, timeout=LIMIT, store_history=False)["content"]["status"] == "ok"
    sandbox.faults.slow(1.0, at="token")
    waiting = client.execute("keeper.token()")
    assert sandbox.requests.wait("token", 1, timeout=LIMIT)
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=LIMIT)
    while reply["parent_header"].get("msg_id") != waiting:
        reply = client.get_shell_msg(timeout=LIMIT)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    reply = client.execute_interactive("assert keeper.token()", timeout=LIMIT, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok"
    assert sandbox.requests.count("token") == 1
