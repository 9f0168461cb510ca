"""Write the API reference, from the docstrings, to build/docs."""

from pathlib import Path

import pdoc

import dolbyio_nb

PARTS = ("dolbyio_nb", "dolbyio_nb.media", "dolbyio_nb.auth", "dolbyio_nb.sandbox")

# pdoc shows what a module holds, and this one fetches its names only when they are asked for.
for name in dolbyio_nb.__all__:
    setattr(dolbyio_nb, name, getattr(dolbyio_nb, name))
pdoc.render.configure(docformat="google")
pdoc.pdoc(*PARTS, output_directory=Path("build/docs"))
