"""Compares the token keeper with other libraries: `python benchmarks/keeper.py [drill ...]`.

Every drill runs in a process of its own, against a service in another. The extra `bench` has the libraries.
"""

import argparse
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from bad_days import BAD_DAYS  # noqa: E402
from drills import GOOD_DAYS  # noqa: E402
from harness import Service  # noqa: E402
from rivals import RIVALS, versions  # noqa: E402

DRILLS = {**GOOD_DAYS, **BAD_DAYS}
LIMIT = 120  # seconds for one drill


def run_one(drill, name):
    """Run one drill with one library in this process; prints the figure."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    server = subprocess.Popen([sys.executable, HERE / "service.py"], stdout=subprocess.PIPE, text=True)
    try:
        service = Service(int(server.stdout.readline()))
        print(DRILLS[drill](RIVALS[name](service.url), service), flush=True)
    finally:
        server.kill()


def figure(drill, name):
    """Run one drill with one library in a process of its own; returns the figure."""
    command = [sys.executable, __file__, "--one", drill, name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said, trouble = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        return "no end"
    return said.strip() or (trouble.strip().splitlines() or ["nothing"])[-1][:60]


def table(drills):
    """Print a Markdown table, one drill at a time."""
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.platform()}")
    print(", ".join(f"{name} {number}" for name, number in versions().items()), "\n")
    print("| drill |", " | ".join(RIVALS), "|")
    print("| --- |" + " --- |" * len(RIVALS), flush=True)
    for drill in drills:
        print(f"| {drill} |", end="", flush=True)
        for name in RIVALS:
            print(f" {figure(drill, name)} |", end="", flush=True)
        print(flush=True)
    print()
    for drill in drills:
        print(f"- `{drill}`: {DRILLS[drill].__doc__}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drills", nargs="*", default=list(DRILLS), metavar="drill")
    parser.add_argument("--one", nargs=2, metavar=("DRILL", "LIBRARY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    run_one(*arguments.one) if arguments.one else table(arguments.drills)
