"""Drills of good and ordinary bad days: each takes a rival and the service, returns one figure in words."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import timeit
from contextlib import suppress
from functools import partial

from harness import ask_for, in_threads, is_dead, suppressed
from service import boot_clock


def hot_path(rival, service):
    """Nanoseconds for a fresh token, and how many times the floor that is."""
    call = rival.hot()
    call()

    class Floor:  # nothing that could be left out: an attribute, a built-in clock, a comparison
        def __init__(self):
            self.clock = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
            self.token, self.soft = "token", self.clock() + 1e6

        def ask(self):
            if self.clock() < self.soft:
                return self.token
            raise RuntimeError

    def best(function):
        return min(timeit.repeat(function, number=20_000, repeat=15)) / 20_000

    ratio = statistics.median(best(call) / best(Floor().ask) for _ in range(3))
    return f"{best(call) * 1e9:.0f} ns, {ratio:.1f}x"


def cold_herd(rival, service):
    """Token requests when 32 threads need the first token at once."""
    service.order(latency=0.1)
    for thread in in_threads(32, lambda _: suppressed(rival.token)):
        thread.join(20)
    return f"{service.count}"


def steady_herd(rival, service):
    """32 threads, tokens of 3 s, 100 ms for an answer, for 12 s: requests, expired tokens, errors, asks."""
    service.order(life=3, latency=0.1)
    suppressed(rival.token)
    before = service.count
    seconds = 12.0
    asks, errors, dead = ask_for(seconds, rival, 32, pause=0.005)
    asks.sort()
    worst, nearly_worst = asks[-1] * 1e3, asks[int(len(asks) * 0.999)] * 1e3
    return (
        f"{service.count - before} requests, {len(dead)} expired, {len(errors)} errors, "
        f"worst {worst:.0f} ms, p99.9 {nearly_worst:.1f} ms"
    )


def outage(rival, service):
    """8 threads, a good token that is due for renewal, the service down for 8 s: errors and requests."""
    service.order(life=rival.renewal_due_life)
    rival.token()
    rival.make_due()
    service.order(status=503)
    before = service.count
    _, errors, _ = ask_for(8, rival, 8, pause=0.02)
    return f"{len(errors)} errors, {service.count - before} requests"


def revoked(rival, service):
    """8 threads, no token, the secret refused, for 3 s: requests, and how long an error takes."""
    service.order(status=401)
    suppressed(rival.token)
    _, errors, _ = ask_for(3, rival, 8, pause=0.02)
    return f"{service.count} requests, worst error {max(errors) * 1e3:.1f} ms"


def too_many_requests(rival, service):
    """8 threads, no token, 429 with Retry-After 3, for 7 s: requests that came before they were welcome."""
    service.order(status=429, retry_after="3")
    ask_for(7, rival, 8, pause=0.02)
    return f"{service.early}"


def hang(rival, service):
    """8 threads, a good token that is due for renewal, the service hangs: threads that wait after 5 s."""
    service.order(life=rival.renewal_due_life)
    rival.token()
    rival.make_due()
    service.order(hang=60)
    threads = in_threads(8, lambda _: suppressed(rival.token))
    time.sleep(5)
    return f"{sum(thread.is_alive() for thread in threads)} of 8 stuck"


def clock_back(rival, service):
    """The wall clock is set back by an hour, tokens of 3 s: dead tokens handed out in 5 asks after 4 s."""
    return _clock_step(rival, service, -3600)


def clock_forward(rival, service):
    """The wall clock is set forward by an hour, tokens of 1800 s: dead tokens, and extra requests."""
    return _clock_step(rival, service, 3600)


def _clock_step(rival, service, step):
    import time_machine

    service.order(life=3 if step < 0 else 1800)
    rival.token()
    before = service.count
    dead = 0
    with time_machine.travel(time.time() + step, tick=True):
        end = boot_clock() + (4.0 if step < 0 else 0.0)
        while boot_clock() < end:
            threading.Event().wait(0.05)
        for _ in range(5):
            dead += is_dead(rival.token())
            threading.Event().wait(0.2)
    return f"{dead} of 5 dead" + (f", {service.count - before} extra requests" if step > 0 else "")


def fork(rival, service):
    """20 forks while a token request is in the air: children that get a token within 5 s."""
    service.order(hang=4)
    in_threads(1, lambda _: suppressed(rival.token))
    while service.count < 1:
        time.sleep(0.01)
    service.order(hang=0)
    children = [_fork_and_ask(rival) for _ in range(20)]
    end, good = time.monotonic() + 5, 0
    while children and time.monotonic() < end:
        for pid in list(children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                children.remove(pid)
                good += status == 0
        time.sleep(0.01)
    for pid in children:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return f"{good} of 20"


def _fork_and_ask(rival):
    pid = os.fork()
    if pid == 0:
        try:
            rival.token()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return pid


def end_of_program(rival, service):
    """A good token that is due for renewal, the service hangs for 20 s, one ask: seconds until the end."""
    service.order(life=rival.renewal_due_life)
    script = (
        f"import sys, time; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"
        f"from rivals import RIVALS; import requests\n"
        f"rival = RIVALS[{rival.name!r}]({service.url!r}); rival.token(); rival.make_due()\n"
        f"requests.get({service.url + '/orders?hang=20'!r})\n"
        "print(time.clock_gettime(time.CLOCK_BOOTTIME), flush=True)\n"
        "try: rival.token()\n"
        "except Exception: pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    start = float(process.stdout.readline())
    process.wait(60)
    return f"{boot_clock() - start:.2f} s"


def ctrl_c(rival, service):
    """Ctrl-C while the first token is waited for (2 s): when it is felt, and requests until the next ask."""
    service.order(hang=2)
    pressed = []

    def press():
        while service.count < 1:
            time.sleep(0.01)
        time.sleep(0.2)
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    try:
        rival.token()
    except KeyboardInterrupt:
        felt = time.perf_counter() - pressed[0]
    else:
        return "not felt"
    service.order(hang=0)
    time.sleep(2.2)
    rival.token()
    return f"{felt * 1e3:.0f} ms, {service.count} requests"


def one_401(rival, service):
    """16 threads call the API with one revoked token: answers of 200, and token requests."""
    rival.token()
    with suppress(Exception):
        rival.session.request("GET", f"{service.url}/media/jobs")
    if hasattr(rival, "older"):
        rival.older += 10  # past the second in which no other request is sent
    service.order(revoke=1)
    before, statuses = service.count, []

    def call(_):
        with suppress(Exception):
            statuses.append(rival.session.request("GET", f"{service.url}/media/jobs").status_code)

    for thread in in_threads(16, call):
        thread.join(30)
    return f"{statuses.count(200)} of 16, {service.count - before} requests"


def streamed_body(rival, service):
    """A file of 1 MB, from its 10th byte on, is sent with a revoked token: what came of it."""
    rival.token()
    if hasattr(rival, "older"):
        rival.older += 10
    service.order(revoke=1)
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 1_000_010)
        file.seek(10)
        try:
            answer = rival.session.request("POST", f"{service.url}/media/input", data=file)
        except Exception as error:
            return type(error).__name__
    arrived = answer.json()["arrived"]
    return f"{answer.status_code}, {'whole' if arrived == 1_000_000 else f'{arrived} bytes'}"


GOOD_DAYS = {
    drill.__name__: drill
    for drill in (
        hot_path, cold_herd, steady_herd, outage, revoked, too_many_requests, hang, clock_back, clock_forward,
        fork, ctrl_c, end_of_program, one_401, streamed_body,
    )
}  # fmt: skip
