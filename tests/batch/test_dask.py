"""Dask as it is on a cluster: a scheduler and two workers, each a program of its own without credentials."""

import base64
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import login
from dolbyio_nb.batch import State
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import use
from tests.waiting import eventually

distributed = pytest.importorskip("distributed")
FILES = 12
MARK = "a-mark-that-the-scan-has-to-find"
PAGES = ("info/main/workers.html", "info/logs.html", "info/call-stacks", "json/identity.json", "metrics")
PORT = re.compile(r"dashboard at:?\s+(?:http://)?(127\.0\.0\.1:\d+)")
TOKEN = b'{"alg":"HS256","typ":"JWT"}'  # how every token of the sandbox begins, before it is in base64


@dataclass
class Cluster:
    """The programs, and the folder with their logs and what they spill."""

    folder: Path
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address_file(self) -> Path:
        """Where the scheduler says how it is reached."""
        return self.folder / "scheduler.json"

    def start(self, kind: str, *options: str) -> None:
        """Start a program, with next to nothing in its environment."""
        name = f"{kind}-{len(self.programs)}"
        own = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
        own += ["--scheduler-file", str(self.address_file)]
        with open(self.folder / f"{name}.log", "wb") as log:
            program = subprocess.Popen(
                [sys.executable, "-m", "dask", kind, *own, *options],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "MARK": MARK},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.programs.append(program)

    def seen(self) -> bytes:
        """Give all that somebody can read of it: pages, logs, environments, and files in its folder."""
        logs = b"".join(path.read_bytes() for path in self.folder.glob("*.log"))
        pages = [read(f"http://{at}/{page}") for at in PORT.findall(logs.decode()) for page in PAGES]
        environments = [Path(f"/proc/{one.pid}/environ") for one in self.programs if one.poll() is None]
        files = [path for path in (*self.folder.rglob("*"), *environments) if path.is_file()]
        return b"".join((*pages, *(path.read_bytes() for path in files)))


def read(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bytes(answer.read())
    except OSError:  # a worker that was killed, and a page that a worker has not
        return b""


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, which are ended by their own ids."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start("scheduler", "--port", "0")
        for _ in range(2):
            cluster.start("worker", "--no-nanny", "--nthreads", "2", "--local-directory", "spill")
        yield cluster
    finally:
        for program in cluster.programs:
            program.kill()
            program.wait(10)


def spellings(*values: bytes) -> set[bytes]:
    """Write values as they are, and in base64 at each of the three places where they may begin."""
    coded = {base64.b64encode(b"\0" * place + value)[4:-4] for value in values for place in range(3)}
    return {*values, *coded}


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
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == FILES
    assert all(Path(item.path or "").is_file() for item in batch.items)
    assert list(modules.values()) == [[]]
    assert jobs == FILES
    assert "cannot renew its own" in said
    found = (MARK.encode(), b"Registered to", b'"type": "Scheduler"', b"dask_scheduler_workers")
    assert [one for one in found if one not in seen] == []
    secret = sandbox.app_secret.encode()
    pair = f"{sandbox.app_key}:{sandbox.app_secret}".encode()
    needles = spellings(secret, pair, base64.b64encode(TOKEN)[:-1])
    assert [needle for needle in needles if needle in seen] == []
