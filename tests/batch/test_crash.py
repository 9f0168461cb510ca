"""A run that is killed at any moment goes on later: nothing is started twice, and nothing is lost."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.batch import State, moves, reconcile
from dolbyio_nb.errors import BatchError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import eventually

PROGRAM = Path(__file__).parent / "programs" / "run_batch.py"


@pytest.fixture
def start(sandbox: Sandbox, media: Media) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a run in another process; what is left of it at the end is killed by its own id."""
    started = []

    def begin(operation: str, output: str = "", **limits: Any) -> subprocess.Popen[str]:
        names = (
            ("TEST_KEY", sandbox.app_key),
            ("TEST_SECRET", sandbox.app_secret),
            ("TEST_ORIGIN", sandbox.media_url),
        )
        command = [sys.executable, str(PROGRAM), operation, "*.wav", output]
        process = subprocess.Popen(
            command,
            env=os.environ | dict(names),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **limits,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def settled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent to a sandbox on this computer arrives sooner than elsewhere."""
    monkeypatch.setattr(reconcile, "SETTLED", 0.5)
    monkeypatch.setattr(moves, "LOOK_AGAIN", 0.05)


def asked(sandbox: Any, path: str) -> int:
    return sum(one.path == path for one in sandbox.requests)


MOMENTS = {
    "before the first answer": lambda sandbox: asked(sandbox, "/media/enhance") >= 1,
    "in uploads": lambda sandbox: asked(sandbox, "/media/input") >= 6,
    "in results": lambda sandbox: asked(sandbox, "/media/output") >= 2,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on(
    media: Media,
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    start: Callable[..., subprocess.Popen[str]],
    moment: str,
) -> None:
    """SIGKILL at three moments: after the next run every file has one job, and one only."""
    record(*"abcdefghijkl")
    if moment == "before the first answer":
        sandbox.faults.slow(0.2, at="/media/enhance", times=1)
    process = start("enhance", "better/{stem}.wav")
    eventually(lambda: MOMENTS[moment](sandbox))
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    batch = media.batch("*.wav", "enhance", output="better/{stem}.wav")
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    inputs = Counter(job.body["input"].rpartition("/")[2] for job in sandbox.jobs)
    assert all(Path("better", f"{name}.wav").is_file() for name in "abcdefghijkl")
    assert inputs == Counter(f"{name}.wav" for name in "abcdefghijkl")


def test_what_cannot_be_proved_is_unsure(
    media: Media,
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    """A diagnose whose answer was lost is never matched by its time: it is unsure until a person decides."""
    record("a")
    sandbox.faults.slow(0.2, at="/media/diagnose", times=1)
    process = start("diagnose")
    eventually(lambda: asked(sandbox, "/media/diagnose") >= 1)
    process.kill()
    process.wait(10)
    eventually(lambda: len(sandbox.jobs) == 1)
    batch = media.batch("*.wav", "diagnose")
    batch.run()
    (item,) = batch.items
    assert item.state == State.UNSURE
    assert sandbox.jobs[0].job_id in str(item.error)
    batch.run()
    batch.retry()
    assert len(sandbox.jobs) == 1
    batch.retry(unsure=True)
    assert (item.state, len(sandbox.jobs)) == (State.DONE, 2)


def test_a_second_run_on_a_journal_is_told(
    media: Media,
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    """While one run has the journal, another one says so in three lines."""
    record(*"abc")
    sandbox.faults.hold_jobs()
    start("diagnose").stdout.readline()  # type: ignore[union-attr]
    eventually(lambda: len(sandbox.jobs) == 3)
    with pytest.raises(BatchError, match="Another run has it") as told:
        media.batch("*.wav", "diagnose")
    assert len(str(told.value).splitlines()) == 3


def test_a_full_disk_starts_nothing_that_is_not_noted(
    sandbox: Sandbox,
    record: Callable[..., list[Path]],
    start: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A journal that cannot be written ends the run in three lines; each job that runs is in it."""
    import resource

    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # whose file could not be written either

    record(*(f"recording-{number:03}" for number in range(60)))
    Path("dolby-batch-diagnose.sqlite3").unlink(missing_ok=True)
    few = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))  # noqa: E731 - what the child calls
    output = start("diagnose", preexec_fn=few).communicate(timeout=30)[0]
    told = output[output.index("BatchError: ") :].splitlines()
    assert len(told) <= 3
    assert "The disk is full." in told[1]
    with sqlite3.connect("dolby-batch-diagnose.sqlite3") as journal:
        noted = journal.execute("SELECT state, job_id FROM items WHERE state != 'new'").fetchall()
    journal.close()
    known = {job_id for _, job_id in noted if job_id}
    open_ = sum(state in ("asked", "unsure") for state, _ in noted)
    missing = {job.job_id for job in sandbox.jobs} - known
    assert 0 < len(sandbox.jobs) < 60
    assert len(missing) <= open_
