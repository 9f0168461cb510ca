"""Calls the API from a parent and its forked child at once; prints how many calls went well."""

import os
import sys

from dolbyio_nb.credentials import AppCredentials
from dolbyio_nb.keeper import TokenKeeper
from dolbyio_nb.session import BearerAuth, open_session
from dolbyio_nb.tokens import TokenRequest


def calls(session, address, status, number=50):
    """Call some times over kept connections; an answer with another status was meant for somebody else."""
    return sum(session.get(address).status_code == status for _ in range(number))


def main(url, key, secret):
    request = TokenRequest(AppCredentials(key, secret), url)
    session = open_session(BearerAuth(TokenKeeper(request), [url]))
    before = calls(session, f"{url}/media/jobs", 200, number=1)
    pid = os.fork()
    if pid == 0:
        well = 0
        try:
            well = calls(session, f"{url}/media/nowhere", 404)
        finally:
            os._exit(well)
    mine = calls(session, f"{url}/media/jobs", 200)
    print(before + mine + os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main(*sys.argv[1:])
