"""Connections that tell the present work about themselves, so that it can be given up."""

import io
import socket
from http.client import HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from dolbyio_nb.http import limits


class _Checked(io.RawIOBase):
    """What comes in, for as long as somebody waits for it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        limits.check()
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]  # as a raw file does

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_Checked(self.fp.detach()))


class _Reporting:
    """Reports each socket, new or used again, and the bytes that are sent."""

    response_class: Any = _Response
    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        connection: socket.socket = super()._new_conn()  # type: ignore[misc]  # of the class beside this one
        limits.uses(connection)
        return connection

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            limits.uses(self.sock)
        super().request(*args, **options)  # type: ignore[misc]  # the same

    def send(self, data: Any) -> None:
        super().send(data)  # type: ignore[misc]  # the same
        limits.moved(len(data) if isinstance(data, bytes | bytearray | memoryview) else 0)


class _Connection(_Reporting, HTTPConnection):
    pass


class _SecureConnection(_Reporting, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def report(manager: PoolManager) -> None:
    """Let a manager of connections open those that report; SOCKS proxies keep connections of their own."""
    if type(manager).__name__ != "SOCKSProxyManager":
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
