"""Workers carry bytes: processes of each kind, joblib and Dask, none of which sees a token."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import login
from dolbyio_nb.batch import State
from dolbyio_nb.errors import BatchError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox


def run(media: Media, executor: Any) -> set[State]:
    batch = media.batch("*.wav", "enhance", output="better/{name}", executor=executor)
    batch.run()
    assert all(os.path.isfile(item.path or "") for item in batch.items)
    return {item.state for item in batch.items}


@pytest.mark.parametrize("way", ["spawn", "forkserver"])
def test_processes_carry(media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], way: str) -> None:
    """A pool of processes sends and fetches the files."""
    record("a", "b")
    with ProcessPoolExecutor(1, multiprocessing.get_context(way)) as pool:
        assert run(media, pool) == {State.DONE}
    assert len(sandbox.jobs) == 2


def test_joblib_carries(media: Media, record: Callable[..., list[Path]]) -> None:
    """So does the reusable executor of joblib."""
    loky = pytest.importorskip("joblib.externals.loky")
    record("a", "b")
    pool = loky.get_reusable_executor(1)
    try:
        assert run(media, pool) == {State.DONE}
    finally:
        pool.shutdown(wait=True)


def test_dask_carries(media: Media, record: Callable[..., list[Path]]) -> None:
    """A Dask worker that is a process of its own carries, and is sent no token."""
    distributed = pytest.importorskip("distributed")
    record("a", "b")
    settings = {"n_workers": 1, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        assert run(media, client) == {State.DONE}
        seen = str(client.run_on_scheduler(lambda dask_scheduler: [repr(vars(dask_scheduler))]))
        assert "Bearer" not in seen


def die(*_: object) -> None:
    os._exit(1)


def test_a_pool_that_lost_a_worker_says_how_to_go_on(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """The run ends in three lines; another executor does the rest, and nothing is done twice."""
    record("a", "b")
    pool: Callable[..., ProcessPoolExecutor] = ProcessPoolExecutor
    with pool(1, multiprocessing.get_context("spawn")) as broken:
        broken.submit(die).exception()
        batch = media.batch("*.wav", "diagnose", executor=broken)
        with pytest.raises(BatchError, match="lost a worker"):
            batch.run()
    batch.run(executor=2)
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


def test_dask_can_name_a_log_in(sandbox: Sandbox) -> None:
    """A log-in among the arguments of a task has a name of its own, the same each time."""
    base = pytest.importorskip("dask.base")
    with login(sandbox=sandbox) as dolby:
        assert base.tokenize(dolby) == base.tokenize(dolby)
