"""A real JupyterLab with folders of its own, and a notebook in it that a test can drive."""

import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import BrowserContext, Page

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
START_LIMIT = 90.0  # s
STOP_LIMIT = 15.0  # s
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},  # the worst case for leaks
}
IDLE = """(name) => { const it = window.jupyterapp?.shell.currentWidget;
  return it?.context?.path === name && it.sessionContext?.session?.kernel?.status === 'idle'
    && it.content?.widgets?.length }"""
CURRENT = "window.jupyterapp.shell.currentWidget"


class Server:
    """`jupyter lab` on a free port, at debug level, with its own home and settings."""

    def __init__(self, home: Path, variables: dict[str, str] | None = None) -> None:
        self.home, self.root, self.token = home, home / "work", secrets.token_hex(16)
        self.root.mkdir(parents=True)
        self._settings()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.log = home / "server.log"
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *self._options()],
                env=self._environment() | (variables or {}),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def stop(self) -> None:
        """End the server and, by it, its kernels."""
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def holds(self, needle: str) -> list[str]:
        """The files of the server and its notebooks that hold `needle`."""
        found = []
        for path in self.home.rglob("*"):
            with suppress(OSError):
                if path.is_file() and needle.encode() in path.read_bytes():
                    found.append(str(path.relative_to(self.home)))
        return found

    def _options(self) -> list[str]:
        port = self.url.rpartition(":")[2]
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.log_level=DEBUG",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]

    def _environment(self) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith(("DOLBY", "JUPYTER", "APP_"))}
        folders = {
            "HOME": "",
            "IPYTHONDIR": "ipython",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "panel")))
        return own | {name: str(self.home / sub) for name, sub in folders.items()} | {"PYTHONPATH": paths}

    def _settings(self) -> None:
        for plugin, values in SETTINGS.items():
            path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _answers(self) -> bool:
        with suppress(OSError):
            urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=2).close()
            return True
        return False

    def _wait(self) -> None:
        with suppress(AssertionError):
            eventually(lambda: self._process.poll() is not None or self._answers(), START_LIMIT)
        if self._answers():
            return
        self.stop()
        raise AssertionError(f"JupyterLab did not start:\n{self.log.read_text()[-3000:]}")


@dataclass
class Frame:
    """One message on a kernel's websocket: who sent it, what kind it is, its bytes."""

    sent: bool
    kind: str
    raw: bytes


@dataclass
class Notebook:
    """A notebook that is open in a page, with all that its websocket carried."""

    page: Page
    path: Path
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._listen)

    def ready(self) -> "Notebook":
        """Wait until it is in front and its kernel is idle."""
        self.page.wait_for_function(IDLE, arg=self.path.name, timeout=START_LIMIT * 1000)
        return self

    def close(self) -> None:
        """End its kernel, and close it without a question."""
        self.page.evaluate(
            f"async () => {{ const it = {CURRENT}; await it?.sessionContext?.shutdown(); it?.dispose() }}"
        )
        with suppress(KeyError):  # the test has closed it already
            self.page.remove_listener("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        def keep(sent: bool) -> Callable[[bytes | str], None]:
            def handler(payload: bytes | str) -> None:
                raw = payload.encode() if isinstance(payload, str) else payload
                self.frames.append(Frame(sent, kind_of(raw), raw))

            return handler

        socket.on("framesent", keep(True))
        socket.on("framereceived", keep(False))

    def start(self, cell: int) -> None:
        """Start a cell without waiting for its end."""
        self.page.evaluate(
            f"(i) => {{ const it = {CURRENT}.content; it.activeCellIndex = i; it.deselectAll(); "
            "window.jupyterapp.commands.execute('notebook:run-cell') }",
            cell,
        )

    def run(self, cell: int) -> None:
        """Run a cell to its end."""
        self.start(cell)
        self.wait(cell)

    def wait(self, cell: int) -> None:
        """Wait for a cell that was started."""
        self.page.wait_for_function(
            f"(i) => {{ const it = {CURRENT}.content.widgets[i]; "
            "return /\\[\\d+\\]/.test(it.node.querySelector('.jp-InputPrompt').innerText) && "
            f"{CURRENT}.sessionContext.session.kernel.status === 'idle' }}",
            arg=cell,
            timeout=60_000,
        )

    def text(self, cell: int) -> str:
        """What a cell has put out, as a person sees it."""
        return str(self.page.evaluate(f"(i) => {CURRENT}.content.widgets[i].outputArea.node.innerText", cell))

    def kernel(self, verb: str) -> None:
        """Restart the kernel, or shut it down."""
        self.page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.session.kernel.{verb}() }}")

    def save(self) -> dict[str, Any]:
        """Save, and read what is in the file then."""
        self.page.evaluate(f"async () => {{ await {CURRENT}.context.save() }}")
        saved: dict[str, Any] = json.loads(self.path.read_text())
        return saved


def kind_of(raw: bytes) -> str:
    """The type of the message in a frame of the binary protocol, or "" when it is none."""
    try:
        count = struct.unpack_from("<Q", raw)[0]
        ends = struct.unpack_from(f"<{count}Q", raw, 8)
        return str(json.loads(raw[ends[1] : ends[2]])["msg_type"])
    except (struct.error, ValueError, KeyError, IndexError, MemoryError):
        return ""


def write_notebook(server: Server, *cells: str) -> Path:
    """Put a notebook with these cells into the server's folder."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )
    path = server.root / f"{secrets.token_hex(4)}.ipynb"
    nbformat.write(notebook, path)
    return path


def open_lab(server: Server, context: BrowserContext) -> Page:
    """A tab with JupyterLab and nothing open in it."""
    page = context.new_page()
    page.goto(f"{server.url}/lab?token={server.token}&reset")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget", timeout=START_LIMIT * 1000)
    return page


def open_in(page: Page, path: Path) -> Notebook:
    """Open a notebook in a JupyterLab that is running already, which is much quicker."""
    notebook = Notebook(page, path)
    page.evaluate("(path) => { jupyterapp.commands.execute('docmanager:open', { path }) }", path.name)
    return notebook.ready()


def open_alone(server: Server, context: BrowserContext, path: Path, app: str = "lab") -> Notebook:
    """Open a notebook in a tab and a workspace of its own; `app` may be "notebook", for Notebook 7."""
    place = f"lab/workspaces/{secrets.token_hex(4)}/tree" if app == "lab" else "notebooks"
    notebook = Notebook(context.new_page(), path)
    notebook.page.goto(f"{server.url}/{place}/{path.name}?token={server.token}")
    return notebook.ready()


def fill(page: Page, secret: str, key: str = "KEY-1234567") -> None:
    """Type a key and a secret into the form, and press Enter."""
    page.get_by_label("App key").fill(key)
    page.get_by_label("App secret").press_sequentially(secret)
    page.keyboard.press("Enter")


def word(page: Page, state: str) -> None:
    """Wait until the panel says that this is the state."""
    page.locator(".dolby-panel .state", has_text=state).wait_for()
