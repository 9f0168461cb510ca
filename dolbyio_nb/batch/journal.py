"""Journal of a batch: SQLite in the working directory, so that a run that was killed goes on.

It holds paths, job ids and results, and no token, secret or signed address. Its file is for its owner alone.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dolbyio_nb.batch.item import Item, Reason, State
from dolbyio_nb.errors import BatchError

FORMAT = 1
"""The version of the table, kept as `user_version`."""
TABLE = (
    "CREATE TABLE items (key TEXT PRIMARY KEY, source TEXT, state TEXT, job_id TEXT, outputs TEXT, "
    "path TEXT, asked REAL, reason TEXT, result TEXT) WITHOUT ROWID"
)
WRITE = (
    "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
    "source = excluded.source, state = excluded.state, job_id = excluded.job_id, outputs = excluded.outputs, "
    "path = excluded.path, asked = excluded.asked, reason = excluded.reason, "
    "result = coalesce(excluded.result, result)"
)

NEXT = "SELECT key, result FROM items WHERE result IS NOT NULL AND key > ? ORDER BY key LIMIT 500"


class Journal:
    """What is known of every item. One run has it at a time; another one is told so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._users = 0
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Journal {self.path.name}>"

    @contextmanager
    def opened(self) -> Iterator["Journal"]:
        """Have it to oneself while the block runs; blocks of one process share it."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            self._users += 1
        try:
            yield self
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._close()

    def recall(self, items: Iterable[Item]) -> set[str]:
        """Give items the state that they had when they were written last; gives all paths that are known."""
        if not self.path.exists():
            return set()
        with self.opened():
            rows = self._ask("SELECT key, state, job_id, outputs, path, asked, reason FROM items")
        known = {row[0]: row[1:] for row in rows}
        for item in items:
            if row := known.get(item.key):
                _restore(item, *row)
        return {os.fsdecode(row[4]) for row in rows if row[4]}

    def write(self, item: Item, result: Any = None) -> None:
        """Write an item down; it is safe on the disk after `commit`."""
        outputs = json.dumps(item.outputs) if item.outputs else None
        reason = item.reason.to_json() if item.reason else None
        found = None if result is None else json.dumps(result)
        row = (
            item.key,
            _storable(item.source),
            item.state.value,
            item.job_id,
            outputs,
            _storable(item.path),
            item.asked,
            reason,
            found,
        )
        self._ask(WRITE, row)

    def commit(self) -> None:
        """Have all that was written on the disk."""
        with self._lock, self._translated():
            if self._connection and self._connection.in_transaction:
                self._connection.commit()

    def result(self, item: Item) -> Any:
        """Read an item's result, as it came."""
        with self.opened():
            rows = self._ask("SELECT result FROM items WHERE key = ?", (item.key,))
        return json.loads(rows[0][0]) if rows and rows[0][0] else {}

    def results(self) -> Iterator[tuple[str, Any]]:
        """Read all results by key, some at a time."""
        last = ""
        while self.path.exists():
            with self.opened():
                rows = self._ask(NEXT, (last,))
            if not rows:
                return
            yield from ((key, json.loads(text)) for key, text in rows)
            last = rows[-1][0]

    def job_ids(self) -> set[str]:
        """Give the ids of all jobs that are known here, of this batch or others."""
        return {row[0] for row in self._ask("SELECT job_id FROM items WHERE job_id > ''")}

    def _ask(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock, self._translated():
            if self._connection is None:
                raise BatchError(f"The journal {self.path.name} is closed.", "", "Go on with: batch.run()")
            return self._connection.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        with self._translated():
            _make(self.path)
            connection = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
        try:
            with self._translated():
                self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before WAL: no shared memory, also on NFS
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = WAL")  # where that cannot be had, it stays as it is
        connection.execute("BEGIN IMMEDIATE")  # the lock, at once
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.execute(TABLE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        elif version != FORMAT:
            raise BatchError(
                f"{self.path.name} cannot be read as a journal.",
                f"It has the format {version}, and this version of dolbyio_nb knows {FORMAT}.",
                'Give another name: journal="new.sqlite3".',
            )
        connection.commit()

    def _close(self) -> None:
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.commit()
            self._connection.close()
            self._connection = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            failure = _explain(self.path, error)
        else:
            return
        raise failure


def _storable(name: str | None) -> str | bytes | None:
    """Give a name as it is, or its bytes where these are no text."""
    return os.fsencode(name) if name and not name.isprintable() else name


def _make(path: Path) -> None:
    """Make the file with rights for its owner alone, before anything is in it."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _restore(
    item: Item,
    state: str,
    job_id: str,
    outputs: str | None,
    path: str | bytes | None,
    asked: float,
    reason: str | None,
) -> None:
    item.state, item.job_id, item.asked = State(state), job_id or "", asked or 0.0
    item.outputs = tuple(json.loads(outputs)) if outputs else ()
    item.path = os.fsdecode(path) if path and item.path is None else item.path
    item.reason = Reason.from_json(reason)


def _explain(path: Path, error: Exception) -> BatchError:
    said = str(error)
    if "locked" in said:
        why, advice = (
            "Another run has it.",
            'Wait for that one, or give this one its own: journal="other.sqlite3".',
        )
    elif "full" in said or "disk I/O" in said:
        why, advice = "The disk is full.", "Make room and go on with: batch.run()"
    elif "not a database" in said:
        why, advice = "It is another kind of file.", 'Give another name: journal="new.sqlite3".'
    else:
        why = f"{getattr(error, 'strerror', None) or said}.".capitalize()
        advice = 'Give a place that can be written: journal="/tmp/batch.sqlite3".'
    what = "Nothing is started that is not written down"
    return BatchError(f"The journal {path.name} cannot be used.", f"{why} {what}.", advice)
