"""Write the API reference, from the docstrings, to build/docs."""

from importlib import import_module
from pathlib import Path

import pdoc

PARTS = ("dolbyio_nb", "dolbyio_nb.media", "dolbyio_nb.auth", "dolbyio_nb.sandbox")

# pdoc shows what a module holds, and some fetch their names only when they are asked for.
for module in map(import_module, PARTS):
    for name in module.__all__:
        setattr(module, name, getattr(module, name))
pdoc.render.configure(docformat="google")
pdoc.pdoc(*PARTS, output_directory=Path("build/docs"))
