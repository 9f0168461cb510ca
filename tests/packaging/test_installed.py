"""The wheel in an environment that holds nothing else, as on the first day."""

import json
import os
import shlex
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

SESSION = """
import json
%load_ext dolbyio_nb
%dolby_login --sandbox
answer = dolby.session.get(f"{dolby.media_url}/media/jobs").status_code
job = dolby.media.diagnose("silence.wav").wait()
print(json.dumps([answer, job.status, job.raw.get("error", {}).get("detail")]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with the session as a program, and a second of silence."""
    (tmp_path / "session.ipy").write_text(SESSION)
    with wave.open(str(tmp_path / "silence.wav"), "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(bytes(32000))
    return tmp_path


@pytest.fixture
def python(folder: Path) -> Path:
    """The Python of an empty environment."""
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    return folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python"


def pip(python: Path, *arguments: Any) -> None:
    """Run pip; skip the test where the package index cannot be reached."""
    command: list[Any] = [python, "-m", "pip", *arguments, "--quiet", "--retries", "1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if run.returncode and "connection broken" in run.stderr:
        pytest.skip("the package index cannot be reached")
    assert run.returncode == 0, run.stderr


def session(python: Path, folder: Path) -> Any:
    """Run the session in IPython; return what it printed last."""
    variables = {**os.environ, "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    command: list[Any] = [python, "-m", "IPython", "--colors=NoColor", "session.ipy"]
    run = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_from_the_plain_install_to_sound(python: Path, folder: Path, wheel: Path) -> None:
    """The plain install logs in; a job that needs sound says which line to run, and then works."""
    pip(python, "install", str(wheel))
    answer, status, detail = session(python, folder)
    assert (answer, status) == (200, "Failed")
    command = shlex.split(detail.partition(": ")[2])
    assert command[:2] == ["pip", "install"]
    pip(python, *command[1:])
    assert session(python, folder) == [200, "Success", None]
