"""Table of a batch: one row a file, the worst first, also those that failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dolbyio_nb.batch.item import Item, State
from dolbyio_nb.errors import MissingPackage
from dolbyio_nb.media.results import Result

if TYPE_CHECKING:
    import pandas

ORDER = (State.FAILED, State.UNSURE, State.ASKED, State.NEW, State.RUNNING, State.DONE)
SCORE = "audio.quality_score.average"


def table_rows(items: Iterable[Item], results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Make the rows: those without a result first, then by quality where there is one."""
    table = [row(item, results.get(item.key) or {}) for item in items]
    return sorted(table, key=lambda one: (ORDER.index(State(one["state"])), one.get(SCORE, 99.0)))


def row(item: Item, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Make the row of one item."""
    reason = item.reason.in_a_line if item.reason else ""
    about = {"source": item.source, "state": item.state.value, "reason": reason, "job_id": item.job_id}
    found = Result(raw, "").summary if item.state == State.DONE else {}
    return {**about, "output": item.path, **found} if item.path else {**about, **found}


def table(items: Iterable[Item], results: Mapping[str, Any]) -> pandas.DataFrame:
    """Make the table."""
    try:
        import pandas
    except ImportError:
        raise MissingPackage(
            "A table needs pandas, which is not installed.",
            "Without it: [(item.source, item.state, item.error) for item in batch.items].",
            "Install it with: pip install 'dolbyio_nb[lab]'",
        ) from None
    table = table_rows(items, results)
    columns = list(dict.fromkeys(name for one in table for name in one))
    return pandas.DataFrame(table, columns=columns or ["source", "state", "reason", "job_id"])
