"""Chromium, and one JupyterLab for all the tests that need one."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dolbyio_nb.sandbox import Sandbox

from .lab import Notebook, Server, open_alone, open_in, open_lab, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

REQUIRED = os.environ.get("DOLBYIO_REQUIRE_BROWSER")  # read before each test is given a clean environment
SECRET = "bmVlZGxlLW5lZWRsZS1uZWVkbGUtbmVlZGxlLW5lZWQ="  # shaped as Dolby's are
LAPTOP: Any = {"width": 1200, "height": 900}
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first needs a third of the processor time: it draws no windows."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The machine's own Chromium; without one tests skip, or fail if DOLBYIO_REQUIRE_BROWSER is set."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        missing = "no Chromium: install it, or set CHROMIUM to its path"
        pytest.fail(missing) if REQUIRED else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox that the notebooks log in to; its secret is what the tests look for everywhere."""
    with Sandbox(app_key="QUJDREVGR0hJSktMTU5PUA==", app_secret=SECRET) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def server(
    chromium: "Browser", sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One JupyterLab for all tests; where there is no Chromium it is not started."""
    origins = {"DOLBYIO_AUTH_URL": sandbox.auth_url, "DOLBYIO_MEDIA_URL": sandbox.media_url}
    server = Server(tmp_path_factory.mktemp("lab"), origins)
    yield server
    server.stop()


@pytest.fixture
def context(chromium: "Browser") -> Iterator["BrowserContext"]:
    """A browser without a past, as wide as a laptop."""
    context = chromium.new_context(viewport=LAPTOP)
    yield context
    context.close()


@pytest.fixture(scope="session")
def lab(chromium: "Browser", server: Server) -> Iterator["Page"]:
    """JupyterLab, started once, for all the tests that need no tab of their own."""
    context = chromium.new_context(viewport=LAPTOP)
    yield open_lab(server, context)
    context.close()


@pytest.fixture
def notebook(server: Server, lab: "Page") -> Iterator[Callable[..., Notebook]]:
    """`notebook(cell, cell, …)` opens a new notebook with an idle kernel, and is undone afterwards."""
    opened: list[Notebook] = []

    def open_new(*cells: str) -> Notebook:
        opened.append(open_in(lab, write_notebook(server, *cells)))
        return opened[-1]

    yield open_new
    for it in opened:
        it.close()


@pytest.fixture
def alone(server: Server, context: "BrowserContext") -> Iterator[Callable[..., Notebook]]:
    """The same in a browser of its own, for tests that look at storage, reload, or open a second tab."""
    opened: list[Notebook] = []

    def open_new(*cells: str, app: str = "lab") -> Notebook:
        opened.append(open_alone(server, context, write_notebook(server, *cells), app))
        return opened[-1]

    yield open_new
    for it in opened:
        it.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of JupyterLab in one process, and those of single pages in another one."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            needs_lab = "server" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("lab" if needs_lab else "page"))
