#!/usr/bin/env python3
"""Set up and start what a developer needs: `python3 dev.py COMMAND`.

lab                 open JupyterLab on the first notebook
run [NOTEBOOK ...]  execute notebooks without a browser, and show in short what each cell showed
test [ARGUMENTS]    run the tests on all cores (arguments go to pytest)
coverage            the tests, and which lines of the package none of them runs
check               format, lint and types
docs [--all]        build the documents as a site in build/docs; --all runs all notebooks for it
release             check that a release can be made, and build it into dist/

The first use makes `.venv` and installs what the command needs. Without credentials, the sandbox stands in.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

Command = list[str | Path]

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
FIRST_NOTEBOOK = "notebooks/01-log-in-and-enhance.ipynb"
CORE_MINUTES = 10  # what all tests take on one core


def main(arguments: list[str]) -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"dolbyio_nb needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(__doc__)
    os.chdir(HERE)
    command, extras = COMMANDS[arguments[0]]
    install(extras)
    os.environ.setdefault("DOLBYIO_SANDBOX", "auto")
    become(command(arguments[1:]))


def install(extras: list[str]) -> None:
    """Bring `.venv` to what pyproject.toml asks for; an installation that did not end is begun again."""
    wanted = hashlib.sha256(Path("pyproject.toml").read_bytes()).hexdigest()
    stamps = [VENV / f"installed-{extra}" for extra in extras]
    if all(stamp.exists() and stamp.read_text() == wanted for stamp in stamps):
        return
    print(f"Installing {', '.join(extras)} into .venv (once; a minute or less) …", flush=True)
    started = time.monotonic()
    pip = make_venv()
    options = ["--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
    follow([*pip, "install", *options, "pip", "--editable", f".[{','.join(extras)}]"])
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    for stamp in stamps:
        stamp.write_text(wanted)


def make_venv() -> Command:
    """Make `.venv` where it is not whole, and give the pip that fills it.

    It is the pip of the Python that runs this, where there is one: to put another into `.venv` first takes
    longer than all that is ours in the installation.
    """
    if has_pip(PYTHON):
        return [PYTHON, "-m", "pip"]
    if has_pip(sys.executable, "--python", sys.executable):
        run_or_exit([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV])
        return [sys.executable, "-m", "pip", "--python", PYTHON]
    run_or_exit([sys.executable, "-m", "venv", "--clear", VENV])
    return [PYTHON, "-m", "pip"]


def has_pip(python: str | Path, *options: str) -> bool:
    """Say whether a Python is there and has a pip that knows these options."""
    version: Command = [python, "-m", "pip", *options, "--version"]
    return Path(python).exists() and subprocess.run(version, capture_output=True).returncode == 0


def follow(pip: Command) -> None:
    """Run pip and show what it is at: one line that changes in a terminal, else a line a step."""
    said, started = [], time.monotonic()
    end = "\r" if sys.stdout.isatty() else "\n"
    with subprocess.Popen(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            said.append(line)
            if line.lstrip().startswith(("Collecting", "Downloading", "Building", "Installing")):
                words = f"{time.monotonic() - started:3.0f} s  {' '.join(line.split())}"
                print(f"{words[:78]:78}", end=end, flush=True)
    if end == "\r":
        print(" " * 78, end=end)
    if process.returncode:
        sys.exit("".join(said[-30:]) + "pip failed: its last lines are above. The same command begins again.")


def lab(rest: list[str]) -> list[Command]:
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    first = f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}"
    return [["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", first, *as_root, *rest]]


def run(rest: list[str]) -> list[Command]:
    return [["notebooks/run.py", *(rest or [FIRST_NOTEBOOK])]]


def test(rest: list[str]) -> list[Command]:
    workers = str(round(1.5 * (os.cpu_count() or 1)))  # some wait for browsers and kernels
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers use all cores already
    cores = [] if {"-n", "--pdb", "-s"} & set(rest) else ["-n", workers, "--dist", "loadgroup"]
    if not rest:
        cores_here = os.cpu_count() or 1
        minutes = max(1, round(CORE_MINUTES / cores_here))
        print(
            f"All tests on {cores_here} cores: about {minutes} min. One room: python3 dev.py test tests/auth"
        )
        sys.stdout.flush()
    return [["-m", "pytest", *cores, *rest]]


def coverage(rest: list[str]) -> list[Command]:
    return test(["--cov", "--cov-report=term-missing", *(rest or ["tests"])])


def check(rest: list[str]) -> list[Command]:
    return [
        ["-m", "ruff", "format", "--check", *rest],
        ["-m", "ruff", "check", *rest],
        ["-m", "mypy"],
    ]


def docs(rest: list[str]) -> list[Command]:
    return [["docs/build.py", *rest]]


def release(rest: list[str]) -> list[Command]:
    check: list[Command] = [[".ci/release.py"], ["-m", "cffconvert", "--validate"]]
    return [*check, ["-m", "build", *rest], ["-m", "twine", "check", "--strict", "dist/*"]]


# Each command, and the extras of pyproject.toml that it needs.
COMMANDS = {
    "lab": (lab, ["lab", "dask"]),
    "run": (run, ["notebooks"]),
    "test": (test, ["test"]),
    "coverage": (coverage, ["coverage"]),
    "check": (check, ["test", "check"]),
    "docs": (docs, ["docs"]),
    "release": (release, ["release"]),
}


def become(steps: list[Command]) -> None:
    """Run all steps but the last, stop at the first that fails, and turn into the last one."""
    *before, last = [[str(PYTHON), *map(str, step)] for step in steps]
    for step in before:
        run_or_exit([*step])
    if os.name == "nt":
        sys.exit(subprocess.run(last).returncode)
    os.execv(last[0], last)


def run_or_exit(command: Command) -> None:
    """Run a command; if it fails, so do we: it has said why."""
    code = subprocess.run(command).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
