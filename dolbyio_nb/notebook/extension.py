"""Extension of IPython: what %load_ext adds and %unload_ext takes back.

It loads what the magics need to be known, completed and documented, and to mask outputs. The keeper, the
credentials and requests come with the first magic that is called: see `DolbyMagics.controller`.
"""

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
    add_completion(shell)


def unload(shell: InteractiveShell) -> None:
    """Log out, and take back all that `load` added."""
    magics = shell.magics_manager.registry.pop(DolbyMagics.__name__)
    magics.close()
    for name in magics.magics["line"]:
        shell.magics_manager.magics["line"].pop(name)
    shell.configurables.remove(magics)
    remove_completion(shell)
