"""Executors of every kind: workers carry bytes, and a log-in that is sent to one says its limits."""

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import login
from dolbyio_nb.batch import State
from dolbyio_nb.errors import BatchError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import use

HAS_FORK = sys.platform == "linux"  # elsewhere a fork beside threads may crash
PROCESSES = ("fork", "forkserver", "spawn") if HAS_FORK else ("spawn",)
WAYS = ("threads", *PROCESSES, "joblib")


@contextmanager
def joblib_pool() -> Iterator[Any]:
    """The reusable executor of joblib, which is loky's."""
    pool = pytest.importorskip("joblib.externals.loky").get_reusable_executor(1)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True)


def executor(way: str) -> Any:
    """Make an executor of a kind."""
    if way in PROCESSES:
        return ProcessPoolExecutor(1, multiprocessing.get_context(way))
    return {"threads": lambda: ThreadPoolExecutor(1), "joblib": joblib_pool}[way]()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # Python 3.12 says so of a fork
@pytest.mark.parametrize("way", WAYS)
def test_it_carries_and_a_log_in_travels(
    media: Media,
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    way: str,
    request: pytest.FixtureRequest,
) -> None:
    """It sends and fetches files; a log-in works there, and a copy says what it cannot do."""
    record("a", "b")
    if way == "fork":
        logging.disable()  # a file of a log that another thread writes to would stay locked in the fork
        request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    with executor(way) as pool, login(sandbox=sandbox) as dolby:
        batch = media.batch("*.wav", "enhance", output="better/{name}", executor=pool)
        batch.run()
        jobs, said = pool.submit(use, dolby).result(60)
    assert {item.state for item in batch.items} == {State.DONE}
    assert all(os.path.isfile(item.path or "") for item in batch.items)
    assert jobs == len(sandbox.jobs) == 2
    if way == "threads":
        assert said == "renewed"
    else:
        assert "cannot renew its own" in said
        assert "dolby = login()" in said


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
        with pytest.raises(BatchError, match="a worker was killed"):
            batch.run()
    batch.run(executor=2)
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


class Lost(Executor):
    """An executor that takes calls, and then says what a lost cluster says of each."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(CancelledError("scheduler-connection-lost"))
        return future


def closed() -> Executor:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    return pool


@pytest.mark.parametrize("make", [Lost, closed])
def test_an_executor_that_is_gone_fails_no_file(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], make: Callable[[], Executor]
) -> None:
    """It ends the run in three lines; no file is to blame, so another executor does them all."""
    record("a", "b")
    batch = media.batch("*.wav", "diagnose", executor=make())
    with pytest.raises(BatchError, match="takes no more work") as told:
        batch.run()
    assert len(str(told.value).splitlines()) == 3
    assert batch.failed == []
    batch.run(executor=2)
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


def test_dask_can_name_a_log_in(sandbox: Sandbox) -> None:
    """A log-in among the arguments of a task has a name of its own, the same each time."""
    base = pytest.importorskip("dask.base")
    with login(sandbox=sandbox) as dolby:
        assert base.tokenize(dolby) == base.tokenize(dolby)
