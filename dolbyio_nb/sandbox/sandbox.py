"""Sandbox: a running stand-in for the Dolby.io service, on this machine only."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from dolbyio_nb.sandbox.accounts import App, Apps, Tokens
from dolbyio_nb.sandbox.authentication import Authentication
from dolbyio_nb.sandbox.faults import Faults, Rules
from dolbyio_nb.sandbox.http_messages import Place, RequestLog
from dolbyio_nb.sandbox.job_runner import Hold, JobRunner
from dolbyio_nb.sandbox.jobs import JobRecord, JobRecords
from dolbyio_nb.sandbox.server import Server
from dolbyio_nb.sandbox.service import MediaRoutes, Service
from dolbyio_nb.sandbox.storage import ObjectStore, Signer, StorageRoutes
from dolbyio_nb.sandbox.webhooks import Webhooks, WebhookSender

PREFIX = "dolbyio-sandbox-"
OWNER = "owner"  # the file that the living owner of a folder keeps locked


class ScratchFolder:
    """A folder for this user alone."""

    def __init__(self) -> None:
        sweep()
        self._root = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = _owned(self._root)
        self.path = self._root / "files"
        self.path.mkdir()

    def remove(self) -> None:
        """Delete everything in it."""
        self._owner.close()
        shutil.rmtree(self._root, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of this user's dead sandboxes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if _is_mine(folder) and _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _owned(folder: Path) -> BinaryIO:
    """Lock first, show the name then: no other start may see an owner's file that is not locked."""
    file = (folder / f"{OWNER}.new").open("wb")
    _lock(file)
    if os.name == "nt":  # an open file has to keep its name there
        (folder / OWNER).touch()
    else:
        os.rename(file.name, folder / OWNER)
    return file


def _is_mine(folder: Path) -> bool:
    about = folder.lstat()
    return not folder.is_symlink() and (not hasattr(os, "getuid") or about.st_uid == os.getuid())


def _is_dead(folder: Path) -> bool:
    """Whether nobody holds its owner's file; a folder without one is just being made."""
    if not (folder / OWNER).exists():
        return False
    if os.name == "nt":
        os.unlink(folder / f"{OWNER}.new")  # fails while it is open
        return True
    with (folder / OWNER).open("rb") as file:
        _lock(file)  # fails while it is locked
    return True


def _lock(file: BinaryIO) -> None:
    """Take the lock that goes with the process, or raise OSError."""
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class _Part(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Sandbox:
    """A Dolby.io to try things against. It is not the service, and it never reaches another machine.

        with Sandbox() as sandbox:
            print(sandbox.auth_url, sandbox.app_key)

    `port` is that of the API (0: any free one); temporary storage has a second port of its own. `app_key`
    and `app_secret` are random when not given. `clock` gives seconds since 1970: expiry and all times shown
    follow it. `faults` makes it misbehave,
    `requests` tells what was asked, `jobs` how each job stands. `cors` lets pages of other origins call it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        app_key: str | None = None,
        app_secret: str | None = None,
        cors: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._port = port
        self._storage_port = 0
        self._apps = Apps()
        self._app = self._apps.add(app_key, app_secret)
        tokens = Tokens(clock)
        self._rules = Rules()
        hold = Hold()
        self.faults = Faults(self._apps, tokens, self._rules, hold)
        self.requests = RequestLog(clock)
        self._jobs = JobRecords(clock)
        self._store = ObjectStore(clock)
        self._storage = StorageRoutes(self._apps, self._store, Signer(clock))
        webhooks = Webhooks()
        self._sender = WebhookSender(webhooks)
        self._runner = JobRunner(self._jobs, self._store, hold, self._sender.notify)
        media = MediaRoutes(self._store, self._storage, self._jobs, self._runner, webhooks)
        authentication = Authentication(self._apps, tokens, self.faults, clock)
        self._service = Service(
            authentication, media, self._storage, self.faults, self._rules, self.requests, cors=cors
        )
        self._servers: list[Server] = []
        self._scratch: ScratchFolder | None = None
        self._lock = threading.Lock()

    @property
    def app_key(self) -> str:
        """The key of the sandbox's own app."""
        return self._app.app_key

    @property
    def app_secret(self) -> str:
        """Its secret: worth nothing anywhere else."""
        return self._app.app_secret

    @property
    def auth_url(self) -> str:
        """The origin of the token endpoint, such as `http://127.0.0.1:54321`."""
        return f"http://127.0.0.1:{self._started_port()}"

    @property
    def media_url(self) -> str:
        """The origin of the Media APIs: the same as `auth_url` here."""
        return self.auth_url

    @property
    def jobs(self) -> list[JobRecord]:
        """Every job that was started, oldest first, as it stands now."""
        return self._jobs.all()

    def wait_for_job(self, job_id: str, timeout: float = 30.0) -> JobRecord:
        """The job once it has ended; raises TimeoutError when it has not within `timeout` seconds."""
        return self._jobs.wait(job_id, timeout)

    def add_app(self, app_key: str | None = None, app_secret: str | None = None) -> App:
        """Register another app; neither sees the other's objects and jobs."""
        return self._apps.add(app_key, app_secret)

    def start(self) -> Self:
        """Listen. A sandbox that was stopped starts again on the ports it had, with its apps and jobs.

        Raises OSError when the port is taken.
        """
        with self._lock:
            if not self._servers:
                self._open()
        return self

    def stop(self) -> None:
        """Close every connection, end what hangs, drop what is queued and remove all objects."""
        with self._lock:
            if self._servers:
                self._close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = f"at {self.auth_url}" if self._servers else "stopped"
        return f"<Sandbox {state}, app key {self.app_key[:4]}…>"

    def _open(self) -> None:
        api = self._server("media", self._port)
        try:
            storage = self._server("storage", self._storage_port)
        except BaseException:
            api.server_close()
            raise
        self._port, self._storage_port = api.server_port, storage.server_port
        self._storage.origin = storage.origin
        self._scratch = ScratchFolder()
        self._store.start(self._scratch.path)
        self._servers = [api, storage]
        parts: tuple[_Part, ...] = (self._rules, self._sender, self._runner, *self._servers)
        for part in parts:
            part.start()

    def _close(self) -> None:
        servers, self._servers = self._servers, []
        parts: tuple[_Part, ...] = (self._rules, *servers, self._runner, self._sender)
        for part in parts:
            part.stop()
        self._store.stop()
        if self._scratch:
            self._scratch.remove()

    def _server(self, at: Place, port: int) -> Server:
        return Server(at, port, self._service.handle, self._service.refuse, self._shown_clock)

    def _shown_clock(self) -> float:
        return self._clock() + self.faults.clock_skew

    def _started_port(self) -> int:
        if not self._port:
            raise RuntimeError("the sandbox has not been started; call start() or use `with Sandbox() as s:`")
        return self._port
