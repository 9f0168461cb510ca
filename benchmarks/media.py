"""How fast files move and how little memory it takes, beside curl; how often a job is looked at.

    python benchmarks/media.py --size 1024 --rounds 3

Everything runs on this computer, against the sandbox in a process of its own. `--size` is in MiB.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.sandbox import Sandbox

MIB = 1 << 20
ADDRESS = "dlb://bench/file.bin"
spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Place:
    """Where the sandbox is, and how to log in."""

    origin: str
    app_key: str
    app_secret: str

    def keeper(self) -> TokenKeeper:
        request = TokenRequest(AppCredentials(self.app_key, self.app_secret, "the benchmark"), self.origin)
        return TokenKeeper(request, identity=request.identity)


@dataclass(frozen=True)
class Run:
    """One transfer: seconds, seconds of processor, bytes of memory over the idle process at its highest."""

    seconds: float
    cpu: float
    memory: int = 0


def serve(pipe: Connection) -> None:
    """Run a sandbox until the other end says so."""
    with Sandbox() as sandbox:
        pipe.send(Place(sandbox.media_url, sandbox.app_key, sandbox.app_secret))
        pipe.recv()


def transfer(place: Place, what: str, path: Path, pipe: Connection) -> None:
    """Do one transfer in a fresh process and measure it."""
    keeper = place.keeper()
    media = Media(open_session(BearerAuth(keeper, [place.origin])), place.origin)
    media.download(media.upload(b"warm" * 1000), path.with_name("warm"))
    idle, busy = _reset_peak(), _cpu(resource.RUSAGE_SELF)
    began = time.perf_counter()
    media.upload(path, ADDRESS) if what == "upload" else media.download(ADDRESS, path)
    seconds = time.perf_counter() - began
    pipe.send(Run(seconds, _cpu(resource.RUSAGE_SELF) - busy, _memory("VmHWM") - idle))
    keeper.close()


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _reset_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def apart(function: Callable[..., None], *arguments: Any) -> Any:
    """Run a function in a process of its own and give what it sends."""
    here, there = spawn.Pipe()
    process = spawn.Process(target=function, args=(*arguments, there))
    process.start()
    try:
        return here.recv()
    finally:
        process.join()


def curl(place: Place, what: str, path: Path) -> Run:
    """Do one transfer with curl, over the same kind of address."""
    api = "input" if what == "upload" else "output"
    keeper = place.keeper()
    session = open_session(BearerAuth(keeper, [place.origin]))
    url = session.post(f"{place.origin}/media/{api}", json={"url": ADDRESS}).json()["url"]
    keeper.close()
    side = ["-T", str(path), "-o", os.devnull] if what == "upload" else ["-o", str(path)]
    began, busy = time.perf_counter(), _cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(["curl", "-sS", "--fail", *side, url], check=True)
    return Run(time.perf_counter() - began, _cpu(resource.RUSAGE_CHILDREN) - busy)


def transfers(place: Place, folder: Path, size: int, rounds: int) -> None:
    """Compare the two, turn and turn about, best of all rounds."""
    source = folder / "source.bin"
    with source.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    for what in ("upload", "download"):
        ours, theirs = [], []
        for number in range(rounds):
            theirs.append(curl(place, what, source if what == "upload" else folder / f"curl{number}.bin"))
            path = source if what == "upload" else folder / f"ours{number}.bin"
            ours.append(apart(transfer, place, what, path))
            fetched = list(folder.glob("*[0-9].bin"))
            assert len(fetched) == (2 if what == "download" else 0)
            for file in fetched:
                assert file.stat().st_size == size * MIB
                file.unlink()
        best, base = min(run.seconds for run in ours), min(run.seconds for run in theirs)
        busy, base_busy = min(run.cpu for run in ours), min(run.cpu for run in theirs)
        peak = max(run.memory for run in ours) / MIB
        print(
            f"{what:9} {size} MiB: {best:.2f} s, curl {base:.2f} s, ratio {best / base:.2f}; "
            f"processor {busy:.2f} s, curl {base_busy:.2f} s; peak memory {peak:.1f} MiB over idle"
        )


def request_rate(place: Place, count: int) -> None:
    """Count small requests a second: through the session, and through bare requests with a fixed header."""
    keeper = place.keeper()
    bare = requests.Session()
    bare.headers["Authorization"] = f"Bearer {keeper.token()}"
    sessions = {"dolbyio_nb": open_session(BearerAuth(keeper, [place.origin])), "requests": bare}
    for name, session in sessions.items():
        for threads in (1, 8):
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda _, s=session: s.get(f"{place.origin}/media/jobs"), range(threads)))
                began = time.perf_counter()
                for answer in pool.map(
                    lambda _, s=session: s.get(f"{place.origin}/media/jobs"), range(count)
                ):
                    assert answer.ok
            rate = count / (time.perf_counter() - began)
            print(f"{name:10} {threads} thread{'s' * (threads > 1)}: {rate:5.0f} requests/s")
    keeper.close()


def poll_traffic(minutes: float) -> None:
    """Count how often a long job is looked at, on a clock that is moved."""
    now = [0.0]
    with Sandbox() as sandbox:

        def sleep(seconds: float) -> None:
            now[0] += seconds
            if now[0] >= minutes * 60:
                sandbox.faults.release_jobs()
                while not sandbox.jobs[-1].ended:
                    time.sleep(0.01)  # the job's last moments are real

        place = Place(sandbox.media_url, sandbox.app_key, sandbox.app_secret)
        keeper = place.keeper()
        session = open_session(BearerAuth(keeper, [place.origin]))
        media = Media(session, place.origin, schedule=PollSchedule(clock=lambda: now[0], sleep=sleep))
        sandbox.faults.hold_jobs()
        job = media.diagnose(b"no sound")
        before = sandbox.requests.count("media")
        job.wait()
        looks = sandbox.requests.count("media") - before
        keeper.close()
    print(f"a job of {minutes:g} minutes: {looks} polls in {now[0]:.0f} s (one a second: {minutes * 60:.0f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file that is moved")
    parser.add_argument("--rounds", type=int, default=3, help="of each transfer; the best counts")
    parser.add_argument("--requests", type=int, default=2000, help="for the request rate")
    options = parser.parse_args()
    here, there = spawn.Pipe()
    sandbox = spawn.Process(target=serve, args=(there,))
    sandbox.start()
    place, folder = here.recv(), Path(tempfile.mkdtemp(prefix="dolbyio-bench-"))
    try:
        transfers(place, folder, options.size, options.rounds)
        request_rate(place, options.requests)
        poll_traffic(10)
    finally:
        here.send("stop")
        sandbox.join()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
