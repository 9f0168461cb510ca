"""HTTP calls to servers on this machine, and to no other."""

import base64
import http.client
import ipaddress
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import SplitResult, quote, urlsplit

from .failures import no_access

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
        yield from _in_time(answer, tick)


def upload(url: str, auth: Mapping[str, Any], path: Path, tick: Callable[[], None]) -> None:
    """PUT a file to a URL."""
    headers = {**_basic(auth), "Content-Length": str(path.stat().st_size)}
    with path.open("rb") as file, _Call("PUT", url, _in_time(file, tick), headers) as answer:
        answer.read(BLOCK)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """POST a message to a URL."""
    with _Call("POST", url, body, headers) as answer:
        answer.read(BLOCK)


def _in_time(source: BinaryIO | http.client.HTTPResponse, tick: Callable[[], None]) -> Iterator[bytes]:
    """The blocks of a transfer, as long as it does not take for ever."""
    deadline = time.monotonic() + WHOLE_TIMEOUT
    while block := source.read(BLOCK):
        tick()
        if time.monotonic() > deadline:
            raise no_access(f"The transfer took longer than {WHOLE_TIMEOUT:.0f} s")
        yield block


class _Call:
    """One HTTP call without proxies, redirects or name look-ups, and its answer if that is a 2xx."""

    def __init__(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> None:
        self._parts = local_url(url)
        self._method = method
        self._body = body
        self._headers = {**headers, "Host": self._parts.netloc.rpartition("@")[2]}
        self._connection = _connection(self._parts)

    def __enter__(self) -> http.client.HTTPResponse:
        try:
            return self._answer()
        except BaseException:
            self._connection.close()
            raise

    def _answer(self) -> http.client.HTTPResponse:
        target = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            target = quote(target, safe="%/?=&;:@+$,!*'()~")
            self._connection.request(self._method, target, self._body, self._headers)
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise no_access(f"{self._method} failed: {type(error).__name__}") from None
        if not 200 <= answer.status < 300:
            raise no_access(f"{self._method} was answered with HTTP status {answer.status}")
        return answer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._connection.close()
        if isinstance(error, OSError | http.client.HTTPException):
            raise no_access(f"{self._method} broke off: {type(error).__name__}") from None


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
