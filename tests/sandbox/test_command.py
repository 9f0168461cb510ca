"""`python -m dolbyio_nb sandbox`: a service of its own, that ends when told."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

import dolbyio_nb
from dolbyio_nb.auth.credentials import find_credentials
from dolbyio_nb.sandbox import Sandbox

COMMAND = [sys.executable, "-m", "dolbyio_nb", "sandbox"]


def exports(process: subprocess.Popen[str]) -> dict[Any, Any]:
    """The variables of the export lines, read up to the last comment."""
    lines: list[Any] = []
    while not (lines and lines[-1].startswith("# Ctrl-C")):
        lines.append(process.stdout.readline())  # type: ignore[union-attr]
        assert lines[-1], process.stderr.read()  # type: ignore[union-attr]
    assert "not Dolby.io" in lines[0]
    pairs = [
        line.removeprefix("export ").strip().partition("=") for line in lines if line.startswith("export")
    ]
    return {name: shlex.split(value)[0] for name, _, value in pairs}


def run(*arguments: Any, cwd: Path | None = None, **variables: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **variables},
    )


def log_in(values: dict[Any, Any]) -> requests.Response:
    pair = (values["DOLBYIO_APP_KEY"], values["DOLBYIO_APP_SECRET"])
    form = {"grant_type": "client_credentials"}
    return requests.post(f"{values['DOLBYIO_AUTH_URL']}/v1/auth/token", form, auth=pair, timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_a_shell_needs_and_ends_without_a_word(number: Any) -> None:
    """Four export lines that work; Ctrl-C and SIGTERM end it with 0 and no traceback."""
    with run("--port", "0") as process:
        values = exports(process)
        assert set(values) == {
            "DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET", "DOLBYIO_AUTH_URL", "DOLBYIO_MEDIA_URL",
        }  # fmt: skip
        assert log_in(values).status_code == 200
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout.read() + process.stderr.read() == ""  # type: ignore[union-attr]


def test_given_credentials_are_used_and_not_repeated(sandbox: Sandbox) -> None:
    """They may be somebody's real ones; the shell that gave them has them already."""
    given = {"DOLBYIO_APP_KEY": "my-key", "DOLBYIO_APP_SECRET": "my-secret"}
    with run("--port", "0", **given) as process:  # type: ignore[arg-type]
        values = exports(process)
        assert set(values) == {"DOLBYIO_AUTH_URL", "DOLBYIO_MEDIA_URL"}
        assert log_in({**values, **given}).status_code == 200
        process.terminate()
        assert process.wait(10) == 0


def test_a_taken_port_is_one_line(sandbox: Sandbox) -> None:
    """Which port, and why; exit code 1; no traceback."""
    port = sandbox.media_url.rpartition(":")[2]
    with run("--port", port) as process:
        output, error = process.communicate(timeout=10)
    assert (process.returncode, output) == (1, "")
    assert re.fullmatch(rf"dolbyio_nb sandbox: cannot listen on port {port}: .*in use\n", error)


@pytest.mark.parametrize("port", ["70000", "-5"])
def test_a_port_that_is_none_is_one_line(port: str) -> None:
    """Out of range is said in words."""
    with run(f"--port={port}") as process:
        _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert error.count("\n") == 1
    assert port in error


def test_help_says_how_to_keep_the_secret_off_the_command_line() -> None:
    """Command lines can be read by other users; help names the variables and the sandbox."""
    with run("--help") as process:
        text, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "not Dolby's service" in text
    assert "other users" in text
    assert "DOLBYIO_APP_SECRET" in text


def test_the_command_loads_neither_notebook_nor_sound() -> None:
    """Nothing heavy is imported until a job needs it."""
    heavy = ("IPython", "ipywidgets", "anywidget", "numpy", "av", "requests")
    code = f"import sys, dolbyio_nb.__main__, dolbyio_nb.sandbox; print(set({heavy}) & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.strip() == "set()"


def test_saved_it_is_a_profile_for_every_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file for its owner alone, by which a log-in finds it; once it has ended, the error says so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOLBYIO_AUTH_URL", "https://elsewhere.example")
    with run("--port", "0", "--save", cwd=tmp_path) as process:
        exports(process)
        said = process.stdout.readline() + process.stdout.readline()  # type: ignore[union-attr]
        assert ".env.sandbox" in said
        assert "%dolby_login --profile sandbox" in said
        assert (tmp_path / ".env.sandbox").stat().st_mode & 0o777 == 0o600
        with dolbyio_nb.login(profile="sandbox") as dolby:
            assert dolby.status().sandbox
            assert list(dolby.media.jobs()) == []
            with pytest.raises(dolbyio_nb.NotFound, match="sandbox's jobs end with it"):
                dolby.media.job("ad4bcd54-3d27-401f-b1c2-39b509779443")
            process.terminate()
            assert process.wait(10) == 0
            with pytest.raises(dolbyio_nb.DolbyError, match="sandbox there has ended"):
                next(dolby.media.jobs())
    with pytest.raises(dolbyio_nb.TokenUnavailable, match="sandbox there has ended"):
        dolbyio_nb.login(profile="sandbox")


def test_a_job_is_picked_up_from_another_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_tone: Callable[..., bytes]
) -> None:
    """As after a kernel's crash: the sandbox outlives it, and the job's id alone brings the sound."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.wav").write_bytes(make_tone())
    with run("--port", "0", "--save", cwd=tmp_path) as process:
        exports(process)
        with dolbyio_nb.login(profile="sandbox") as before:
            job = before.media.enhance("talk.wav", output="better.wav").id
        with dolbyio_nb.login(profile="sandbox") as dolby:
            assert [record.id for record in dolby.media.jobs()] == [job]
            dolby.media.job(job).result()
            assert (tmp_path / "better.wav").read_bytes().startswith(b"RIFF")
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("auth", "media", "taken"),
    [
        ("http://127.0.0.1:8460", "http://localhost:8460/", True),
        ("http://[::1]:8460", "http://127.0.0.1:8460", True),
        ("https://evil.example", "http://127.0.0.1:8460", False),
        ("http://127.0.0.1:8460", "https://evil.example", False),
        ("http://127.0.0.1:8460@evil.example", "http://127.0.0.1:8460", False),
        ("http://127.0.0.1.evil.example", "http://127.0.0.1:8460", False),
        ("http://127.0.0.1:8460", "", False),
        ("file:///etc/passwd", "http://127.0.0.1:8460", False),
    ],
)
def test_a_file_sends_the_secret_to_this_computer_only(
    tmp_path: Path, auth: Any, media: str, taken: bool
) -> None:
    """Whoever can write a file cannot lead the log-in astray with it."""
    lines = ["DOLBYIO_APP_KEY=k", "DOLBYIO_APP_SECRET=s", f"DOLBYIO_AUTH_URL={auth}"]
    (tmp_path / "f").write_text("\n".join([*lines, f"DOLBYIO_MEDIA_URL={media}"]))
    found = find_credentials(env_file=tmp_path / "f")
    assert bool(found.origins) == taken
