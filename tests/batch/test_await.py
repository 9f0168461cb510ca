"""Batches in asyncio: the loop stays free, and to cancel or interrupt loses nothing."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dolbyio_nb.batch import Batch, State
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import eventually, run_loop


async def waited(batch: Batch) -> None:
    await batch


def test_await_keeps_the_loop_free(media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]) -> None:
    """While a batch is awaited, other tasks of the loop run."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    ticks = []

    async def tick() -> None:
        for count in range(10):
            await asyncio.sleep(0.01)
            ticks.append(count)
        sandbox.faults.release_jobs()

    async def both() -> None:
        batch = media.batch("*.wav", "diagnose")
        await asyncio.gather(batch, tick())
        assert batch.done

    run_loop(asyncio.wait_for(both(), 20))
    assert len(ticks) == 10


def test_items_come_as_they_end(media: Media, record: Callable[..., list[Path]]) -> None:
    """`async for` and `for` give every item once, also those that had ended before."""
    record("a", "b")
    media.batch("*.wav", "diagnose").run()
    record("a", "b", "c", "d")[0].touch()
    batch = media.batch("*.wav", "diagnose")

    async def names() -> list[str]:
        return [item.name async for item in batch]

    found = run_loop(asyncio.wait_for(names(), 20))
    assert sorted(found) == ["a.wav", "b.wav", "c.wav", "d.wav"]
    assert sorted(item.name for item in batch) == sorted(found)


def test_a_cancelled_task_stops_the_run_and_loses_nothing(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """The task ends at once; the next run picks up the jobs that were started."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")

    async def give_up() -> None:
        waiting = asyncio.create_task(waited(batch))
        while len(sandbox.jobs) < 2:
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    run_loop(asyncio.wait_for(give_up(), 20))
    sandbox.faults.release_jobs()
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


def test_an_interrupt_says_how_to_go_on(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """Ctrl-C stops submitting, keeps what was started, and shows the one line that goes on."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")

    def interrupt() -> None:
        eventually(lambda: len(sandbox.jobs) >= 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt) as stopped:
        batch.run()
    assert "batch.run()" in stopped.value.__notes__[0]
    assert not batch.done
    sandbox.faults.release_jobs()
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert len(sandbox.jobs) == 2


def test_cancel_stops_the_jobs_too(media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]) -> None:
    """`cancel()` asks the service to stop what runs; a later run starts nothing that ended well."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")
    batch.begin()
    eventually(lambda: len(sandbox.jobs) == 2)
    batch.cancel()
    sandbox.faults.release_jobs()
    ended = {sandbox.wait_for_job(job.job_id).status for job in sandbox.jobs}
    assert ended == {"Cancelled"}


@pytest.mark.parametrize("way", ["await batch", "async for", "await job"])
def test_a_cancelled_wait_says_how_to_go_on(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], way: str
) -> None:
    """Whatever was awaited, the error has the line that goes on, and IPython shows that and no frames."""
    path = record("a")[0]
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")

    async def loop() -> None:
        async for _ in batch:
            pass

    async def give_up() -> asyncio.CancelledError:
        awaited = {"await batch": waited(batch), "async for": loop(), "await job": job_of(path)}
        waiting = asyncio.create_task(awaited.pop(way))
        for other in awaited.values():
            other.close()
        while not sandbox.jobs:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError) as told:
            await waiting
        return told.value

    async def job_of(path: Path) -> None:
        await media.diagnose(path)

    told = run_loop(asyncio.wait_for(give_up(), 20))
    next_step = "dolby.media.job(" if way == "await job" else "batch.run()"
    render: Callable[[], list[str]] = vars(told)["_render_traceback_"]
    shown = render()
    assert shown[0] == "CancelledError: stopped."
    assert next_step in shown[1] == told.__notes__[0]
    sandbox.faults.release_jobs()
    batch.run()
    assert batch.done


def test_an_interrupted_loop_stops_the_run(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """Ctrl-C in `for item in batch` begins nothing more, and says how to go on."""
    record("a", "b")
    sandbox.faults.hold_jobs()
    batch = media.batch("*.wav", "diagnose")

    def interrupt() -> None:
        eventually(lambda: len(sandbox.jobs) >= 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt) as stopped:
        list(batch)
    assert "batch.run()" in stopped.value.__notes__[0]
    sandbox.faults.release_jobs()
    assert [item.state for item in batch] == [State.DONE, State.DONE]
    assert len(sandbox.jobs) == 2
