"""Settings of Sphinx. The site is made by `python3 dev.py docs`, which lays out its sources first."""

import re
from pathlib import Path
from typing import Any

from dolbyio_nb import __version__

project = "dolbyio_nb"
author = "The dolbyio_nb developers"
copyright = "The dolbyio_nb developers"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["**/media/**"]
default_role = "code"  # the docstrings write `names` as Markdown does

html_theme = "furo"
html_title = f"dolbyio_nb {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#5b2fc9", "color-brand-content": "#5b2fc9"},
    "dark_css_variables": {"color-brand-primary": "#b9a3ff", "color-brand-content": "#b9a3ff"},
}

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

nb_execution_mode = "off"  # docs/build.py runs them, side by side
nb_ipywidgets_js: dict[
    str, dict[str, str]
] = {}  # nothing from another host; a widget's words stand in its place
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it with units and ranges
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 72
napoleon_custom_sections = [("Nested parameters", "params_style")]
napoleon_use_rtype = False


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", unlink)


def unlink(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Write the bare beginnings of addresses as code, which docutils would make links of."""
    lines[:] = [re.sub(r"(?<![`\w])(https?://)(?=[\s.,]|$)", r"``\1``", line) for line in lines]
