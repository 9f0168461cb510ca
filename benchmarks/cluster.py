"""A batch on a cluster of Dask: two workers, one of them killed, tokens of 5 s, and a scan for secrets.

    python benchmarks/cluster.py --files 600 --kill-at 201

Scheduler and workers are programs of their own without credentials. It prints what was done, how many jobs
there were, and how often the secret or a token is in a dashboard's page, a log, an environment or a file.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from distributed import Client

from dolbyio_nb import login
from dolbyio_nb.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.batch.cluster import Cluster, needles_of
from tests.batch.conftest import sound
from tests.waiting import eventually


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--files", type=int, default=600)
    options.add_argument("--kill-at", type=int, default=201)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        os.chdir(folder)
        Path("cluster").mkdir()
        cluster = Cluster(Path(folder, "cluster"))
        try:
            cluster.start_all()
            run(cluster, sandbox, chosen.files, chosen.kill_at)
        finally:
            cluster.stop()


def run(cluster: Cluster, sandbox: Sandbox, files: int, kill_at: int) -> None:
    """Enhance the files, kill a worker in the middle, look at everything several times, and tell."""
    for number in range(files):
        sound(Path(f"recordings/{number:04}.wav"), 0.2)
    sandbox.faults.token_life = 5
    eventually(cluster.address_file.exists, 60)
    with login(sandbox=sandbox) as dolby, Client(scheduler_file=str(cluster.address_file)) as client:
        client.wait_for_workers(2, timeout=60)
        batch = dolby.media.batch("recordings/*.wav", "enhance", output="better/{name}", executor=client)
        begun = time.perf_counter()
        batch.begin()
        eventually(lambda: len(sandbox.jobs) >= kill_at, 600)
        seen = cluster.seen()
        cluster.programs[-1].send_signal(signal.SIGKILL)
        batch.run()
        seconds = time.perf_counter() - begun
        seen += cluster.seen()
    inputs = Counter(str(job.body["input"]).rpartition("/")[2] for job in sandbox.jobs)
    found = sum(seen.count(needle) for needle in needles_of(sandbox.app_key, sandbox.app_secret))
    tokens = sandbox.requests.count(at="token")
    print(f"{batch.tally().line}; a worker killed at {kill_at}; {seconds:.0f} s; {tokens} tokens")
    print(f"{len(sandbox.jobs)} jobs, {sum(count > 1 for count in inputs.values())} files twice")
    print(f"{found} needles in {len(seen):,} bytes of pages, logs, environments and files")


if __name__ == "__main__":
    main()
