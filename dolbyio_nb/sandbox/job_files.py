"""Files of a job: from and to dlb:// or this machine, and the HTTP calls that this takes, to no other."""

import base64
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import SplitResult, quote, urlsplit

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import JobFailure, no_access, too_large
from dolbyio_nb.sandbox.storage import ObjectStore, discard, object_key

STEP_TIMEOUT = 10.0  # seconds for one connect, read or write
WHOLE_TIMEOUT = 120.0  # seconds for one transfer
BLOCK = 256 * 1024


def local_url(url: str) -> SplitResult:
    """The parts of an http(s) URL of this machine; anything else is refused in words."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise no_access("The URL cannot be read") from None
    if parts.scheme not in ("http", "https"):
        scheme = parts.scheme or "no scheme"
        raise no_access(f"The sandbox reads dlb:// and http(s) on this machine only, not {scheme[:20]!r}")
    if not port_is_fine or not _is_loopback(parts.hostname or ""):
        raise no_access("The sandbox reaches no other machine: only localhost and 127.0.0.1 are allowed")
    return parts


def download(url: str, auth: Mapping[str, Any], tick: Callable[[], None]) -> Iterator[bytes]:
    """The bytes behind a URL, block by block; `tick` is called at each and may raise to stop."""
    with _Call("GET", url, None, _basic(auth)) as answer:
        while block := answer.read1(BLOCK):  # whatever is there: a server that drips can be cancelled, too
            tick()
            yield block
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)


def upload(url: str, auth: Mapping[str, Any], path: Path, tick: Callable[[], None]) -> None:
    """PUT a file to a URL."""
    headers = {**_basic(auth), "Content-Length": str(path.stat().st_size)}
    with path.open("rb") as file, _Call("PUT", url, _blocks(file, tick), headers) as answer:
        answer.read(BLOCK)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """POST a message to a URL."""
    with _Call("POST", url, body, headers) as answer:
        answer.read(BLOCK)


def _blocks(file: BinaryIO, tick: Callable[[], None]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        tick()
        yield block


class _Call:
    """One HTTP call without proxies, redirects or name look-ups, and its answer if that is a 2xx.

    It is broken off when it takes too long in all: a byte now and then outlasts every other limit.
    """

    def __init__(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> None:
        self._parts = local_url(url)
        self._method = method
        self._body = body
        self._headers = {**headers, "Host": self._parts.netloc.rpartition("@")[2]}
        self._connection = _connection(self._parts)
        self._socket: socket.socket | None = None
        self._too_late = False
        self._alarm = threading.Timer(WHOLE_TIMEOUT, self._break_off)
        self._alarm.daemon = True

    def __enter__(self) -> http.client.HTTPResponse:
        self._alarm.start()
        try:
            return self._answer()
        except BaseException:
            self._end()
            raise

    def _break_off(self) -> None:
        self._too_late = True
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self._alarm.cancel()
        self._connection.close()
        if self._too_late:
            raise no_access(f"The transfer took longer than {WHOLE_TIMEOUT:.0f} s") from None

    def _answer(self) -> http.client.HTTPResponse:
        target = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            self._connection.connect()
            self._socket = self._connection.sock  # which the connection forgets once it has the answer
            target = quote(target, safe="%/?=&;:@+$,!*'()~")
            self._connection.request(self._method, target, self._body, self._headers)
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise no_access(f"{self._method} failed: {type(error).__name__}") from None
        if not 200 <= answer.status < 300:
            raise no_access(f"{self._method} was answered with HTTP status {answer.status}")
        return answer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._end()
        if isinstance(error, OSError | http.client.HTTPException):
            raise no_access(f"{self._method} broke off: {type(error).__name__}") from None


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=STEP_TIMEOUT)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=STEP_TIMEOUT, context=context)


def _is_loopback(host: str) -> bool:
    if "%" in host:  # the zone of an IPv6 address may be anything
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _basic(auth: Mapping[str, Any]) -> dict[str, str]:
    user, password = auth.get("username"), auth.get("password")
    if not isinstance(user, str) or not isinstance(password, str):
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


LARGEST_INPUT = 2_000_000_000


@dataclass(frozen=True)
class Location:
    """A place named in a request: a plain string, or an object with `url` and perhaps `auth`."""

    url: str = field(repr=False)
    auth: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def suffix(self) -> str:
        """The ending of its name, which tells the wanted format: ".wav"; empty when it has none."""
        name = self.url if self.is_stored else self.url.partition("?")[0]
        ending = re.search(r"\.[A-Za-z0-9]{1,10}$", name)
        return ending[0].lower() if ending else ""

    @property
    def is_stored(self) -> bool:
        """Whether it names an object of temporary storage."""
        return self.url.startswith("dlb://")


def location(value: object) -> Location | None:
    """What a request names as a place; None when it is none."""
    if isinstance(value, str) and value:
        return Location(value)
    if isinstance(value, Mapping) and isinstance(value.get("url"), str) and value["url"]:
        auth = value.get("auth")
        return Location(value["url"], auth if isinstance(auth, Mapping) else {})
    return None


DEMOS = re.compile(
    r"https?://(?:dashboard\.dolby\.io/static|dolbyio\.s3[\w.-]*\.amazonaws\.com/public)"
    r"/[^?#]+\.(?:mp4|wav|mp3|m4a|mov|flac)"
)
"""Where Dolby's workshop notebooks and guides take their examples from."""


def is_demo(url: str) -> bool:
    """Whether it is the address of one of Dolby's own examples."""
    return DEMOS.fullmatch(url.partition("?")[0]) is not None


class DemoFiles:
    """Stand-ins for these examples, each kind of file made when it is first asked for."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def write(self, path: Path) -> None:
        """Write the one whose kind the path's ending says."""
        from dolbyio_nb.sandbox.operations.demo_file import write_demo

        with self._lock:
            if path.suffix not in self._files:
                write_demo(path)
                self._files[path.suffix] = path.read_bytes()
        path.write_bytes(self._files[path.suffix])


class JobFiles:
    """Fetches inputs and delivers outputs for the jobs of one sandbox."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._demos = DemoFiles()

    def fetch(self, app: App, place: Location, tick: Callable[[], None]) -> Path:
        """A local file with the input's bytes, for the caller to remove."""
        if place.is_stored:
            return self._stored(app, place)
        path = self._store.new_file(place.suffix)
        try:
            if is_demo(place.url):
                self._demos.write(path)
            else:
                _download(place, path, tick)
        except BaseException:
            discard(path)
            raise
        return path

    def deliver(self, app: App, place: Location, path: Path, tick: Callable[[], None]) -> None:
        """Put a finished file where the request wants it."""
        if place.is_stored:
            self._store.keep(app, _key(place.url), path.rename(self._store.new_file()))
        else:
            upload(place.url, place.auth, path, tick)

    def check(self, place: Location) -> None:
        """Refuse a place that could not be reached, before any work is done."""
        if place.is_stored:
            _key(place.url)
        else:
            local_url(place.url)

    def _stored(self, app: App, place: Location) -> Path:
        path = self._store.lend(app, _key(place.url), place.suffix)
        if path is None:
            raise no_access(f"Nothing was uploaded to {place.url}")
        try:
            _check_size(path.stat().st_size)
            _check_no_form(path)
        except JobFailure:
            discard(path)
            raise
        return path


def _download(place: Location, path: Path, tick: Callable[[], None]) -> None:
    with path.open("wb") as file:
        for block in download(place.url, place.auth, tick):
            file.write(block)
            _check_size(file.tell())


def _check_size(size: int) -> None:
    if size > LARGEST_INPUT:
        raise too_large(LARGEST_INPUT // 1_000_000)


def _check_no_form(path: Path) -> None:
    """A form has its boundary and headers before the file: no tool finds the sound behind them."""
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(b"--") and b"content-disposition: form-data" in head.lower():
        raise no_access("The upload is a multipart form; PUT the bytes of the file alone (curl -T, not -F)")


def _key(url: str) -> str:
    try:
        return object_key(url)
    except ValueError as error:
        raise no_access(str(error)) from None
