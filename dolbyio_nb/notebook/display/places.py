"""Where a browser gets a sound from: the file beside the notebook, or a small preview in the page."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dolbyio_nb.errors import MissingPackage

PLAYABLE = {".wav", ".mp3", ".flac", ".m4a", ".aac", ".ogg", ".opus", ".oga", ".mp4", ".m4v", ".webm", ".mov"}
MOVING = {".mp4", ".m4v", ".webm", ".mov"}
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}


@dataclass(frozen=True)
class Address:
    """What goes into `src`, empty when nothing can; and what to say about it."""

    url: str
    note: str = ""


def address(path: Path) -> Address:
    """Point at a file beside the notebook; embed a preview of one that a browser cannot reach or play."""
    if path.suffix.lower() in PLAYABLE and (near := beside(path)):
        return Address(near)
    why = "its folder is not below the notebook's" if path.suffix.lower() in PLAYABLE else "its format is not"
    try:
        from dolbyio_nb.notebook.display.previews import SECONDS, preview
    except ImportError:
        return Address("", f"It cannot be played here: {why}.")
    url, whole = preview(path)
    part = "The whole sound" if whole else f"The first {SECONDS} seconds"
    return Address(url, f"{part} as a small preview of low quality, since {why}.")


def beside(path: Path) -> str | None:
    """Give the relative URL of a file, or None when the notebook's server would not give it out."""
    if _embeds():
        return None
    try:
        parts = path.resolve().relative_to(notebook_folder()).parts
    except ValueError:
        return None
    return None if any(part.startswith(".") for part in parts) else "./" + quote("/".join(parts))


def notebook_folder() -> Path:
    """Give the folder a notebook's relative URLs start from: where its kernel was started."""
    return Path(getattr(_shell(), "starting_dir", None) or os.getcwd()).resolve()


def _embeds() -> bool:
    """Tell whether this is a place that shows outputs away from the files: VS Code and Colab."""
    names = getattr(_shell(), "user_ns", {})
    return "__vsc_ipynb_file__" in names or "google.colab" in sys.modules


def _shell() -> object:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def needs_sound(what: str) -> MissingPackage:
    """Say what is missing where sound would have to be read."""
    return MissingPackage(
        f"{what} needs av and numpy, which are not installed.",
        "They read the sound and measure it.",
        "Install them with: pip install 'dolbyio_nb[sandbox]'",
    )
