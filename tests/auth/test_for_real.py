"""Real threads, real signals, real forks, a real kernel and a real end of the program."""

import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb._util import clock
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.single_flight import InFlight
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import NotLoggedIn, TokenRefused, TokenUnavailable
from dolbyio_nb.sandbox import Sandbox

from .stage import Stage

PROGRAMS = Path(__file__).parent / "programs"
LIMIT = 60  # seconds that nothing here comes near

has_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def request_for(sandbox: Sandbox, app: Any = None, **options: Any) -> TokenRequest:
    """A token request of the sandbox's app."""
    app = app or sandbox
    return TokenRequest(AppCredentials(app.app_key, app.app_secret), sandbox.auth_url, **options)


@pytest.fixture
def keeper(sandbox: Sandbox) -> Iterator[TokenKeeper]:
    """A keeper at the sandbox, with real threads and clocks."""
    request = request_for(sandbox)
    keeper = TokenKeeper(request, identity=request.identity)
    yield keeper
    keeper.close()


def run(program: str, sandbox: Sandbox) -> str:
    """Run a program with the sandbox's log-in; returns what it printed."""
    quiet = [sys.executable, "-W", "ignore:This process"]  # Python 3.12 warns of every fork beside threads
    command: list[Any] = [*quiet, PROGRAMS / program, sandbox.auth_url, sandbox.app_key, sandbox.app_secret]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return str(done.stdout)


def at_once(number: int, call: Callable[..., Any] | Callable[..., AccessToken]) -> list[Any]:
    """Call from many threads at the same moment."""
    together = threading.Barrier(number)

    def wait_and_call(index: Any) -> Any | AccessToken:
        together.wait()
        return call(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(wait_and_call, range(number)))


def test_a_cold_herd_makes_one_request(sandbox: Sandbox, keeper: TokenKeeper) -> None:
    """Thirty-two threads that need the first token share one request."""
    sandbox.faults.slow(0.1, at="token")
    tokens = at_once(32, lambda _: keeper.token())
    assert len(set(tokens)) == 1
    assert sandbox.requests.count("token") == 1


def test_life_counts_from_before_the_request_left(sandbox: Sandbox, keeper: TokenKeeper) -> None:
    """A token was born before its request arrived at the service, not when the answer came."""
    sandbox.faults.slow(0.2, at="token")
    asking = threading.Thread(target=keeper.token)
    asking.start()
    assert sandbox.requests.wait("token", 1)
    arrived = clock.now()
    asking.join(LIMIT)
    assert keeper.token().issued_at < arrived


def test_keepers_of_one_app_share_a_request(sandbox: Sandbox) -> None:
    """Two log-ins of the same app that need a token at once make one request."""
    sandbox.faults.slow(0.1, at="token")
    keepers = [TokenKeeper(request, identity=request.identity) for request in [request_for(sandbox)] * 2]
    first, second = at_once(2, lambda index: keepers[index].token())
    assert first == second
    assert sandbox.requests.count("token") == 1


class SlowIdentity:
    """Gives other threads every chance to come between a look at the flights and the next."""

    def __hash__(self) -> int:
        threading.Event().wait(0.005)
        return 1

    def __eq__(self, other: Any) -> bool:
        return self is other


def test_no_thread_of_one_keeper_slips_in_between() -> None:
    """Eight threads look for a flight at the same moment, and one request departs."""
    requests = []

    def fetch() -> AccessToken:
        requests.append(1)
        return AccessToken("x" * 20)

    keeper = TokenKeeper(fetch, identity=SlowIdentity())
    at_once(8, lambda _: keeper.token())
    assert len(requests) == 1


def test_no_keeper_of_one_app_slips_in_between() -> None:
    """Eight keepers look for a flight at the same moment, and one request departs."""
    requests, identity = [], SlowIdentity()

    def fetch() -> AccessToken:
        requests.append(1)
        while not all(keeper.state.in_flight for keeper in keepers):
            threading.Event().wait(0.001)
        return AccessToken("x" * 20)

    keepers = [TokenKeeper(fetch, identity=identity) for _ in range(8)]
    at_once(8, lambda index: keepers[index].token())
    assert len(requests) == 1


@pytest.mark.parametrize("difference", ["app", "life", "secret"])
def test_others_never_share(sandbox: Sandbox, difference: str) -> None:
    """Another app, another secret or another life asked for: another request, another token."""
    sandbox.faults.slow(0.1, at="token", times=None)
    mine = request_for(sandbox)
    other = {
        "app": lambda: request_for(sandbox, sandbox.add_app()),
        "life": lambda: request_for(sandbox, expires_in=600),
        "secret": lambda: TokenRequest(AppCredentials(sandbox.app_key, "wrong"), sandbox.auth_url),
    }[difference]()
    keepers = [TokenKeeper(request, identity=request.identity) for request in (mine, other)]

    def ask(index: Any) -> Any:
        try:
            return keepers[index].token()
        except TokenRefused:
            return "refused"

    first, second = at_once(2, ask)
    assert first != second
    assert (second == "refused") is (difference == "secret")
    assert sandbox.requests.count("token") == 2


def test_the_caller_never_sends_the_request_itself(sandbox: Sandbox, keeper: TokenKeeper) -> None:
    """The request runs beside its caller."""
    names = []

    def fetch() -> AccessToken:
        names.append(threading.current_thread().name)
        return AccessToken("x" * 20)

    TokenKeeper(fetch).token()
    assert names == ["dolbyio_nb"]


def test_an_answer_after_the_log_out_counts_no_more() -> None:
    """A token that arrives when its keeper is closed is dropped."""
    asked, may_answer = threading.Event(), threading.Event()

    def fetch() -> AccessToken:
        asked.set()
        may_answer.wait(LIMIT)
        return AccessToken("x" * 20)

    def ask() -> None:
        with pytest.raises(NotLoggedIn):
            keeper.token()  # type: ignore[attr-defined]

    keeper = TokenKeeper(fetch)
    asking = threading.Thread(target=ask)
    asking.start()
    assert asked.wait(LIMIT)
    keeper.close()
    may_answer.set()
    asking.join(LIMIT)
    assert keeper.status().state == "logged out"
    assert not keeper.state.cached.token


def test_a_flight_lands_once() -> None:
    """What comes after a request was given up reaches no passenger and changes no outcome."""
    told: list[Any] = []
    flight = InFlight(lambda: AccessToken("late"), 0.0)
    assert flight.on_done(told.append)
    flight.give_up()
    flight.run()
    assert not flight.on_done(told.append)
    assert told == [flight]
    assert isinstance(flight.outcome, TokenUnavailable)


def test_the_worker_runs_in_the_context_of_the_log_in() -> None:
    """Listeners find the context variables of the cell that logged in; ipykernel keeps its cell there."""
    cell: contextvars.ContextVar[str] = contextvars.ContextVar("cell")
    found, told = list[Any](), threading.Event()
    keeper = TokenKeeper(lambda: AccessToken("x" * 20))
    keeper.subscribe(lambda token: (found.append(cell.get(None)), told.set()))  # type: ignore[func-returns-value]
    cell.set("the cell that logged in")
    keeper.token()
    assert told.wait(LIMIT)
    assert found == ["the cell that logged in"]
    keeper.close()


def test_a_cell_begins_when_the_listeners_know_the_token() -> None:
    """Before a cell, the name is bound already, however long its listener takes."""
    told: list[Any] = []
    keeper = TokenKeeper(lambda: AccessToken("x" * 20))
    keeper.subscribe(lambda token: threading.Event().wait(0.2) or told.append(token))  # type: ignore[func-returns-value]
    keeper.before_cell()
    assert told == [keeper.token()]
    keeper.close()


def test_a_forgotten_keeper_takes_its_worker_along(stage: Stage) -> None:
    """A keeper that nobody holds any more is collected, and its thread ends."""
    keeper = stage.keeper()
    keeper.token()
    stage.advance(1)
    assert stage.worker
    del keeper
    gc.collect()
    stage.advance(31)
    assert stage.worker is None


def test_one_worker_is_all_there_is(sandbox: Sandbox, keeper: TokenKeeper) -> None:
    """Many asks and many renewals later, there is one thread; after the log-out there is none."""
    before = set(threading.enumerate())
    keeper.token()
    at_once(8, lambda _: keeper.refresh())
    mine = [thread for thread in set(threading.enumerate()) - before if thread.name == "dolbyio_nb"]
    assert len(mine) == 1
    keeper.close()
    mine[0].join(LIMIT)
    assert not mine[0].is_alive()


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own handling of Ctrl-C, also where the test run was started without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_once_asked(sandbox: Any) -> None:
    """Press Ctrl-C when the token request has reached the sandbox."""
    sandbox.requests.wait("token", 1)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_wait_and_not_the_request(
    sandbox: Sandbox, keeper: TokenKeeper, ctrl_c: None
) -> None:
    """A real Ctrl-C reaches a waiting caller at once; the token still arrives."""
    sandbox.faults.hang(at="token")
    threading.Thread(target=interrupt_once_asked, args=[sandbox]).start()
    with pytest.raises(KeyboardInterrupt):
        keeper.token()
    assert keeper.status().state == "renewing"
    sandbox.faults.clear()
    assert keeper.token(LIMIT)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_flight_lands_after_ctrl_c(sandbox: Sandbox, keeper: TokenKeeper, ctrl_c: None) -> None:
    """The request that was in the air when Ctrl-C came brings the token for the next ask."""
    sandbox.faults.slow(0.3, at="token")
    threading.Thread(target=interrupt_once_asked, args=[sandbox]).start()
    with pytest.raises(KeyboardInterrupt):
        keeper.token()
    assert keeper.token()
    assert sandbox.requests.count("token") == 1


@has_fork
def test_a_hundred_forks_with_a_request_in_the_air(sandbox: Sandbox) -> None:
    """Every child gets a token, although the parent's locks and threads are not there."""
    assert run("fork_in_flight.py", sandbox) == "100\n"


def moment(keeper: TokenKeeper) -> Any:
    """The share of its life at which the present token is renewed."""
    token = keeper.state.cached.token
    return (keeper.state.cached.advisory_at - token.issued_at) / token.lifetime


@has_fork
def test_a_forked_child_draws_other_moments(sandbox: Sandbox, keeper: TokenKeeper) -> None:
    """Children do not renew in step with each other: each has dice of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        keeper.refresh()
        os.write(writing, repr(moment(keeper)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    keeper.refresh()
    assert os.read(reading, 100).decode() != repr(moment(keeper))


@has_fork
def test_forked_and_spawned_processes(sandbox: Sandbox) -> None:
    """A forked child can renew; a spawned one has the token and says why it cannot."""
    said = run("other_processes.py", sandbox).splitlines()
    assert said == ["fork the same token a new token 0", "spawn the same token TokenRefused 0"]


def test_the_program_ends_although_the_service_hangs(sandbox: Sandbox) -> None:
    """Nothing of the keeper holds up the end of the interpreter."""
    sandbox.faults.hang(at="token", times=None)
    assert run("exit_while_hanging.py", sandbox).startswith("done")
