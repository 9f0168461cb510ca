#!/usr/bin/env python3
"""Set up and start what a developer needs: `python3 dev.py lab | run | test | check | docs`.

lab                 open JupyterLab on the first notebook
run [NOTEBOOK ...]  execute notebooks without a browser, and show in short what each cell showed
test [ARGUMENTS]    run the tests (arguments go to pytest)
check               format, lint and types
docs                write the API reference to build/docs

The first use makes `.venv` and installs what the command needs. Without credentials, the sandbox stands in.
"""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.json"
FIRST_NOTEBOOK = "notebooks/01-log-in-and-enhance.ipynb"
EXTRAS = {"lab": ["lab"], "run": ["lab"], "test": ["test"], "check": ["test", "check"], "docs": ["docs"]}


def main(arguments):
    if sys.version_info < (3, 11):
        sys.exit(f"dolbyio_nb needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if not arguments or arguments[0] not in EXTRAS:
        sys.exit(__doc__)
    os.chdir(HERE)
    command, *rest = arguments
    install(EXTRAS[command])
    os.environ.setdefault("DOLBYIO_SANDBOX", "auto")
    become(COMMANDS[command](rest))


def install(extras):
    """Bring `.venv` to what pyproject.toml and the extras ask for; do nothing when it is there already."""
    wanted = {"pyproject": hashlib.sha256(Path("pyproject.toml").read_bytes()).hexdigest()}
    have = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    known = have.get("extras", []) if have.get("pyproject") == wanted["pyproject"] else []
    if set(extras) <= set(known):
        return
    wanted["extras"] = sorted({*extras, *known})
    print(f"Installing {', '.join(wanted['extras'])} into .venv (once; takes a minute or two) …", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--editable", f".[{','.join(wanted['extras'])}]"]).returncode:
        sys.exit("The installation failed; pip says why above. Mend it and run the same command again.")
    STAMP.write_text(json.dumps(wanted))


def lab(rest):
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", *as_root, *(rest or [FIRST_NOTEBOOK])]]


def run(rest):
    return [["notebooks/run.py", *(rest or [FIRST_NOTEBOOK])]]


def test(rest):
    return [["-m", "pytest", *rest]]


def check(rest):
    return [
        ["-m", "ruff", "format", "--check", *rest],
        ["-m", "ruff", "check", *rest],
        ["-m", "mypy"],
    ]


def docs(rest):
    return [["-m", "pdoc", "--output-directory", "build/docs", "dolbyio_nb", *rest]]


COMMANDS = {"lab": lab, "run": run, "test": test, "check": check, "docs": docs}


def become(steps):
    """Run all steps but the last, stop at the first that fails, and turn into the last one."""
    *before, last = [[str(PYTHON), *step] for step in steps]
    for step in before:
        failed = subprocess.run(step).returncode
        if failed:
            sys.exit(failed)
    if os.name == "nt":
        sys.exit(subprocess.run(last).returncode)
    os.execv(last[0], last)


if __name__ == "__main__":
    main(sys.argv[1:])
