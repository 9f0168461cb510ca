"""Dask as it is on a cluster: a scheduler and two workers, each a program of its own without credentials."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import login
from dolbyio_nb.batch import State
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.cluster import MARK, Cluster, needles_of
from tests.batch.conftest import use
from tests.waiting import eventually

distributed = pytest.importorskip("distributed")
tokenize = pytest.importorskip("dask.base").tokenize  # what names everything that is sent to a cluster
FILES = 12


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, which are ended by their own ids."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start_all()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="environments are read in /proc")
def test_a_worker_is_killed_and_nothing_is_seen(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], cluster: Cluster
) -> None:
    """All are done, each by one job; secret and token are in no page, log, environment or spilled file."""
    record(*(f"recording-{number:02}" for number in range(FILES)), seconds=0.2)
    eventually(cluster.address_file.exists, 60)
    sandbox.faults.slow(0.05, at="storage", times=None)
    with distributed.Client(scheduler_file=str(cluster.address_file)) as client:
        client.wait_for_workers(2, timeout=60)
        batch = media.batch("*.wav", "enhance", output="better/{name}", executor=client, uploads=4)
        batch.begin()
        eventually(lambda: len(sandbox.jobs) >= FILES // 4)
        seen = cluster.seen()
        cluster.programs[-1].send_signal(signal.SIGKILL)
        batch.run()
        seen += cluster.seen()
        modules: Any = client.run(lambda: [name for name in sys.modules if "dolby" in name])
        with login(sandbox=sandbox) as dolby:  # which does travel when a person sends it
            jobs, said = client.submit(use, dolby).result()
            names = {tokenize(dolby), client.submit(tokenize, dolby).result()}
            dolby.refresh()
            names |= {tokenize(dolby), client.submit(tokenize, dolby, pure=False).result()}
        seen += cluster.seen()
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == FILES
    assert all(Path(item.path or "").is_file() for item in batch.items)
    assert list(modules.values()) == [[]]
    assert jobs == FILES
    assert len(names) == 1
    assert "cannot renew its own" in said
    found = (MARK.encode(), b"Registered to", b'"type": "Scheduler"', b"dask_scheduler_workers")
    assert [one for one in found if one not in seen] == []
    needles = needles_of(sandbox.app_key, sandbox.app_secret)
    assert [needle for needle in needles if needle in seen] == []
