"""Many who wait look together: one list for all of them, on threads and in asyncio."""

import asyncio
import threading
from collections import Counter
from dataclasses import replace

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.http.retry import POLL
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Job, Media, Result
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import run_loop

QUICK = PollSchedule(replace(POLL, first_pause=0.05, longest_pause=0.1))
JOBS = 40


def started(sandbox: Sandbox, auth: BearerAuth) -> list[Job]:
    """Jobs that stand still until they are released."""
    media = Media(open_session(auth), sandbox.media_url, schedule=QUICK)
    sandbox.faults.hold_jobs()
    address = media.upload(b"RIFF" + bytes(100))
    return [media.diagnose(address) for _ in range(JOBS)]


def looks(sandbox: Sandbox) -> Counter[str]:
    return Counter(one.path for one in sandbox.requests if one.method == "GET")


def test_threads_look_together(sandbox: Sandbox, auth: BearerAuth) -> None:
    """While forty threads wait, the service is asked two lists a look, and each job at its begin and end."""
    jobs = started(sandbox, auth)
    threads = [threading.Thread(target=job.wait, args=(20,)) for job in jobs]
    for thread in threads:
        thread.start()
    while looks(sandbox)["/media/jobs"] < 12:
        threading.Event().wait(0.01)
    sandbox.faults.release_jobs()
    for thread in threads:
        thread.join(20)
    assert all(job.done() for job in jobs)
    assert looks(sandbox)["/media/diagnose"] <= 3 * JOBS


def test_tasks_look_together(sandbox: Sandbox, auth: BearerAuth) -> None:
    """`await job` holds no thread while it waits, and the loop goes on."""
    jobs = started(sandbox, auth)
    highest = 0

    async def release() -> None:
        nonlocal highest
        while looks(sandbox)["/media/jobs"] < 12:
            await asyncio.sleep(0.01)
            highest = max(highest, sum(one.name == "dolbyio-poll" for one in threading.enumerate()))
        sandbox.faults.release_jobs()

    async def all_of_them() -> None:
        await asyncio.gather(release(), *jobs, return_exceptions=True)

    run_loop(asyncio.wait_for(all_of_them(), 30))
    assert all(job.done() for job in jobs)
    assert highest <= 1


def test_a_cancelled_task_takes_the_look_from_nobody_else(sandbox: Sandbox, auth: BearerAuth) -> None:
    """While a list is on its way, the task that asked for it is cancelled; the other jobs still end."""
    gone, *others = started(sandbox, auth)

    async def run() -> None:
        sandbox.faults.slow(0.2, at="/media/jobs", times=None)
        tasks = [asyncio.ensure_future(waiting(job)) for job in (gone, *others)]
        while not looks(sandbox)["/media/jobs"]:
            await asyncio.sleep(0.01)
        tasks[0].cancel()
        sandbox.faults.release_jobs()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(ends[0], asyncio.CancelledError)
        assert not [end for end in ends[1:] if isinstance(end, asyncio.CancelledError)]
        assert all(job.done() for job in others)

    run_loop(asyncio.wait_for(run(), 30))


async def waiting(job: Job) -> Result:
    return await job
