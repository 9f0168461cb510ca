"""Extension of IPython: what %load_ext adds and %unload_ext takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolbyio_nb.notebook.completion import add_completion, remove_completion
from dolbyio_nb.notebook.magics import DolbyMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion and the look at the token; begin to mask outputs."""
    magics = DolbyMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.controller.before_cell)
    for after in (magics.controller.after_cell, magics.after_cell):
        shell.events.register("post_run_cell", after)
    add_completion(shell)


def unload(shell: InteractiveShell) -> None:
    """Log out, and take back all that `load` added."""
    magics = shell.magics_manager.registry.pop(DolbyMagics.__name__)
    magics.close()
    shell.events.unregister("pre_run_cell", magics.controller.before_cell)
    for after in (magics.controller.after_cell, magics.after_cell):
        shell.events.unregister("post_run_cell", after)
    for name in magics.magics["line"]:
        shell.magics_manager.magics["line"].pop(name)
    shell.configurables.remove(magics)
    remove_completion(shell)
