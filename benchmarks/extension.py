"""Measures what `%load_ext dolbyio_nb` takes beside `import requests`: `python benchmarks/extension.py`."""

import os
import platform
import subprocess
import sys
import time

ROUNDS = 9  # each in a new interpreter, in turn; the best counts
KERNEL = "import ipykernel.ipkernel, IPython.display, IPython.core.magic\n"
SHELL = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
MEASURED = """
import time
wall, processor = time.perf_counter(), time.process_time()
{statement}
print(time.perf_counter() - wall, time.process_time() - processor)
"""
PLACES = {"with a kernel's modules loaded": KERNEL, "in a bare interpreter": ""}
STATEMENTS = ("import requests", "shell.run_line_magic('load_ext', 'dolbyio_nb')")


def seconds(before, statement):
    """Give wall and processor time of a statement in a new interpreter, bytecode being there."""
    setting_up = before + (SHELL if statement.startswith("shell") else "")
    command = [sys.executable, "-c", setting_up + MEASURED.format(statement=statement)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return tuple(map(float, subprocess.check_output(command, env=environment, text=True).split()))


if __name__ == "__main__":
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| | import requests | %load_ext dolbyio_nb | ratio |\n| --- | --- | --- | --- |")
    for place, before in PLACES.items():
        rounds = [[seconds(before, statement) for statement in STATEMENTS] for _ in range(ROUNDS)]
        for kind, index in (("wall", 0), ("processor", 1)):
            one, other = (min(times[which][index] for times in rounds) for which in (0, 1))
            print(f"| {place}, {kind} | {one * 1e3:.1f} ms | {other * 1e3:.1f} ms | {other / one:.2f} |")
