"""What a careless or hostile client cannot do: take every file and thread, or leave folders behind."""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from dolbyio_nb.sandbox import Sandbox, http_messages, sandbox
from dolbyio_nb.sandbox.http_messages import PacedSocket
from dolbyio_nb.sandbox.server import most_connections

from .conftest import Caller

CROWD = """
import socket, sys
held, count = [], int(sys.argv[2])
for _ in range(count):
    held.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30))
print("connected", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="sockets are no files there")
def test_idle_connections_leave_the_process_working(sandbox: Sandbox, caller: Caller) -> None:
    """Three times as many as are allowed: threads and files stay within the limit, and calls are served."""
    port, most = urlsplit(sandbox.media_url).port, most_connections()
    me = psutil.Process()
    threads, files = threading.active_count(), me.num_fds()
    crowd = subprocess.Popen(
        [sys.executable, "-c", CROWD, str(port), str(3 * most)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert crowd.stdout.readline() == "connected\n"  # type: ignore[union-attr]
        assert caller.get("/media/jobs").status_code == 200
        assert threading.active_count() - threads <= most + 1
        assert me.num_fds() - files <= most + 2
        with open(os.devnull):
            pass
    finally:
        crowd.communicate("", timeout=30)


def test_the_connection_that_idled_longest_makes_room(
    caller: Caller, sandbox: Sandbox, connect: Callable[[int], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that has just spoken is not the one that is cut."""
    monkeypatch.setattr("dolbyio_nb.sandbox.server.MOST_CONNECTIONS", 8)
    with Sandbox() as small:
        port = urlsplit(small.media_url).port
        held = [connect(port) for _ in range(8)]  # type: ignore[arg-type]
        request = f"GET /media/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n".encode()
        for one in (*held[1:], held[0]):
            one.sendall(request)
            while not one.recv(65536).endswith(b"}"):
                pass
        with connect(port):  # type: ignore[arg-type]
            closed, _, _ = select.select(held, [], [], 10)
            assert len(closed) == 1
            assert closed != held[:1]
        for one in held:
            one.close()


class Seconds:
    """A clock that the bytes of a slow client move."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def dripping(monkeypatch: pytest.MonkeyPatch, every: float) -> Any:
    """A connection of which each byte takes `every` seconds to come."""
    near, far = socket.socketpair()
    clock = Seconds()
    monkeypatch.setattr(http_messages, "time", clock)

    class Dripping:
        settimeout = near.settimeout

        def recv_into(self, buffer: Any) -> int:
            far.sendall(b"x")
            count = near.recv_into(buffer, 1)
            clock.now += every
            return count

    return PacedSocket(Dripping()), clock, (near, far)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["expect_head", "expect_body"])
def test_a_client_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """A byte each second outlasts every limit on silence, and ends all the same within a minute or so."""
    paced, clock, pair = dripping(monkeypatch, 1.0)
    getattr(paced, part)()
    buffer = bytearray(1)
    with pytest.raises(TimeoutError):
        deque((paced.readinto(buffer) for _ in range(1000)), maxlen=0)
    assert clock.now <= 61
    for one in pair:
        one.close()


def test_a_slow_but_steady_upload_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the floor a body may take as long as it wants."""
    paced, clock, pair = dripping(monkeypatch, 0.9 / http_messages.FLOOR)
    paced.expect_body()
    buffer = bytearray(1)
    for _ in range(5000):
        assert paced.readinto(buffer) == 1
    clock.now += 3600  # the time that the service itself takes does not count
    assert paced.readinto(buffer) == 1
    for one in pair:
        one.close()


def test_folders_of_dead_processes_are_swept_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was killed leaves its folder; the next start removes it, and no living one's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "from dolbyio_nb.sandbox import Sandbox; s = Sandbox().start(); print('up', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)},
    )
    assert process.stdout.readline().strip() == b"up"  # type: ignore[union-attr]
    (left,) = tmp_path.iterdir()
    with Sandbox():
        assert left.exists()  # its owner lives
        assert len(list(tmp_path.iterdir())) == 2
    process.kill()
    process.wait(10)
    process.stdin.close()  # type: ignore[union-attr]
    process.stdout.close()  # type: ignore[union-attr]
    assert list(tmp_path.iterdir()) == [left]
    with Sandbox():
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_only_looks_like_a_sandbox_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without an owner's file, and a link to somewhere else."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / sandbox.OWNER).touch()
    young = tmp_path / f"{sandbox.PREFIX}young"
    young.mkdir()
    link = tmp_path / f"{sandbox.PREFIX}link"
    link.symlink_to(mine)
    sandbox.sweep()
    assert mine.exists()
    assert young.exists()
    assert link.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_command_leaves_no_folder_when_it_is_ended(tmp_path: Path, number: Any) -> None:
    """Also while a client holds a connection open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dolbyio_nb", "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    lines = [process.stdout.readline() for _ in range(6)]  # type: ignore[union-attr]
    port = int(next(line for line in lines if "AUTH_URL" in line).strip().rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
    assert time.monotonic() - begun < 5
    process.stdout.close()  # type: ignore[union-attr]
    assert list(tmp_path.iterdir()) == []
