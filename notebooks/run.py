"""Run notebooks without a browser, and show in short what each cell showed.

    python notebooks/run.py NOTEBOOK [NOTEBOOK ...] [--output FOLDER]

The notebooks stay as they are: the executed copies, and whatever the cells write, go to the output folder, a
new temporary one by default. Ends with 1 when a cell fails.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LONGEST_LINE = 100
COMPANIONS = ("sound.py", "looks.mplstyle")
CELL_LIMIT = 300  # seconds; far more than any cell here needs


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("notebooks", nargs="+", type=Path)
    options.add_argument("--output", type=Path, help="folder for the executed copies")
    chosen = options.parse_args()
    folder = chosen.output or Path(tempfile.mkdtemp(prefix="dolbyio_nb-"))
    folder.mkdir(parents=True, exist_ok=True)
    return max(run(path, folder) for path in chosen.notebooks)


def run(path: Path, folder: Path) -> int:
    """Execute one notebook with `folder` as its working directory; return 1 if a cell fails, else 0."""
    if not path.is_file():
        print(f"There is no notebook {path}.", file=sys.stderr)
        return 1
    notebook = nbformat.read(path, as_version=4)
    bring_companions(path.parent, folder)
    print(f"{path}", flush=True)
    client = NotebookClient(
        notebook,
        timeout=CELL_LIMIT,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.on_cell_executed = lambda cell, cell_index, **_: show(cell, cell_index)
    try:
        client.execute()
    except CellExecutionError:
        return 1
    finally:
        nbformat.write(notebook, folder / path.name)
        print(f"Executed copy and files: {folder}", flush=True)
    return 0


def bring_companions(place: Path, folder: Path) -> None:
    """Copy what the notebooks use from beside them: sounds, the module that reads them, the look of plots."""
    for path in (place / "media").glob("*"):
        (folder / "media").mkdir(exist_ok=True)
        shutil.copy(path, folder / "media")
    for name in COMPANIONS:
        if (place / name).exists():
            shutil.copy(place / name, folder)


def show(cell: nbformat.NotebookNode, index: int) -> None:
    """Print the cell's first line, and what it showed, a line each."""
    if cell.cell_type != "code":
        return
    print(f"[{index}] {shorten(cell.source.splitlines()[0] if cell.source else '')}")
    for output in cell.outputs:
        for line in text_of(output).splitlines():
            print(f"      {shorten(line)}", flush=True)


def text_of(output: nbformat.NotebookNode) -> str:
    """Give the plain text of any kind of output."""
    if output.output_type == "stream":
        lines = str(output.text).replace("\r\n", "\n").split("\n")
        return "\n".join(line.rpartition("\r")[2] for line in lines)
    if output.output_type == "error":
        return "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
    return str(output.data.get("text/plain", ""))


def shorten(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


if __name__ == "__main__":
    sys.exit(main())
