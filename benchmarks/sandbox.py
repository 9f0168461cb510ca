"""What the sandbox itself can do: start, stop, requests and megabytes per second, memory, many jobs.

    python benchmarks/sandbox.py --size 1024

The sandbox runs in a process of its own; the client is a bare `http.client`. `--size` is in MiB.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import psutil

from dolbyio_nb.sandbox import Sandbox

MIB = 1 << 20
BLOCK = b"\x55" * MIB


def serve(pipe: Connection) -> None:
    """Run a sandbox until the other end says so, and tell how much memory it took at most."""
    begun = time.perf_counter()
    sandbox = Sandbox().start()
    pipe.send((sandbox.media_url, sandbox.app_key, sandbox.app_secret, time.perf_counter() - begun))
    idle = peak = psutil.Process().memory_info().rss
    while not pipe.poll(0.05):
        peak = max(peak, psutil.Process().memory_info().rss)
    begun = time.perf_counter()
    sandbox.stop()
    pipe.send((time.perf_counter() - begun, idle, peak))


class Client:
    """One kept-alive connection with a token."""

    def __init__(self, origin: str, app_key: str, app_secret: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(origin).netloc)
        basic = b64encode(f"{app_key}:{app_secret}".encode()).decode()
        head = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        self.form = ("POST", "/v1/auth/token", "grant_type=client_credentials", head)
        self.bearer = {"Authorization": f"Bearer {json.loads(self.ask(*self.form))['access_token']}"}

    def ask(self, *request: object) -> bytes:
        self.connection.request(*request)  # type: ignore[arg-type]
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{request[1]} was answered {answer.status}")
        return body

    def url(self, path: str) -> str:
        body = json.dumps({"url": "dlb://bench/file.bin"})
        return str(json.loads(self.ask("POST", path, body, self.bearer))["url"])


def rate(call: Callable[[], object], seconds: float = 2.0) -> float:
    """Calls per second."""
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        call()
        count += 1
    return count / passed


def transfer(client: Client, method: str, size: int) -> float:
    """MiB per second of one PUT or GET of `size` MiB."""
    url = urlsplit(client.url("/media/input" if method == "PUT" else "/media/output"))
    connection = http.client.HTTPConnection(url.netloc)
    body: Iterator[bytes] | None = (BLOCK for _ in range(size)) if method == "PUT" else None
    head = {"Content-Length": str(size * MIB)} if method == "PUT" else {}
    begun = time.perf_counter()
    connection.request(method, f"{url.path}?{url.query}", body, head)
    answer = connection.getresponse()
    buffer = bytearray(MIB)
    while answer.readinto(buffer):
        pass
    return size / (time.perf_counter() - begun)


MANY = 10_000
FEW = 200  # more than a page
CALLS = 200


def looks(job_id: str) -> dict[str, str]:
    """The calls that those who wait for jobs make."""
    return {
        "list": "/media/jobs",
        "list by status, rare": "/media/jobs?status=Running",
        "list by status, common": "/media/jobs?status=Cancelled",
        "look up in the list": f"/media/jobs?job_id={job_id}",
        "poll": f"/media/diagnose?job_id={job_id}",
    }


def seconds(client: Client, path: str) -> float:
    begun = time.perf_counter()
    client.ask("GET", path, None, client.bearer)
    return time.perf_counter() - begun


def start_jobs(client: Client, count: int) -> str:
    """Start and cancel jobs, but for the first; return its id."""
    kept = ""
    for number in range(count):
        answer = client.ask("POST", "/media/diagnose", json.dumps({"input": "dlb://none"}), client.bearer)
        job_id = str(json.loads(answer)["job_id"])
        kept = kept or job_id
        if number:
            client.ask("POST", f"/media/jobs/cancel?job_id={job_id}", "{}", client.bearer)
    return kept


def growth() -> dict[str, str]:
    """How much longer each call takes among many jobs than among a few: medians of calls in turn."""
    figures = {}
    with Sandbox() as small, Sandbox() as large:
        clients, calls = [], []
        for sandbox, count in ((small, FEW), (large, MANY)):
            sandbox.faults.hold_jobs()
            clients.append(Client(sandbox.media_url, sandbox.app_key, sandbox.app_secret))
            calls.append(looks(start_jobs(clients[-1], count)))
        for name in calls[0]:
            took = [
                [seconds(client, call[name]) for client, call in zip(clients, calls, strict=True)]
                for _ in range(CALLS)
            ]
            few, many = (statistics.median(column) for column in zip(*took, strict=True))
            figures[f"{name}: {MANY:,} jobs to {FEW}"] = f"{many / few:.2f} ({many * 1000:.2f} ms)"
    return figures


HELD = """
import resource, socket, sys
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
port, count = map(int, sys.argv[1:])
held = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
print("connected", flush=True)
sys.stdin.read()
"""


def attacked(count: int = 4000) -> dict[str, str]:
    """What so many sockets that say nothing, of another process, cost the process that holds the sandbox."""
    me = psutil.Process()
    with Sandbox() as sandbox:
        client = Client(sandbox.media_url, sandbox.app_key, sandbox.app_secret)
        client.ask(*client.form)
        memory, threads = me.memory_info().rss, me.num_threads()
        command = [sys.executable, "-c", HELD, str(urlsplit(sandbox.media_url).port), str(count)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
            ready = crowd.stdout.readline() if crowd.stdout else ""
            begun = time.perf_counter()
            with open(os.devnull):  # there are files left
                Client(sandbox.media_url, sandbox.app_key, sandbox.app_secret)
            took = time.perf_counter() - begun
            now = f"{me.num_threads()} threads, {(me.memory_info().rss - memory) / MIB:.0f} MiB more"
            crowd.communicate("")
    said = f"{now}; a token in {took * 1000:.0f} ms" if ready else "they did not connect"
    return {f"{count:,} idle sockets (threads before: {threads})": said}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=256, help="MiB to send and fetch; default: %(default)s")
    size = parser.parse_args().size
    pipe, far = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(far,))
    process.start()
    origin, key, secret, started = pipe.recv()
    client = Client(origin, key, secret)
    listing = ("GET", "/media/jobs", None, client.bearer)
    figures = {
        "GET /media/jobs, one connection": f"{rate(lambda: client.ask(*listing)):,.0f}/s",
        "POST /v1/auth/token, one connection": f"{rate(lambda: client.ask(*client.form)):,.0f}/s",
        f"PUT {size} MiB": f"{transfer(client, 'PUT', size):,.0f} MiB/s",
        f"GET {size} MiB": f"{transfer(client, 'GET', size):,.0f} MiB/s",
    }
    pipe.send("stop")
    stopped, idle, peak = pipe.recv()
    process.join()
    figures |= {
        "start, stop": f"{started * 1000:.1f} ms, {stopped * 1000:.1f} ms",
        "memory idle, over idle at most": f"{idle / MIB:.0f} MiB, {(peak - idle) / MIB:.0f} MiB",
    }
    figures |= attacked()
    figures |= growth()
    for name, figure in figures.items():
        print(f"{name:40} {figure}")


if __name__ == "__main__":
    main()
