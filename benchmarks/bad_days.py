"""Drills of worse days: portals, endless answers, odd lives, late news, forks, sleep and copies."""

import asyncio
import os
import pickle
import resource
import threading
import time
from collections import Counter
from contextlib import suppress

from harness import ask_for, in_threads, is_dead, suppressed

ROUNDS = 9  # of a thousand tasks; the best counts, as other work holds up the loop too
ODD_LIVES = ('"1800"', "true", "null", "-1", "1e18", "1" + "0" * 400, "1800000", '"soon"')


def portal_by_redirect(rival, service):
    """8 threads, no token, a portal redirects for 6 s: requests meanwhile, a token after its repair."""
    return _repaired(rival, service, "portal_by_redirect")


def portal_by_page(rival, service):
    """The same, with the portal's page and status 200 as the answer."""
    return _repaired(rival, service, "portal_by_page")


def error_with_200(rival, service):
    """The same, with status 200 and the OAuth error temporarily_unavailable."""
    return _repaired(rival, service, "error_with_200")


def _repaired(rival, service, answer):
    service.order(answer=answer)
    ask_for(6, rival, 8, pause=0.02)
    requests = service.count
    service.order(answer="a token")
    start = time.monotonic()
    while not (token := suppressed(rival.token)) or token.count(".") < 3:
        if time.monotonic() > start + 30:
            return f"{requests} requests, none within 30 s"
        time.sleep(0.02)
    return f"{requests} requests, {time.monotonic() - start:.1f} s"


def endless_answer(rival, service):
    """The answer has no end (the service stops at 256 MiB): what was sent for a request, and memory grown."""
    service.order(answer="endless")
    before = _peak()
    in_threads(1, lambda _: suppressed(rival.token))[0].join(10)
    return f"{service.sent / service.count / (1 << 20):.0f} MiB sent, {_peak() - before:.0f} MiB grown"


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def new_token_refused(rival, service):
    """A token is due for renewal, and the API knows new ones after 2 s: answers of 401 in 5 s, 4 threads."""
    service.order(life=rival.renewal_due_life)
    rival.token()
    call(rival, service)
    rival.make_due()
    service.order(settle=2)
    end, statuses = time.monotonic() + 5, Counter()

    def calls(_):
        while time.monotonic() < end:
            statuses[suppressed(lambda: call(rival, service))] += 1
            time.sleep(0.02)

    for thread in in_threads(4, calls):
        thread.join(30)
    renewed = "" if service.count > 1 else ", never renewed"
    return f"{statuses[401]} of {statuses.total()}{renewed}"


def call(rival, service):
    """Call the API; returns the status."""
    return rival.session.request("GET", f"{service.url}/media/jobs").status_code


def fork_that_outlives(rival, service):
    """A child forked with a token of 3 s asks for 7 s: asks, expired tokens, errors."""
    service.order(life=3)
    rival.token()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asks, errors, dead = ask_for(7, rival, 1, pause=0.05)
        os.write(writing, f"{len(asks)} asks, {len(dead)} expired, {len(errors)} errors".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    return os.read(reading, 200).decode()


def suspended(rival, service):
    """An hour of sleep that the monotonic clock did not see: dead tokens in 5 asks of the next cell."""
    import time_machine

    before = rival.token()
    with time_machine.travel(time.time() + 3600, tick=True):
        getattr(rival, "before_cell", lambda: None)()
        dead = sum(suppressed(rival.token) == before for _ in range(5))
    return f"{dead} of 5 dead"


def odd_lives(rival, service):
    """Eight odd values of expires_in, such as "1800", true, null, -1 and 10**400: tokens had, and errors."""
    outcomes = Counter()
    for life in ODD_LIVES:
        service.order(expires_in=life)
        try:
            fresh = type(rival)(service.url)
            outcomes["token" if fresh.token() else "nothing"] += 1
        except Exception as error:
            outcomes[type(error).__name__] += 1
    tokens = outcomes.pop("token", 0)
    return f"{tokens} of {len(ODD_LIVES)}" + "".join(f", {count} {name}" for name, count in outcomes.items())


def copies(rival, service):
    """Pickled with an expired token of 3 s, read 1 s later: what the copy gives; the secret inside or not."""
    service.order(life=3)
    rival.token()
    time.sleep(4)
    try:
        data = pickle.dumps(rival.portable)
    except Exception as error:
        return f"not pickled ({type(error).__name__})"
    time.sleep(1)
    inside = "secret inside" if b"app-secret" in data else "no secret inside"
    token = suppressed(lambda: rival.token_of(pickle.loads(data)))
    state = "no token" if not token else "dead token" if is_dead(token) else "valid token"
    return f"{state}, {inside}"


def thousand_tasks(rival, service):
    """1000 asyncio tasks need the first token, 200 ms for an answer: requests; how long the loop stood."""
    service.order(latency=0.2)
    gaps = []
    for _ in range(ROUNDS):
        gaps.append(asyncio.run(_longest_gap(type(rival)(service.url))))
    return f"{service.count / ROUNDS:g} requests, {min(gaps) * 1e3:.0f} ms"


async def _longest_gap(rival):
    """Time the longest turn of the loop while the tasks wait."""
    done, worst, last = threading.Event(), 0.0, time.perf_counter()

    async def all_of_them():
        with suppress(Exception):
            await asyncio.gather(*(ask_in_task(rival) for _ in range(1000)))
        done.set()

    waiting = asyncio.ensure_future(all_of_them())
    while not done.is_set():
        await asyncio.sleep(0)
        now = time.perf_counter()
        worst, last = max(worst, now - last), now
    await waiting
    return worst


async def ask_in_task(rival):
    """Await the token where that can be done; call for it where not."""
    if hasattr(rival, "token_async"):
        return await rival.token_async()
    return rival.token()


BAD_DAYS = {
    drill.__name__: drill
    for drill in (
        portal_by_redirect, portal_by_page, error_with_200, endless_answer, new_token_refused,
        fork_that_outlives, suspended, odd_lives, copies, thousand_tasks,
    )
}  # fmt: skip
