"""Release check: what has to be true before an archive is built. Ends with 1 and names what is not."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDRESSES = ("Repository", "Issues", "Changelog")


def main(root: Path = ROOT) -> int:
    left = list(open_points(root))
    sys.stderr.writelines(f"Not yet: {point}\n" for point in left)
    return 1 if left else 0


def open_points(root: Path) -> Iterator[str]:
    """Name what is still open, in the order of docs/RELEASE.md."""
    urls = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    for name in ADDRESSES:
        if not re.match(r"https://[^<>\s]+/[^<>\s]+$", urls.get(name, "")):
            yield f"pyproject.toml, [project.urls]: {name} has no address of the code host."
    if not re.search(r"(?m)^repository-code: *['\"]?https://", (root / "CITATION.cff").read_text("utf-8")):
        yield "CITATION.cff: repository-code has no address of the code host."
    readme = (root / "README.md").read_text("utf-8")
    if re.search(r"!\[[^\]]*\]\((?!https://)", readme):
        yield "README.md: its pictures are relative, and are not seen on a package index."
    yield from of_the_version(root)


def of_the_version(root: Path) -> Iterator[str]:
    found = re.search(
        r'"(.+)"', (root / "dolbyio_nb/_version.py").read_text("utf-8").partition("__version__")[2]
    )
    version = found[1] if found else "?"
    if not re.search(
        rf"(?m)^## {re.escape(version)} – \d{{4}}-\d\d-\d\d$", (root / "CHANGELOG.md").read_text("utf-8")
    ):
        yield f"CHANGELOG.md: {version} has no date."
    if (root / ".git").exists() and subprocess.check_output(["git", "status", "--porcelain"], cwd=root):
        yield "git status: there are changes that are not committed."


if __name__ == "__main__":
    sys.exit(main())
