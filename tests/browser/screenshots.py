"""Pictures of the panel in a real JupyterLab: `python -m tests.browser.screenshots FOLDER`."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from dolbyio_nb.sandbox import Sandbox

from .conftest import FLAGS
from .lab import CURRENT, Notebook, Server, fill, open_in, open_lab, word, write_notebook

COLOURS = 64  # enough for flat surfaces and smooth text, and a third of the bytes
FORM = "%load_ext dolbyio_nb\n%dolby_login"
SERVICE = """import stand_in
actions, panel = stand_in.new(found=".env at ~/work/.env")
actions.use_found(stand_in.lives(1800))
panel.show(actions.status())
panel"""


def form(it: Notebook, sandbox: Sandbox) -> None:
    """The form, as it comes."""
    it.page.get_by_label("App key").wait_for()


def sandbox_in_use(it: Notebook, sandbox: Sandbox) -> None:
    """Logged in to the sandbox."""
    it.page.get_by_role("button", name="Use the local sandbox").click()
    word(it.page, "Fresh")


def refused(it: Notebook, sandbox: Sandbox) -> None:
    """A wrong secret."""
    fill(it.page, "x" + sandbox.app_secret[1:], sandbox.app_key)
    it.page.locator(".dolby-panel .error").wait_for()


def failing(it: Notebook, sandbox: Sandbox) -> None:
    """The service went down after the log-in."""
    fill(it.page, sandbox.app_secret, sandbox.app_key)
    word(it.page, "Fresh")
    sandbox.faults.fail(503, at="token", times=None)
    it.page.get_by_role("button", name="Renew now").click()
    word(it.page, "Renewal is failing")
    sandbox.faults.clear()


def logged_in(it: Notebook, sandbox: Sandbox) -> None:
    """Logged in to what the panel takes for the service."""
    word(it.page, "Fresh")


def gone(it: Notebook, sandbox: Sandbox) -> None:
    """The kernel was restarted under the panel."""
    word(it.page, "Fresh")
    it.kernel("restart")
    word(it.page, "Kernel gone")


SHOTS: dict[str, tuple[str, Callable[[Notebook, Sandbox], None]]] = {
    "form": (FORM, form),
    "sandbox": (FORM, sandbox_in_use),
    "refused": (FORM, refused),
    "failing": (FORM, failing),
    "logged-in": (SERVICE, logged_in),
    "kernel-gone": (SERVICE, gone),
}


def main(folder: Path) -> None:
    """Take every picture, in JupyterLab's light and dark theme."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp())
    with Sandbox() as sandbox, sync_playwright() as driver:
        server = Server(
            home / "lab", {"DOLBYIO_AUTH_URL": sandbox.auth_url, "DOLBYIO_MEDIA_URL": sandbox.media_url}
        )
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        try:
            for theme in ("Light", "Dark"):
                take_all(folder, theme, server, browser, sandbox)
        finally:
            browser.close()
            server.stop()
            shutil.rmtree(home, ignore_errors=True)


def take_all(folder: Path, theme: str, server: Server, browser: Browser, sandbox: Sandbox) -> None:
    """Take every picture in one theme."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, device_scale_factor=2)
    page = open_lab(server, context)
    page.evaluate(
        "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {theme}"
    )
    page.wait_for_function(
        "(dark) => document.body.dataset.jpThemeLight === String(!dark)", arg=theme == "Dark"
    )
    for name, (cell, scene) in SHOTS.items():
        it = open_in(page, write_notebook(server, cell))
        it.run(0)
        scene(it, sandbox)
        page.evaluate("() => document.activeElement.blur()")
        page.evaluate(f"async () => {{ await {CURRENT}.context.save() }}")
        take(it, folder / f"panel-{name}-{theme.lower()}.png")
        it.close()
    context.close()


def take(it: Notebook, path: Path) -> None:
    """Take a picture of the first cell, and make the file small."""
    it.page.mouse.move(0, 0)
    it.page.add_style_tag(content=".jp-cell-toolbar { display: none !important }")
    cell = it.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first
    cell.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
