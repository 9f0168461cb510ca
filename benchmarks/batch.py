"""Many small files: what a batch costs this computer, beside three loops that people write themselves.

    pip install -e '.[bench]' dolbyio-rest-apis      # the last one only for its row
    python benchmarks/batch.py --files 10000 --beside 1000

The sandbox runs in a process of its own and does not process sound: a job ends at once. Each file is a WAV of
8 kB. The loops do the first `--beside` files, 16 at a time: with the functions of requests, as its pages show
it; with a session of requests for each thread; a fifth of them with Dolby's own Python client, which
limits its own rate, so that this takes most of the time.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import requests

from dolbyio_nb import Dolby, login
from dolbyio_nb.batch import State, reconcile
from dolbyio_nb.batch.journal import Journal
from dolbyio_nb.sandbox import Sandbox, job_runner, operations
from dolbyio_nb.sandbox.operations import media_info

RATE, THREADS = 16000, 16
LOOK = 1.0  # seconds between two looks at a job, the shortest of Dolby's own samples
RESULT = {
    "media_info": {"container": {"kind": "wav", "duration": 0.25}},
    "audio": {"loudness": {"measured": -23}},
}


def process(
    path: str, body: Any, inputs: list[Path], outputs: list[Path], tell: Any, seconds: float = 0.0
) -> dict[str, Any]:
    """Process nothing, for so many seconds: what is written is what was sent."""
    time.sleep(seconds)
    for output in outputs:
        shutil.copyfile(inputs[0], output)
    return {} if outputs else RESULT


def serve(pipe: Connection, seconds: float) -> None:
    """Run a sandbox that processes nothing; answer what it was asked, and which inputs its jobs had."""
    operations.process = partial(process, seconds=seconds)
    job_runner.WORKERS = 256 if seconds else job_runner.WORKERS
    media_info.media_info = lambda *_: {"container": {"duration": 0.25}}
    with Sandbox() as sandbox:
        pipe.send((sandbox.app_key, sandbox.app_secret, sandbox.auth_url))
        while word := pipe.recv():
            if word == "hold":
                sandbox.faults.hold_jobs()
            elif word == "release":
                sandbox.faults.release_jobs()
            elif word == "jobs":
                pipe.send([str(job.body["input"]) for job in sandbox.jobs])
            else:
                pipe.send(
                    Counter(f"{one.method} {one.path}" for one in sandbox.requests if one.at != "storage")
                )
                sandbox.requests.clear()


class Service:
    """The sandbox in its own process; its jobs take so many seconds."""

    def __init__(self, seconds: float = 0.0) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there, seconds), daemon=True)
        self._process.start()
        self.key, self.secret, self.origin = self._pipe.recv()

    def tell(self, word: str) -> None:
        """Give an order."""
        self._pipe.send(word)

    def ask(self, word: str) -> Any:
        """Ask for `requests` since the last time, or for the inputs of all `jobs`."""
        self._pipe.send(word)
        return self._pipe.recv()

    def close(self) -> None:
        """End it."""
        self._pipe.send("")
        self._process.join(10)


@contextmanager
def logged_in(seconds: float = 0.0) -> Iterator[tuple[Dolby, Service]]:
    """Give a log-in at a sandbox whose jobs take so many seconds."""
    service = Service(seconds)
    os.environ |= {"DOLBYIO_AUTH_URL": service.origin, "DOLBYIO_MEDIA_URL": service.origin}
    with login(service.key, service.secret) as dolby:
        yield dolby, service
    service.close()


def noise(path: Path) -> Path:
    """Write 0.25 s of noise as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(os.urandom(RATE // 2))
    return path


def cpu() -> float:
    """Give the seconds of processor that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def by_requests(dolby: Dolby, paths: list[Path], kept: bool) -> None:
    """Do each file alone on one of sixteen threads; `kept`: with a session for each thread."""
    local = threading.local()

    def ask(method: str, path: str, **options: Any) -> Any:
        if kept and not hasattr(local, "session"):
            local.session = requests.Session()
        send = local.session.request if kept else requests.request
        headers = {"Authorization": f"Bearer {dolby.token}"}
        return send(method, dolby.media_url + path, headers=headers, timeout=60, **options).json()

    def one(path: Path) -> None:
        address = f"dlb://loop/{path.name}"
        url = ask("POST", "/media/input", json={"url": address})["url"]
        with path.open("rb") as file:
            requests.put(url, data=file, timeout=60)
        job = ask("POST", "/media/diagnose", json={"input": address})["job_id"]
        while ask("GET", "/media/diagnose", params={"job_id": job})["status"] in ("Pending", "Running"):
            time.sleep(LOOK)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, paths))


def by_official_client(dolby: Dolby, paths: list[Path]) -> None:
    """Do each file with Dolby's own client, sixteen at a time; only its origin is rewritten."""
    import aiohttp
    from dolbyio_rest_apis.media import diagnose, io

    ask = aiohttp.ClientSession._request

    async def rewritten(session: Any, method: Any, url: Any, **options: Any) -> Any:
        return await ask(
            session, method, str(url).replace("https://api.dolby.com", dolby.media_url), **options
        )

    async def one(path: Path, gate: asyncio.Semaphore) -> None:
        async with gate:
            address, token = f"dlb://client/{path.name}", str.__str__(dolby.token.encode().decode())
            await io.upload_file(await io.get_upload_url(token, address), str(path))
            job = await diagnose.start(token, json.dumps({"input": address}))
            while (await diagnose.get_results(token, job))["status"] in ("Pending", "Running"):
                await asyncio.sleep(LOOK)

    async def all_of_them() -> None:
        gate = asyncio.Semaphore(THREADS)
        await asyncio.gather(*(one(path, gate) for path in paths))

    aiohttp.ClientSession._request = rewritten
    try:
        asyncio.run(all_of_them())
    finally:
        aiohttp.ClientSession._request = ask


def measured(call: Callable[[], Any]) -> tuple[float, float]:
    """Give the seconds of a call, and those of processor."""
    began, busy = time.perf_counter(), cpu()
    call()
    return time.perf_counter() - began, cpu() - busy


async def awaited(batch: Any, late: list[float], service: Service, asked: Counter[str]) -> None:
    """Await a batch; see how late a task comes that wants to run every 20 ms, and count the requests."""

    async def tick() -> None:
        while True:
            due = time.perf_counter() + 0.02
            await asyncio.sleep(0.02)
            late.append(time.perf_counter() - due)

    async def count() -> None:
        while True:  # the sandbox's log of requests has an end
            asked.update(await asyncio.to_thread(service.ask, "requests"))
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(tick()), asyncio.create_task(count())]
    await batch
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()


def say(figure: str, seen: str) -> None:
    """Print a row of the table."""
    print(f"| {figure} | {seen} |", flush=True)


def lookups(dolby: Dolby, job_id: str) -> str:
    """Time the service's answers to a look at one job and at a page of the active ones."""
    times: dict[str, list[float]] = {}
    for _ in range(50):
        for name, path, query in (
            ("look-up", "/media/diagnose", {"job_id": job_id}),
            ("list", "/media/jobs", {"status": "Running"}),
        ):
            began = time.perf_counter()
            dolby.session.get(dolby.media_url + path, params=query).json()
            times.setdefault(name, []).append(time.perf_counter() - began)
    return ", ".join(f"{name} {min(found) * 1e3:.1f} ms" for name, found in times.items())


def compare(dolby: Dolby, service: Service, paths: list[Path], beside: int) -> None:
    """Run the batch over all files and the loops over some; then what there is to know of a batch."""
    names = [str(path) for path in paths]
    job = dolby.media.diagnose(names[0]).wait()
    first = lookups(dolby, job.id)
    loops = {
        "functions of requests": (lambda some: by_requests(dolby, some, kept=False), beside),
        "a session a thread": (lambda some: by_requests(dolby, some, kept=True), beside),
        "dolbyio-rest-apis": (lambda some: by_official_client(dolby, some), max(1, beside // 5)),
    }
    costs = {}
    for name, (loop, most) in loops.items():
        try:
            loop(paths[:1])  # what is imported counts for nobody
            costs[name] = measured(partial(loop, paths[:most]))[1] / most
        except ImportError:
            print(f"{name} is not installed", file=sys.stderr)
    service.ask("requests")
    idle, late, asked = psutil.Process().memory_info().rss, [], Counter()
    batch = dolby.media.batch(names, "diagnose")
    ours = measured(lambda: asyncio.run(awaited(batch, late, service, asked)))
    memory = psutil.Process().memory_info().rss - idle
    looks, count = asked.pop("GET /media/jobs", 0), len(paths)
    say(
        "files, done, seconds, files a second",
        f"{count}, {batch.tally().counts[State.DONE]}, {ours[0]:.0f}, {count / ours[0]:.0f}",
    )
    say("client CPU a file", f"{ours[1] / count * 1e3:.2f} ms")
    for name, cost in costs.items():
        say(f"… of a loop with {name}", f"{cost * 1e3:.2f} ms, ratio {ours[1] / count / cost:.2f}")
    say("requests a file beside the PUT", f"{asked.total() / count:.3f}, and {looks} shared looks")
    say("memory over idle", f"{memory / (1 << 20):.1f} MiB")
    late.sort()
    say(
        "a task of 20 ms beside `await batch`: late at worst, p99",
        f"{late[-1] * 1e3:.0f} ms, {late[int(len(late) * 0.99)] * 1e3:.0f} ms",
    )
    again = measured(lambda: dolby.media.batch(names, "diagnose").run())
    say("nothing left to do", f"{again[0]:.2f} s")
    say("the sandbox with 1 job; with all", f"{first}; {lookups(dolby, job.id)}")


def compare_waiting(paths: list[Path], beside: int, seconds: float = 2.0) -> None:
    """Run a batch and a loop over the same files where a job takes its time, as every service's does."""
    with logged_in(seconds) as (dolby, _):
        by_requests(dolby, paths[:1], kept=False)
        loop = measured(lambda: by_requests(dolby, paths[:beside], kept=False))[1]
        batch = dolby.media.batch([str(path) for path in paths[:beside]], "diagnose", journal="waits.sqlite3")
        ours = measured(batch.run)[1]
    say(
        f"{beside} files whose jobs take {seconds:g} s: client CPU a file",
        f"{ours / beside * 1e3:.2f} ms; of a loop with functions of requests {loop / beside * 1e3:.2f} ms, "
        f"ratio {ours / loop:.2f}",
    )


def enhance(dolby: Dolby, service: Service, paths: list[Path], count: int = 300) -> None:
    """Count the requests that a file takes whose result is brought here."""
    count = min(count, len(paths))
    batch = dolby.media.batch([str(path) for path in paths[:count]], "enhance", output="better/{name}")
    service.ask("requests")
    batch.run()
    asked = service.ask("requests")
    looks, done = asked.pop("GET /media/jobs", 0), batch.tally().counts[State.DONE]
    say(
        f"enhance, {done} of {count} done: requests a file beside PUT and GET",
        f"{asked.total() / count:.3f}, and {looks} shared looks",
    )


def wait_for_many(dolby: Dolby, service: Service, count: int = 200) -> None:
    """Wait for jobs that do not end, each on a thread of the caller's."""
    address = dolby.media.upload(bytes(2000))
    service.tell("hold")
    jobs = [dolby.media.diagnose(address) for _ in range(count)]
    before = {thread.ident for thread in threading.enumerate()}
    callers = [threading.Thread(target=job.wait, args=(120,)) for job in jobs]
    for caller in callers:
        caller.start()
    mine = before | {caller.ident for caller in callers}
    time.sleep(10)
    service.ask("requests")
    end, most = time.monotonic() + 10, 0
    while time.monotonic() < end:
        most = max(most, sum(one.ident not in mine for one in threading.enumerate()))
        time.sleep(0.002)
    asked = service.ask("requests")
    service.tell("release")
    for caller in callers:
        caller.join(60)
    say(f"{count} waiting jobs: threads beside the callers', at most", f"{most}")
    say(f"{count} waiting jobs: requests in 10 s", f"{dict(asked)}")


def resume(dolby: Dolby, count: int = 100_000) -> None:
    """Begin with a journal of so many files that are done."""
    names = [f"gone/{number:06}.wav" for number in range(count)]
    batch = dolby.media.batch(names, "diagnose", journal="large.sqlite3")
    journal = Journal(Path("large.sqlite3").absolute())
    with journal.opened():
        for item in batch.items:
            item.state, item.job_id = State.DONE, item.key
            journal.write(item, RESULT)
    began = time.perf_counter()
    batch = dolby.media.batch(names, "diagnose", journal="large.sqlite3")
    prepared = time.perf_counter() - began
    took = measured(batch.run)[0]
    say(f"a journal of {count} files that are done", f"prepared in {prepared:.1f} s, run in {took:.2f} s")


def killed(dolby: Dolby, service: Service, paths: list[Path], count: int = 300, at: int = 222) -> None:
    """Kill a run with SIGKILL, run it again, and count the jobs at the service."""
    count, at = min(count, len(paths)), min(at, len(paths) * at // count)
    names, journal = [str(path) for path in paths[:count]], "killed.sqlite3"
    before = len(service.ask("jobs"))
    child = os.fork()
    if not child:
        dolby.media.batch(names, "diagnose", journal=journal).run()
        os._exit(0)
    while len(service.ask("jobs")) - before < at:
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    reconcile.SETTLED = 1.0  # what is sent to this computer arrives sooner than elsewhere
    batch = dolby.media.batch(names, "diagnose", journal=journal)
    batch.run()
    jobs = Counter(one.rpartition("/")[2] for one in service.ask("jobs")[before:])
    states = Counter(str(item.state) for item in batch.items)
    twice = sum(number > 1 for number in jobs.values())
    without = sum(item.state == State.UNSURE and item.name not in jobs for item in batch.items)
    say(
        f"killed at {at} of {count}, run again",
        f"{dict(states)}; {len(jobs)} files have a job, {twice} have two; {without} unsure ones have none: "
        f"{len(jobs) + without} together",
    )


def main() -> None:
    """Measure in an empty folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--beside", type=int, default=1000)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, logged_in() as (dolby, service):
        os.chdir(folder)
        paths = [noise(Path(folder, f"{number:05}.wav")) for number in range(given.files)]
        compare(dolby, service, paths, min(given.beside, given.files))
        compare_waiting(paths, min(given.beside, given.files))
        enhance(dolby, service, paths)
        killed(dolby, service, paths)
        wait_for_many(dolby, service)
        resume(dolby)
        os.chdir(home)


if __name__ == "__main__":
    main()
