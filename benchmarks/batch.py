"""Many small files: a batch beside a loop of threads over `requests`, in client CPU, requests and memory.

    python benchmarks/batch.py --files 1000

The sandbox runs in a process of its own; each file is a WAV of 0.2 s of noise, whose job succeeds.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import requests

from dolbyio_nb import Dolby, login
from dolbyio_nb.sandbox import Sandbox

RATE = 16000


def serve(pipe: Connection) -> None:
    """Run a sandbox, and tell what it was asked."""
    with Sandbox() as sandbox:
        pipe.send((sandbox.app_key, sandbox.app_secret, sandbox.auth_url))
        while pipe.recv():
            asked = Counter(f"{one.method} {one.path}" for one in sandbox.requests if one.at != "storage")
            sandbox.requests.clear()
            pipe.send(asked)


def noise(path: Path) -> Path:
    """Write 0.2 s of noise as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(os.urandom(2 * RATE // 5))
    return path


def cpu() -> float:
    """Give the seconds of processor that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def by_loop(dolby: Dolby, paths: list[Path]) -> None:
    """Do each file alone on one of sixteen threads, as a script with requests does."""
    local = threading.local()

    def ask(method: str, path: str, **options: Any) -> Any:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        headers = {"Authorization": f"Bearer {dolby.token}"}
        return local.session.request(
            method, dolby.media_url + path, headers=headers, timeout=60, **options
        ).json()

    def one(path: Path) -> None:
        address = f"dlb://loop/{path.name}"
        url = ask("POST", "/media/input", json={"url": address})["url"]
        with path.open("rb") as file:
            requests.put(url, data=file, timeout=60)
        job = ask("POST", "/media/diagnose", json={"input": address})["job_id"]
        while ask("GET", "/media/diagnose", params={"job_id": job})["status"] in ("Pending", "Running"):
            time.sleep(0.5)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, paths))


def measured(call: Callable[[], Any]) -> tuple[float, float]:
    """Give the seconds of a call, and those of processor."""
    began, busy = time.perf_counter(), cpu()
    call()
    return time.perf_counter() - began, cpu() - busy


def compare(dolby: Dolby, paths: list[Path], asked: Callable[[], Counter[str]]) -> None:
    """Run both, and the batch once more with nothing left to do."""
    asked()
    loop = measured(lambda: by_loop(dolby, paths))
    asked()
    idle = psutil.Process().memory_info().rss
    batch = dolby.media.batch([str(path) for path in paths], "diagnose")
    ours = measured(batch.run)
    memory, requested = psutil.Process().memory_info().rss - idle, asked()
    again = measured(lambda: dolby.media.batch([str(path) for path in paths], "diagnose").run())
    count = len(paths)
    looks = requested.pop("GET /media/jobs", 0)
    print(batch.tally())
    print(
        f"client CPU a file   batch {ours[1] / count * 1e3:.2f} ms, loop {loop[1] / count * 1e3:.2f} ms,",
        end=" ",
    )
    print(f"ratio {ours[1] / loop[1]:.2f} (asked 0.65)")
    print(f"seconds             batch {ours[0]:.1f}, loop {loop[0]:.1f}")
    print(f"requests a file     {requested.total() / count:.2f} (asked 3), shared looks {looks}")
    print(f"memory over idle    {memory / (1 << 20):.1f} MiB (asked 20 for 10,000 files)")
    print(f"nothing left to do  {again[0]:.2f} s (asked 2 for 10,000 files)")


def main() -> None:
    """Measure in an empty folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    files = parser.parse_args().files
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,), daemon=True)
    server.start()
    key, secret, origin = here.recv()
    os.environ |= {"DOLBYIO_AUTH_URL": origin, "DOLBYIO_MEDIA_URL": origin}

    def asked() -> Counter[str]:
        here.send(True)
        return here.recv()  # type: ignore[no-any-return]  # what the server sends

    with tempfile.TemporaryDirectory() as folder, login(key, secret) as dolby:
        os.chdir(folder)
        paths = [noise(Path(folder, f"{number:05}.wav")) for number in range(files)]
        compare(dolby, paths, asked)
        os.chdir("/")
    here.send(False)
    server.join(10)


if __name__ == "__main__":
    main()
