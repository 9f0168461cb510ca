"""Dolby's own published clients drive the sandbox through everything it serves, their packages untouched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.sandbox import Sandbox
from tests.sandbox.conftest import FileServer

HERE = Path(__file__).parent
NODE_CLIENT = "@dolbyio/dolbyio-rest-apis-client@5.0.1"
PYTHON_CLIENTS = {
    "4.0.1": ["dolbyio-rest-apis==4.0.1"],
    "3.7.1": ["dolbyio-rest-apis==3.7.1", "Deprecated==1.2.18", "wrapt==1.17.3"],
}
OPERATIONS = {
    "token", "wrong secret", "wrong token", "upload URL", "upload and download", "register webhook",
    "retrieve webhook", "download a result", "failed job", "cancel", "list jobs", "unknown job",
    "bad request",    "delete webhook", *json.loads((HERE / "jobs.json").read_text()),
}  # fmt: skip


@pytest.fixture
def judged(
    sandbox: Sandbox, server: FileServer, make_tone: Callable[..., bytes], tmp_path: Path
) -> Callable[..., Any]:
    """Runs a judge against a sandbox and returns what it printed: {operation: (passed, about)}."""

    def judge(command: Any, **variables: Any) -> dict[Any, Any]:
        (tmp_path / "in.wav").write_bytes(make_tone(3.0))
        variables |= {
            "ORIGIN": sandbox.media_url,
            "APP_KEY": sandbox.app_key,
            "APP_SECRET": sandbox.app_secret,
            "HOOK": f"{server.url}/hook",
        }
        run = subprocess.run(
            command, cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stderr
        # Some releases print notices of their own in between.
        lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("[")]
        return {operation: about for operation, *about in lines}

    return judge


def check(sandbox: Sandbox, server: FileServer, verdict: Any, release: str) -> None:
    """Everything was done, everything passed, and the client's own webhook was called for every job."""
    assert release in verdict.pop("version")[1]
    assert set(verdict) == OPERATIONS
    assert {operation: about for operation, (passed, about) in verdict.items() if not passed} == {}
    calls = server.wait(len(sandbox.jobs))
    assert {json.loads(body)["job_id"] for _, _, _, body in calls} == {job.job_id for job in sandbox.jobs}
    assert {headers["X-Judge"] for _, _, headers, _ in calls} == {"updated"}
    assert not [seen for seen in sandbox.requests if seen.at == "storage" and seen.authorization]


def test_the_python_client(sandbox: Sandbox, server: FileServer, judged: Callable[..., Any]) -> None:
    """dolbyio-rest-apis 5.0.0, the last release."""
    check(sandbox, server, judged([sys.executable, HERE / "python_judge.py"]), "5.0.0")


@pytest.fixture(scope="session", params=PYTHON_CLIENTS)
def older_release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An older release of the Python client, in a directory of its own."""
    target = tmp_path_factory.mktemp("client")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    _or_skip([*command, *PYTHON_CLIENTS[request.param]])
    return request.param, target


def test_an_older_python_client(
    sandbox: Sandbox, server: FileServer, judged: Callable[..., Any], older_release: Any
) -> None:
    """Older releases read other keys of errors, and are content too."""
    release, folder = older_release
    command = [sys.executable, HERE / "python_judge.py"]
    check(sandbox, server, judged(command, PYTHONPATH=str(folder)), release)


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client from npm, at a fixed version."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node here")
    target = tmp_path_factory.mktemp("node")
    _or_skip(["npm", "install", "--no-audit", "--no-fund", "--prefix", target, NODE_CLIENT])
    return target / "node_modules"


def test_the_node_client(
    sandbox: Sandbox, server: FileServer, judged: Callable[..., Any], node_client: Path
) -> None:
    """@dolbyio/dolbyio-rest-apis-client 5.0.1, the last release on npm."""
    check(sandbox, server, judged(["node", HERE / "node_judge.js"], NODE_PATH=str(node_client)), "5.0.1")


def _or_skip(command: list[Any]) -> None:
    """Install something, or skip with the reason: the registry may be out of reach."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry did not answer within two minutes")
    if run.returncode:
        pytest.skip(f"the client could not be installed: {run.stderr.strip().splitlines()[-1][:200]}")
