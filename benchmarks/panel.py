"""How long the log-in form takes to appear in JupyterLab, and what it costs on the wire.

Run it with `python -m benchmarks.panel [ROUNDS]`; it needs Chromium. Each round is a new kernel. Time runs
from the start of the cell to fields that can be typed into. For comparison, in turns: the same form made
of ipywidgets (which would leak the secret, for a Password widget's value is saved with the notebook).
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.lab import Server, open_in, open_lab, write_notebook

FIELD = "'input[type=password]'"
SHOWN = ("display_data", "execute_result")
CELLS = {
    "this panel": "%load_ext dolbyio_nb\n%dolby_login --form",
    "8 ipywidgets": """import ipywidgets as w
w.VBox([w.Text(placeholder="App key"), w.Password(placeholder="App secret"),
  w.Dropdown(options=["30 minutes"]), w.Checkbox(description="Remember"),
  w.Button(description="Log in"), w.Button(description="Sandbox"), w.HTML("Where?")])""",
}


def measure(server: Server, page: Page, cell: str) -> list[tuple[float, int, int]]:
    """Show a form twice in a new kernel: seconds, messages and bytes on the wire, each time."""
    it = open_in(page, write_notebook(server, cell, cell))
    found = []
    for index in (0, 1):
        seen, start = len(it.frames), time.perf_counter()
        it.start(index)
        fields = (
            f"(i) => window.jupyterapp.shell.currentWidget.content.widgets[i].node.querySelector({FIELD})"
        )
        page.wait_for_function(fields, arg=index)
        elapsed = time.perf_counter() - start
        it.wait(index)
        page.wait_for_timeout(1000)  # a late message counts too
        sent = [f for f in it.frames[seen:] if f.kind.startswith("comm_") or f.kind in SHOWN]
        found.append((elapsed, len(sent), sum(len(f.raw) for f in sent)))
    it.close()
    return found


def main(rounds: int) -> None:
    """Print medians: the first show in a kernel (imports and all), and the second."""
    home = Path(tempfile.mkdtemp())
    with sync_playwright() as driver:
        server = Server(home / "lab")
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        try:
            page = open_lab(server, browser.new_context(viewport={"width": 1200, "height": 900}))
            turns = [
                {name: measure(server, page, cell) for name, cell in CELLS.items()} for _ in range(rounds)
            ]
            times = [report(name, [turn[name] for turn in turns]) for name in CELLS]
            print(f"first, ours beside ipywidgets: {times[0] / times[1]:.2f}x")
        finally:
            browser.close()
            server.stop()
            shutil.rmtree(home, ignore_errors=True)


def report(name: str, rounds: list[list[tuple[float, int, int]]]) -> float:
    """One line for the first show, one for the second; return the median of the first."""
    for order, results in zip(("first", "second"), zip(*rounds, strict=True), strict=True):
        times, messages, size = zip(*results, strict=True)
        print(
            f"{name:13} {order:6} {1000 * statistics.median(times):5.0f} ms "
            f"(from {1000 * min(times):.0f} to {1000 * max(times):.0f})  "
            f"{statistics.median(messages):g} messages  {statistics.median(size) / 1000:.1f} kB"
        )
    return statistics.median(shows[0][0] for shows in rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
