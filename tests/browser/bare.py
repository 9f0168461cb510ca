"""A bare page that holds the panel's own module, a theme and a fake model."""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "dolbyio_nb" / "notebook" / "static"
LAB = Path(sys.prefix) / "share" / "jupyter" / "lab"
PAGE = """<!doctype html><html lang="en" %(attributes)s><head><meta charset="utf-8"><title>A page</title>
<style>%(theme)s
body { margin: 8px; background: var(--jp-layout-color0, Canvas); color: var(--jp-ui-font-color1, CanvasText) }
%(css)s</style></head><body><main><h1>A notebook</h1></main>
<script type="module">
/* A model whose kernel answers a hello, unless its link is "silent" or "gone". */
function fake(state) {
  const listeners = {};
  const model = {
    sent: [],
    beside: [],
    get: (name) => state[name],
    on: (event, f) => (listeners[event] ??= []).push(f),
    off: (event, f) => { listeners[event] = listeners[event].filter((other) => other !== f); },
    listeners: () => Object.values(listeners).flat().length,
    fire: (event) => (listeners[event] ?? []).forEach((f) => f()),
    hear: (changes = {}) => {
      Object.assign(state, { now: Date.now() / 1000 + (state.skew ?? 0) }, changes);
      model.fire("change:now");
    },
    send: (message, _callbacks, buffers = []) => {
      if (state.link === "gone") throw new Error("Cannot send");
      model.sent.push(message);
      model.beside.push(...buffers.map((buffer) => new TextDecoder().decode(buffer)));
      if (message.kind === "hello" && state.link !== "silent") model.hear();
    },
  };
  return model;
}
const { default: panel } = await import(URL.createObjectURL(new Blob([%(js)s], { type: "text/javascript" })));
window.show = (model) => {
  const el = document.createElement("div");
  document.querySelector("main").append(el);
  return panel.render({ model, el });
};
window.models = %(scenes)s.map(fake);
window.model = models[0];
window.leave = models.map(show)[0];
setTimeout(() => (window.ready = true), 1);
</script></body></html>"""


def themes() -> dict[str, tuple[str, str]]:
    """The looks a page can have: attributes of its html element, and its style."""
    looks = {
        "none": ("", ""),
        "none, dark page": ("", ":root { color-scheme: dark }"),
        "forced colours": ("", ""),
        "light": ('data-jp-theme-light="true"', lab_theme("light")),
        "dark": ('data-jp-theme-light="false"', lab_theme("dark")),
    }
    if (LAB / "themes/@jupyterlab/theme-dark-high-contrast-extension").exists():  # JupyterLab 4.1 and later
        looks["high contrast"] = ('data-jp-theme-light="false"', lab_theme("dark-high-contrast"))
    return looks


@cache
def lab_theme(name: str) -> str:
    """The variables that the installed JupyterLab's own theme sets."""
    css = (LAB / f"themes/@jupyterlab/theme-{name}-extension/index.css").read_text()
    own = re.findall(r"--jp-[\w-]+:[^;}]+", css)
    return f":root {{ {'; '.join(palette() + own)} }}"


@cache
def palette() -> list[str]:
    """The colours that JupyterLab's themes are mixed from, as its program defines them."""
    program = next((LAB / "static").glob("jlab_core*.js"), None)
    text = program.read_text() if program else ""
    text += (
        "".join(p.read_text() for p in (LAB / "static").glob("*.js")) if "--md-blue-700" not in text else ""
    )
    return sorted(set(re.findall(r"--md-[a-z]+-\d+: *#[0-9a-f]+", text)))


def open_panel(page: Page, *scenes: dict[str, Any], theme: str = "light") -> None:
    """Show a panel for each scene on an otherwise empty page; `model` there is the first one's."""
    attributes, style = themes()[theme]
    page.emulate_media(forced_colors="active" if theme == "forced colours" else "none")
    page.set_content(
        PAGE
        % {
            "attributes": attributes,
            "theme": style,
            "css": (STATIC / "panel.css").read_text(),
            "js": json.dumps((STATIC / "panel.js").read_text()).replace("</", "<\\/"),
            "scenes": json.dumps(scenes),
        }
    )
    page.wait_for_function("() => window.ready")
