"""Site of the documents, in build/docs: `python3 dev.py docs [--all]`.

Its sources are laid out in build/docs-source: the pages of this folder, sections of the README, the texts of
the errors, and the notebooks, executed against the sandbox as many at a time as there are cores. Without
`--all` only the short ones run, and the others are shown as they are stored. What was run is kept until it or
the package changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import check_site
import error_texts
import nbformat
import readme_parts
from sphinx.cmd.build import build_main

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SOURCE, SITE, KEPT = (ROOT / "build" / name for name in ("docs-source", "docs", "notebooks"))
SHORT = ("01", "02", "03")  # what a build runs that is not asked for all: each takes about ten seconds
NOT_RUN = "*This notebook was not run when these pages were built: no results are shown.*"
SOUND = {".wav", ".flac", ".mp3", ".mp4", ".m4a", ".ogg", ".opus", ".png", ".jpg", ".json"}


def main(arguments: list[str]) -> int:
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    chosen = [path for path in notebooks if "--all" in arguments or path.name.startswith(SHORT)]
    lay_out()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        executed = dict(zip(chosen, pool.map(execute, chosen), strict=True))
    for path in notebooks:
        place(path, executed.get(path))
    code = build_main(["-b", "html", "-W", "--keep-going", "-q", "-E", str(SOURCE), str(SITE)])
    return code or tell(check_site.faults(SITE))


def lay_out() -> None:
    """Bring the pages together."""
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE, SOURCE, ignore=shutil.ignore_patterns("*.py", "RELEASE.md", "__pycache__"))
    shutil.copy(HERE / "conf.py", SOURCE)
    shutil.copy(ROOT / "benchmarks/README.md", SOURCE / "benchmarks.md")
    shutil.copy(ROOT / "CHANGELOG.md", SOURCE / "changelog.md")
    readme_parts.write_pages(ROOT / "README.md", SOURCE)
    readme_parts.write_index(ROOT / "README.md", SOURCE / "notebooks/index.md")
    error_texts.write_page(SOURCE / "reference/errors.md")


def execute(path: Path) -> Path:
    """Run a notebook in a folder of its own, or take what an earlier build has kept; give the folder."""
    folder = KEPT / path.stem
    stamp = folder / "made-of"
    if stamp.exists() and stamp.read_text() == state(path):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Running {path.name} …", flush=True)
    command = [sys.executable, ROOT / "notebooks/run.py", path, "--output", folder]
    environment = {**os.environ, "DOLBYIO_SANDBOX": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8")
    if run.returncode:
        raise SystemExit(f"{run.stdout}{run.stderr}\n{path.name} failed.")
    stamp.write_text(state(path))
    return folder


def state(path: Path) -> str:
    """Give a digest of all that a notebook's results depend on."""
    package = [part for part in ROOT.glob("dolbyio_nb/**/*") if part.suffix in (".py", ".js", ".css")]
    parts = [path, *ROOT.glob("notebooks/*.py"), *package]
    return hashlib.sha256(b"".join(part.read_bytes() for part in sorted(parts))).hexdigest()


def place(path: Path, folder: Path | None) -> None:
    """Put a notebook among the pages, and the sounds that its players play beside its page."""
    notebook = nbformat.read(folder / path.name if folder else path, as_version=4)
    if folder:
        bring_sounds(folder, SITE / "notebooks" / path.stem)
        for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
            html = output.get("data", {}).get("text/html")
            if html:
                output["data"]["text/html"] = html.replace('="./', f'="{path.stem}/')
    else:
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(NOT_RUN))
    notebook.metadata.language_info.pygments_lexer = "ipython3"
    for cell in notebook.cells:
        cell.source = cell.source.replace("](../README.md", "](../index.md")
    nbformat.write(notebook, SOURCE / "notebooks" / path.name)


def bring_sounds(folder: Path, target: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix in SOUND:
            (target / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target / file.relative_to(folder))


def tell(faults: list[str]) -> int:
    """Print what is wrong with the links, or where the site is."""
    print("\n".join(faults) or f"The pages: {(SITE / 'index.html').relative_to(ROOT)}")
    return len(faults) and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
