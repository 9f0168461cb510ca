"""Connections under limits, the proxies and authorities they go by, and bodies read from them."""

import io
import json
import os
import socket
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPResponse
from math import inf, isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3.poolmanager import PoolManager

from dolbyio_nb._util.place import PROXIES
from dolbyio_nb.http import limits
from dolbyio_nb.http.limits import moved

if TYPE_CHECKING:
    import requests


BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")  # in the order in which they count


def authorities() -> tuple[str, str] | None:
    """Give the variable that names the authorities to trust, and the file; None when none does."""
    return next(((name, os.environ[name]) for name in BUNDLES if os.environ.get(name)), None)


def proxy_of(url: str) -> str:
    """Name the proxy for an address as the environment has it, without its password."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    variable = next((name for name in PROXIES if proxy and os.environ.get(name) == proxy), None)
    place = _place(proxy)
    return f"{variable or 'the settings'} ({place})" if place else variable or "HTTPS_PROXY"


def _place(proxy: str) -> str:
    parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    with suppress(ValueError):  # no port is like that
        return f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    return parts.hostname or ""


LARGEST = 1 << 16  # bytes that are sent at a time: each is seen moving


class _Sliced(io.RawIOBase):
    """What comes in, for as long as somebody waits for it."""

    def __init__(self, connection: Any, raw: Any) -> None:
        self._connection, self._raw = connection, raw
        self._seconds = _slice(connection)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = partial(self._connection.recv_into, buffer)
        return int(limits.sliced(read, self._seconds))

    def close(self) -> None:
        if not self.closed:
            with suppress(OSError):
                self._connection.settimeout(self._seconds)
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, connection: Any, *args: Any, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        self.fp = io.BufferedReader(_Sliced(connection, self.fp.detach()))


class _Limited:
    """Opens its connection beside the caller, sends and reads in slices, and a small request in one piece."""

    response_class: Any = _Response
    sock: Any
    _held: bytearray | None = None

    def connect(self) -> None:
        limits.beside(inf, super().connect)  # type: ignore[misc]  # of the class beside this one

    def _new_conn(self) -> socket.socket:
        connection: socket.socket = super()._new_conn()  # type: ignore[misc]  # the same
        limits.uses(connection)
        return connection

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        self._held = bytearray()
        try:
            super().request(*args, **options)  # type: ignore[misc]  # the same
        finally:
            held, self._held = self._held, None
        self.send(held)

    def send(self, data: Any) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            super().send(data)  # type: ignore[misc]  # the same; it calls this one for each piece
        elif self._held is not None and len(self._held) + len(data) <= LARGEST:
            self._held += data
        else:
            held, self._held = self._held, None
            if held:
                self._send(held)
            self._send(data)
            self._held = bytearray() if held is not None else None

    def _send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        seconds, left = _slice(self.sock), memoryview(data)
        while left:
            count = limits.sliced(partial(self.sock.send, left[:LARGEST]), seconds)
            limits.moved(count)
            left = left[count:]
        self.sock.settimeout(seconds)


def _slice(connection: Any) -> float | None:
    """Let each wait for a connection last a slice; gives the seconds that it was to last."""
    seconds: float | None = connection.gettimeout()
    connection.settimeout(limits.SLICE if seconds is None else min(seconds, limits.SLICE))
    return seconds


@cache
def _pool(kind: Any) -> Any:
    connection = type(kind.ConnectionCls.__name__, (_Limited, kind.ConnectionCls), {})
    return type(kind.__name__, (kind,), {"ConnectionCls": connection})


def limit(manager: PoolManager) -> None:
    """Let a manager open connections that look at the limits, those through a proxy too."""
    kinds = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _pool(kind) for scheme, kind in kinds.items()}


CALL_SIZE = 20 << 20  # bytes of an API call's answer, once unpacked
TOKEN_SIZE = 1 << 20  # bytes of a token request's answer, once unpacked
PIECE = 1 << 15  # bytes read at a time: small enough for the slowest transfer to be seen moving
MOST_VALUES = 1_000_000  # of an answer's JSON: two bytes of text can take 64 of memory
LONGEST_INTEGER = 300  # digits; a longer one is no floating point number any more


class TooLarge(Exception):
    """The answer is larger than any that such a call has, or packed in a way that nobody asked for."""


def load_body(response: "requests.Response", largest: int) -> None:
    """Read the body of a response that was asked for with `stream=True`, up to `largest` bytes unpacked.

    Raises:
        TooLarge: there is more.
        requests.ConnectionError: it broke off.
    """
    body = bytearray()
    with response:
        for piece in _unpacked(response, largest):
            body += piece
            if len(body) > largest:
                raise TooLarge(f"Its answer is larger than {size(largest)}")
    response._content = bytes(body)  # where requests keeps it; it would unpack without a limit


def _unpacked(response: "requests.Response", largest: int) -> Iterator[bytes]:
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise TooLarge("Its answer is packed in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    for piece in pieces(response):
        if not unpack:
            yield piece
            continue
        yield _unpack(unpack, piece, largest)
        if unpack.eof:  # what comes behind it is no answer, and may have no end
            return


def _unpack(unpack: Any, piece: bytes, largest: int) -> bytes:
    import requests

    try:
        return unpack.decompress(piece, largest + 1)  # type: ignore[no-any-return]  # bytes
    except zlib.error:
        raise requests.ConnectionError("the answer cannot be unpacked") from None


def size(count: int) -> str:
    """Write a number of bytes for people."""
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"


def pieces(response: "requests.Response") -> Iterator[bytes]:
    """Give the bytes as they come, with the errors of requests in place of urllib3's."""
    import requests
    from urllib3.exceptions import HTTPError

    try:
        for piece in response.raw.stream(PIECE, decode_content=False):
            moved(len(piece))
            yield piece
    except (HTTPError, OSError, ValueError) as error:
        kind = type(error).__name__
    else:
        return
    raise requests.ConnectionError(f"the answer broke off ({kind})")


def parse_json(text: str | bytes) -> Any:
    """Read JSON; NaN, infinities and numbers too large to be one become None.

    Raises:
        ValueError, RecursionError: it is no JSON, or would fill the memory.
    """
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MOST_VALUES:
        raise ValueError("more values than any answer has")
    return json.loads(text, parse_constant=lambda _: None, parse_float=_float, parse_int=_int)


def _float(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None


def _int(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_INTEGER else None
