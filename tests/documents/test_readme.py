"""Every snippet of the README runs as it stands there, against the sandbox, and what it links to is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.waiting import run_loop

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FENCES = re.findall(r"(?ms)^```(\w*)\n(.*?)^```", README)
CELLS = [code for language, code in FENCES if language == "python" or code.startswith("%")]
COMMANDS = [
    line for language, code in FENCES if not language and code[0] != "%" for line in code.splitlines()
]
GIVEN = "import sys; program = sys.executable"  # which ends at once, because there is nothing to read


@pytest.mark.parametrize("code", CELLS, ids=lambda code: code.splitlines()[-1][:40])
def test_a_cell(code: str, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a notebook that is logged in; what a snippet calls `program` is a small one of ours."""
    shell.run_cell(GIVEN)
    outcome = run_loop(shell.run_cell_async(code, transformed_cell=shell.transform_cell(code)))
    assert outcome.success, outcome.error_before_exec or outcome.error_in_exec


@pytest.mark.skipif(os.name == "nt", reason="its commands are a Unix shell's")
def test_curl_prints_the_jobs(shell: InteractiveShell, capfd: pytest.CaptureFixture[str]) -> None:
    """The shell's row shows an answer."""
    code = next(code for code in CELLS if "curl" in code)
    shell.run_cell(code)
    assert '"jobs"' in capfd.readouterr().out


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command(line: str) -> None:
    """It names a command of `dev.py`, or an extra that pyproject.toml has."""
    if line.startswith("pip install"):
        extra = re.fullmatch(r"pip install '\.\[(\w+)\]'", line)
        assert extra
        assert f"\n{extra[1]} = [" in (ROOT / "pyproject.toml").read_text("utf-8")
    else:
        assert line.split()[:2] == ["python3", "dev.py"]
        assert line.split()[2] in known_commands()


def known_commands() -> list[str]:
    """Ask `dev.py` itself, which shows its commands when it is given none."""
    run = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    return re.findall(r"(?m)^(\w+) (?: +|\[)", run.stderr)


def test_its_links_lead_somewhere() -> None:
    """Files are there, and anchors are headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", README)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("https://")]
    lost = [link for link in links if link[0] == "#" and link[1:] not in anchors]
    assert (
        lost + [link for link in links if link[0] != "#" and not (ROOT / link.split("#")[0]).exists()] == []
    )
