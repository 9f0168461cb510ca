"""Pages made of the README's sections, so that each thing is said in one place."""

import re
from pathlib import Path

PAGES = {
    "log-in.md": "Log in",
    "promises.md": "What it promises",
    "files-limits-costs.md": "Files, limits, costs",
    "security.md": "Security",
    "troubleshooting.md": "Troubleshooting",
    "not-known.md": "What is not known",
}
HOMES = {  # where the README's anchors and files are in the site
    "#outputs-are-masked": "security.md#outputs-are-masked",
    "#files-limits-costs": "files-limits-costs.md",
    "#what-is-not-known": "not-known.md",
    "#log-in": "log-in.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
}


def write_pages(readme: Path, folder: Path) -> None:
    """Write a page for each section that has one."""
    sections = split(readme.read_text("utf-8"))
    for name, title in PAGES.items():
        body = re.sub(r"(?m)^##(#+ )", r"#\1", sections[title])
        (folder / name).write_text(f"# {title}\n{relink(body)}", "utf-8")


def split(text: str) -> dict[str, str]:
    """Give the text below each heading of the second level."""
    parts = re.split(r"(?m)^## (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def relink(text: str) -> str:
    """Point the README's links to the site's pages."""
    for there, here in HOMES.items():
        text = text.replace(f"]({there})", f"]({here})")
    return text


NOTEBOOK = re.compile(r"\| \[(\d\d)\]\(notebooks/([\w-]+)\.ipynb\) \| (.*?) \|")
INDEX = """# Notebooks

Each runs from top to bottom in well under a minute, with the sandbox or an account. Where results are shown,
they were made when these pages were built, against the sandbox.

| | |
| --- | --- |
{rows}

```{{toctree}}
:hidden:

{names}
```
"""


def write_index(readme: Path, path: Path) -> None:
    """Write the list of notebooks from the README's table."""
    found = NOTEBOOK.findall(readme.read_text("utf-8"))
    rows = "\n".join(f"| [{number}]({name}.ipynb) | {words} |" for number, name, words in found)
    path.parent.mkdir()
    path.write_text(INDEX.format(rows=rows, names="\n".join(name for _, name, _ in found)), "utf-8")
