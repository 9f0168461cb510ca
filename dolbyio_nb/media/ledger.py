"""Ledger of jobs: what each was asked, and which files were written here, in the user's state folder.

It makes `dolby.media.job(id).result()` give the sound back after a crash. It holds no token, no credentials
and no signed address. Whatever goes wrong with it, no job fails. `DOLBYIO_LEDGER=0` switches it off.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Clock = Callable[[], float]
KEPT = 31 * 86_400.0
"""Seconds that a row is kept: as long as the service knows a job."""
PREPARED: tuple[tuple[str, tuple[()]], ...] = (
    ("PRAGMA synchronous = OFF", ()),  # a crash of this process loses nothing; one of the machine may
    ("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, entry TEXT, at REAL)", ()),
    ("CREATE TABLE IF NOT EXISTS written (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, at REAL)", ()),
)
_written_here: dict[Path, tuple[int, int]] = {}


@dataclass(frozen=True)
class LedgerEntry:
    """What a job was asked: `outputs` pairs the address it writes to with the path wanted here."""

    path: str
    name: str = ""
    source: str = ""
    outputs: tuple[tuple[str, str], ...] = ()


def ledger_file() -> Path | None:
    """Name the file; None where the ledger is switched off."""
    if os.environ.get("DOLBYIO_LEDGER", "").strip().lower() in ("0", "false", "no", "off"):
        return None
    home = os.path.expanduser("~")
    places = {
        "win32": os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local"),
        "darwin": os.path.join(home, "Library", "Application Support"),
    }
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        state = places.get(sys.platform, os.path.join(home, ".local", "state"))
    return Path(state, "dolbyio_nb", "jobs.sqlite3")


def record_job(job_id: str, entry: LedgerEntry, clock: Clock = time.time) -> None:
    """Write down what a job was asked, and forget what the service has forgotten too."""
    forgotten = (clock() - KEPT,)
    _ask(
        [
            ("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", (job_id, _text(entry), clock())),
            ("DELETE FROM jobs WHERE at < ?", forgotten),
            ("DELETE FROM written WHERE at < ?", forgotten),
        ]
    )


def find_entry(job_id: str) -> LedgerEntry | None:
    """Read what a job was asked; None when it is not known here."""
    rows = _ask([("SELECT entry FROM jobs WHERE id = ?", (job_id,))])
    return _entry(rows[0][0]) if rows else None


def record_written(path: Path, clock: Clock = time.time) -> None:
    """Take note of a file that a result was written to, so that running a cell again may replace it."""
    if (stamp := _stamp(path)) is None:
        return
    _written_here[path] = stamp
    row = (os.fsencode(path), *stamp, clock())
    _ask([("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?)", row)])


def is_ours(path: Path) -> bool:
    """Tell whether a file is an earlier result, unchanged since it was written."""
    if (stamp := _stamp(path)) is None:
        return False
    known = _ask([("SELECT size, mtime FROM written WHERE path = ?", (os.fsencode(path),))])
    return stamp in (_written_here.get(path), *known)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _text(entry: LedgerEntry) -> str:
    return json.dumps(asdict(entry))  # in ASCII, so that any file name can be kept


def _entry(text: object) -> LedgerEntry | None:
    try:
        read = json.loads(str(text))
        outputs = tuple((str(location), str(path)) for location, path in read["outputs"])
        return LedgerEntry(str(read["path"]), str(read["name"]), str(read["source"]), outputs)
    except (KeyError, TypeError, ValueError):
        return None


def _ask(questions: Iterable[tuple[str, Sequence[Any]]]) -> list[tuple[Any, ...]]:
    """Put questions to the ledger and give the rows of the last; none when there is trouble with it."""
    try:
        import sqlite3
    except ImportError:  # some builds of Python are without it
        return []
    try:
        if (path := ledger_file()) is None:
            return []
        _make(path)
        with closing(sqlite3.connect(path, timeout=1.0)) as ledger, ledger:
            rows = []
            for question, values in [*PREPARED, *questions]:
                rows = ledger.execute(question, values).fetchall()
            return rows
    except (OSError, ValueError, sqlite3.Error):
        return []


def _make(path: Path) -> None:
    """Make the file before it is first opened, so that nobody else can read it at any time."""
    if not os.path.exists(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
