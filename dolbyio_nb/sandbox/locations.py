"""Where a job reads and writes: `dlb://` objects and servers on this machine, nothing else."""

import base64
import http.client
import ipaddress
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import SplitResult, quote, urlsplit

from .apps import App
from .store import Store, discard, object_key

LARGEST_INPUT = 200 * 1000 * 1000
STEP_TIMEOUT = 10.0  # seconds for one connect, read or write
WHOLE_TIMEOUT = 120.0  # seconds for one transfer
BLOCK = 256 * 1024


class Unusable(Exception):
    """A location that cannot be read or written, with the reason in words."""

    def __init__(self, type: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.type = type
        self.title = title
        self.detail = detail


@dataclass(frozen=True)
class Location:
    """A place named in a request: a plain string, or an object with `url` and perhaps `auth`."""

    url: str = field(repr=False)
    auth: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def suffix(self) -> str:
        """The ending of its name, which tells the wanted format: ".wav"."""
        name = self.url if self.url.startswith("dlb://") else self.url.partition("?")[0]
        return PurePosixPath(name).suffix.lower()[:12]


def location(value: object) -> Location | None:
    """What a request names as a place; None when it is none."""
    if isinstance(value, str) and value:
        return Location(value)
    if isinstance(value, Mapping) and isinstance(value.get("url"), str) and value["url"]:
        auth = value.get("auth")
        return Location(value["url"], auth if isinstance(auth, Mapping) else {})
    return None


class Locations:
    """Fetches inputs and delivers outputs for the jobs of one sandbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fetch(self, app: App, place: Location, tick: Callable[[], None]) -> Path:
        """A local file with the input's bytes, for the caller to remove."""
        if place.url.startswith("dlb://"):
            return self._stored(app, place)
        path = self._store.new_file(place.suffix)
        try:
            with path.open("wb") as file:
                for block in download(place, tick):
                    file.write(block)
        except BaseException:
            discard(path)
            raise
        return path

    def deliver(self, app: App, place: Location, path: Path, tick: Callable[[], None]) -> None:
        """Put a finished file where the request wants it."""
        if place.url.startswith("dlb://"):
            self._store.keep(app, _key(place.url), path.rename(self._store.new_file()))
        else:
            upload(place, path, tick)

    def check(self, place: Location) -> None:
        """Refuse a place that could not be reached, before any work is done."""
        if place.url.startswith("dlb://"):
            _key(place.url)
        else:
            local_url(place.url)

    def _stored(self, app: App, place: Location) -> Path:
        path = self._store.lend(app, _key(place.url), place.suffix)
        if path is None:
            raise _no_access(f"Nothing was uploaded to {place.url}")
        if path.stat().st_size > LARGEST_INPUT:
            discard(path)
            raise _too_large()
        return path


def local_url(url: str) -> SplitResult:
    """The parts of an http(s) URL of this machine; anything else is refused in words."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise _no_access("The URL cannot be read") from None
    if parts.scheme not in ("http", "https"):
        scheme = parts.scheme or "no scheme"
        raise _no_access(f"The sandbox reads dlb:// and http(s) on this machine only, not {scheme[:20]!r}")
    if not port_is_fine or not _is_loopback(parts.hostname or ""):
        raise _no_access("The sandbox reaches no other machine: only localhost and 127.0.0.1 are allowed")
    return parts


def download(place: Location, tick: Callable[[], None]) -> Iterator[bytes]:
    """The bytes behind a URL of this machine, block by block, up to the limit."""
    size = 0
    with _Call(place, "GET") as answer:
        for block in _in_time(answer, tick):
            size += len(block)
            if size > LARGEST_INPUT:
                raise _too_large()
            yield block


def upload(place: Location, path: Path, tick: Callable[[], None]) -> None:
    """PUT a file to a URL of this machine."""
    length = {"Content-Length": str(path.stat().st_size)}
    with path.open("rb") as file, _Call(place, "PUT", _in_time(file, tick), length) as answer:
        answer.read(BLOCK)


def post(place: Location, body: bytes, headers: Mapping[str, str]) -> None:
    """POST a message to a URL of this machine."""
    with _Call(place, "POST", body, headers) as answer:
        answer.read(BLOCK)


def _in_time(source: BinaryIO | http.client.HTTPResponse, tick: Callable[[], None]) -> Iterator[bytes]:
    """The blocks of a transfer, as long as it does not take for ever."""
    deadline = time.monotonic() + WHOLE_TIMEOUT
    while block := source.read(BLOCK):
        tick()
        if time.monotonic() > deadline:
            raise _no_access(f"The transfer took longer than {WHOLE_TIMEOUT:.0f} s")
        yield block


class _Call:
    """One HTTP call without proxies, redirects or name look-ups, and its answer if that is a 2xx."""

    def __init__(
        self, place: Location, method: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._parts = local_url(place.url)
        self._method = method
        self._body = body
        self._headers = {
            **_basic(place.auth),
            **(headers or {}),
            "Host": self._parts.netloc.rpartition("@")[2],
        }
        self._connection = _connection(self._parts)

    def __enter__(self) -> http.client.HTTPResponse:
        target = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            target = quote(target, safe="%/?=&;:@+$,!*'()~")
            self._connection.request(self._method, target, self._body, self._headers)
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise _no_access(f"{self._method} failed: {type(error).__name__}") from None
        if not 200 <= answer.status < 300:
            self._connection.close()
            raise _no_access(f"{self._method} was answered with HTTP status {answer.status}")
        return answer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._connection.close()
        if isinstance(error, OSError | http.client.HTTPException):
            raise _no_access(f"{self._method} broke off: {type(error).__name__}") from None


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=STEP_TIMEOUT)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=STEP_TIMEOUT, context=context)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _basic(auth: Mapping[str, Any]) -> dict[str, str]:
    user, password = auth.get("username"), auth.get("password")
    if not isinstance(user, str) or not isinstance(password, str):
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _key(url: str) -> str:
    try:
        return object_key(url)
    except ValueError as error:
        raise _no_access(str(error)) from None


def _no_access(detail: str) -> Unusable:
    return Unusable("/problems/input-file-access", "The file could not be accessed", detail)


def _too_large() -> Unusable:
    limit = LARGEST_INPUT // 1_000_000
    return Unusable(
        "/problems/input-limit", "The input is larger than the sandbox takes", f"The limit is {limit} MB"
    )
