"""Connections that tell the present work about themselves, so that it can be given up."""

import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from dolbyio_nb.http import limits


class _Reporting:
    """Reports each socket, new or used again, and the bytes that are sent."""

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
