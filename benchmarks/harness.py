"""Harness of the drills: the service's orders, threads that ask, and what is dead for certain."""

import threading
import time
from contextlib import suppress

import requests
from service import birth_and_life, boot_clock


class Service:
    """The service in its own process."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def order(self, **orders):
        """Order misbehaviour."""
        requests.get(f"{self.url}/orders", params=orders, timeout=5)

    @property
    def count(self):
        """Token requests so far."""
        return self._counts()["count"]

    @property
    def sent(self):
        """Bytes of endless answers that were sent."""
        return self._counts()["sent"]

    @property
    def early(self):
        """Token requests that came before `Retry-After` was over."""
        return self._counts()["early"]

    def _counts(self):
        return requests.get(f"{self.url}/count", timeout=5).json()


def is_dead(token):
    """Tell whether a token has expired, by a clock that nobody can set."""
    born, life = birth_and_life(token)
    return boot_clock() >= born + life


def in_threads(number, call):
    """Call `call(index)` in that many threads at once; returns the threads, started."""
    together = threading.Barrier(number)

    def run(index):
        together.wait()
        call(index)

    threads = [threading.Thread(target=run, args=[index], daemon=True) for index in range(number)]
    for thread in threads:
        thread.start()
    return threads


def ask_for(seconds, rival, number, pause=0.001):
    """Let threads ask for a while; returns durations of asks, of errors, dead tokens."""
    end = time.monotonic() + seconds
    asks, errors, dead = [], [], []

    def ask(_):
        while time.monotonic() < end:
            start = time.perf_counter()
            try:
                token = rival.token()
            except Exception:
                errors.append(time.perf_counter() - start)
            else:
                asks.append(time.perf_counter() - start)
                if is_dead(token):
                    dead.append(token)
            time.sleep(pause)

    for thread in in_threads(number, ask):
        thread.join(seconds + 25)
    return asks, errors, dead


def suppressed(call):
    """Call, whatever comes of it."""
    with suppress(Exception):
        return call()
