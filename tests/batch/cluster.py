"""A cluster of Dask, each part a program of its own without credentials, and all that can be read of it."""

import base64
import os
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

MARK = "a-mark-that-the-scan-has-to-find"
PAGES = ("info/main/workers.html", "info/logs.html", "info/call-stacks", "json/identity.json", "metrics")
ROOT = Path(__file__).parents[2]
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

    def start_all(self) -> None:
        """Start a scheduler and two workers."""
        self.start("scheduler", "--port", "0")
        for _ in range(2):
            self.start("worker", "--no-nanny", "--nthreads", "2", "--local-directory", "spill")

    def start(self, kind: str, *options: str) -> None:
        """Start a program, with next to nothing in its environment."""
        name = f"{kind}-{len(self.programs)}"
        own = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
        own += ["--scheduler-file", str(self.address_file)]
        with open(self.folder / f"{name}.log", "wb") as log:
            program = subprocess.Popen(
                [sys.executable, "-m", "dask", kind, *own, *options],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "MARK": MARK,
                    "PYTHONPATH": str(ROOT),
                },
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

    def stop(self) -> None:
        """End the programs by their own ids."""
        for program in self.programs:
            program.kill()
            program.wait(10)


def read(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bytes(answer.read())
    except OSError:  # a worker that was killed, and a page that a worker has not
        return b""


def spellings(*values: bytes) -> set[bytes]:
    """Write values as they are, and in base64 at each of the three places where they may begin."""
    coded = {base64.b64encode(b"\0" * place + value)[4:-4] for value in values for place in range(3)}
    return {*values, *coded}


def needles_of(app_key: str, app_secret: str) -> set[bytes]:
    """What must not be seen: the secret, alone and with its key, and the beginning of any token."""
    secret, pair = app_secret.encode(), f"{app_key}:{app_secret}".encode()
    return spellings(secret, pair, base64.b64encode(TOKEN)[:-1])
