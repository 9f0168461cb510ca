"""Ends while a token request hangs; prints a line just before."""

import sys
import threading
import time

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest

url, key, secret = sys.argv[1:]
keeper = TokenKeeper(TokenRequest(AppCredentials(key, secret), url))
threading.Thread(target=keeper.token, daemon=True).start()
while keeper.status().state != "renewing":
    time.sleep(0.001)
print("done", time.time(), flush=True)
