"""Calls the API from a parent and its forked child at once; prints how many calls went well."""

import os
import sys

from dolbyio_nb.credentials import AppCredentials
from dolbyio_nb.keeper import TokenKeeper
from dolbyio_nb.session import BearerAuth, open_session
from dolbyio_nb.tokens import TokenRequest


def calls(session, url, number=50):
    """Call some times over kept connections."""
    return sum(session.get(f"{url}/media/jobs").json() == {"count": 0, "jobs": []} for _ in range(number))


def main(url, key, secret):
    request = TokenRequest(AppCredentials(key, secret), url)
    session = open_session(BearerAuth(TokenKeeper(request), [url]))
    before = calls(session, url, 1)
    pid = os.fork()
    if pid == 0:
        well = 0
        try:
            well = calls(session, url)
        finally:
            os._exit(well)
    mine = calls(session, url)
    print(before + mine + os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main(*sys.argv[1:])
