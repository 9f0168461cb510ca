"""Calls from a parent and its forked child at once; prints how many answers were meant for who got them."""

import os
import sys
from typing import Any

import requests

from dolbyio_nb.http.session import open_session


def calls(session: requests.Session, address: str, number: int) -> int:
    """Call some times over kept connections."""
    return sum(session.get(address).headers["X-Path"] == address[-7:] for _ in range(number))


def main(url: Any) -> None:
    session = open_session(lambda request: request)  # type: ignore[arg-type]
    before = calls(session, f"{url}/before", 1)
    pid = os.fork()
    if pid == 0:
        well = 0
        try:
            well = calls(session, f"{url}/inside", 50)
        finally:
            os._exit(well)
    mine = calls(session, f"{url}/parent", 50)
    print(before + mine + os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main(*sys.argv[1:])
