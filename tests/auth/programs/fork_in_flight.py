"""Forks a hundred times while a token request is in the air; prints how many children got a token."""

import os
import signal
import socket
import sys
import threading
import time
from typing import Any

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest


def child(keeper: TokenKeeper) -> None:
    """Get a token, or be killed."""
    signal.alarm(20)
    try:
        os._exit(0 if keeper.token() else 1)
    finally:
        os._exit(2)


def main(url: Any, key: Any, secret: Any) -> None:
    silent, parent = socket.create_server(("127.0.0.1", 0)), os.getpid()
    good = TokenRequest(AppCredentials(key, secret), url)
    hanging = TokenRequest(AppCredentials(key, secret), f"http://127.0.0.1:{silent.getsockname()[1]}")
    keeper = TokenKeeper(lambda: hanging() if os.getpid() == parent else good())
    threading.Thread(target=keeper.token, daemon=True).start()
    while keeper.status().state != "renewing":
        time.sleep(0.001)
    succeeded = 0
    for _ in range(100):
        pid = os.fork()
        if pid == 0:
            child(keeper)
        succeeded += os.waitpid(pid, 0)[1] == 0
    print(succeeded)


main(*sys.argv[1:])
