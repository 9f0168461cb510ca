"""The keeper under asyncio, and the authentication for httpx."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from httpx import Response

from dolbyio_nb import login
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.background import BATCH
from dolbyio_nb.auth.httpx_auth import HttpxBearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.client import Dolby
from dolbyio_nb.errors import DolbyError, NotLoggedIn, TokenRefused, TokenUnavailable
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import run_loop

LIMIT = 30


def late(may_end: threading.Event) -> AccessToken:
    """A token that comes when it may."""
    may_end.wait(LIMIT)
    return AccessToken("late" * 5)


@pytest.fixture
def dolby(environment: pytest.MonkeyPatch) -> Iterator[Dolby]:
    """A log-in at the sandbox."""
    with login() as dolby:
        yield dolby


def slow(seconds: float, fetched: list[Any]) -> Callable[..., Any]:
    """A fetch that takes a while."""

    def fetch() -> AccessToken:
        fetched.append(1)
        threading.Event().wait(seconds)
        return AccessToken("a-token-for-every-task")

    return fetch


def test_a_thousand_tasks_make_one_request() -> None:
    """All wait for the same answer, and none of them blocks the loop."""
    fetched: list[Any] = []
    keeper = TokenKeeper(slow(0.2, fetched))

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(keeper.token_async() for _ in range(1000)))

    tokens = run_loop(all_of_them())
    keeper.close()
    assert len(tokens) == 1000
    assert set(tokens) == {"a-token-for-every-task"}
    assert len(fetched) == 1


def test_a_thousand_tasks_are_woken_a_few_at_a_time() -> None:
    """No turn of the loop has to bring more than a hundred tasks on: other tasks come in between."""
    may_end, turn = threading.Event(), 0
    keeper = TokenKeeper(lambda: late(may_end))

    async def ask() -> int:
        await keeper.token_async()
        return turn

    async def all_of_them() -> list[Any]:
        nonlocal turn
        asking = asyncio.gather(*(ask() for _ in range(1000)))
        while not asking.done():
            await asyncio.sleep(0)
            turn += 1
            may_end.set()  # now that all of them wait
        return await asking

    turns = Counter(run_loop(all_of_them()))
    keeper.close()
    assert max(turns.values()) <= BATCH <= 100


def test_the_log_out_ends_the_wait_of_tasks() -> None:
    """Tasks that wait are told at once, not when their patience ends."""
    may_end = threading.Event()
    keeper = TokenKeeper(lambda: late(may_end))

    async def log_out_meanwhile() -> None:
        waiting = asyncio.ensure_future(keeper.token_async(timeout=LIMIT))
        await asyncio.sleep(0.01)
        keeper.close()
        await asyncio.wait_for(waiting, LIMIT / 3)

    with pytest.raises(NotLoggedIn):
        run_loop(log_out_meanwhile())
    may_end.set()


def test_the_loop_goes_on_while_a_token_is_waited_for() -> None:
    """Other tasks run while the service takes its time: hundreds of turns, not one."""
    may_end = threading.Event()
    keeper = TokenKeeper(lambda: late(may_end))

    async def count() -> AccessToken:
        waiting = asyncio.ensure_future(keeper.token_async())
        for _ in range(300):
            await asyncio.sleep(0)
            assert not waiting.done()
        may_end.set()
        return await waiting

    assert run_loop(count())
    keeper.close()


@pytest.mark.parametrize("error", [TokenRefused("No.", "Wrong."), NotLoggedIn("No.")])
def test_errors_reach_every_task(error: NotLoggedIn | TokenRefused) -> None:
    """A refusal and a log-out end the wait of tasks as of threads."""

    def fetch() -> None:
        if isinstance(error, NotLoggedIn):
            keeper.close()
        raise error

    keeper = TokenKeeper(fetch)  # type: ignore[arg-type]

    async def both() -> tuple[Any | BaseException, Any | BaseException]:
        return await asyncio.gather(keeper.token_async(), keeper.token_async(), return_exceptions=True)

    assert [type(outcome) for outcome in run_loop(both())] == [type(error)] * 2


def test_a_task_waits_no_longer_than_it_said() -> None:
    """The time-out is the caller's, and the request goes on."""
    may_end = threading.Event()
    keeper = TokenKeeper(lambda: late(may_end))
    with pytest.raises(TokenUnavailable):
        run_loop(keeper.token_async(timeout=0.05))
    may_end.set()
    assert keeper.token() == "late" * 5
    keeper.close()


def test_tasks_of_different_patience_wait_side_by_side() -> None:
    """Each gives up at its own time, whoever came first; the rest goes on to wait."""
    may_end = threading.Event()
    keeper = TokenKeeper(lambda: late(may_end))

    async def all_of_them() -> list[Any]:
        asks = [asyncio.ensure_future(keeper.token_async(timeout)) for timeout in (LIMIT, 0.02, LIMIT, 0.06)]
        await asyncio.wait([asks[1], asks[3]], timeout=LIMIT)
        assert [task.done() for task in asks] == [False, True, False, True]
        may_end.set()
        return await asyncio.gather(*asks, return_exceptions=True)

    kinds = [type(outcome) for outcome in run_loop(all_of_them())]
    keeper.close()
    assert kinds == [AccessToken, TokenUnavailable, AccessToken, TokenUnavailable]


def test_a_loop_that_ends_before_the_answer_harms_nobody() -> None:
    """The token still reaches those who wait elsewhere."""
    may_end = threading.Event()
    keeper = TokenKeeper(lambda: late(may_end))

    async def give_up() -> None:
        await asyncio.wait_for(keeper.token_async(), 0.05)

    with pytest.raises(TimeoutError):
        run_loop(give_up())
    may_end.set()
    assert keeper.token() == "late" * 5
    keeper.close()


def test_the_log_in_can_be_awaited(dolby: Dolby) -> None:
    """`await dolby.token_async()` gives what `dolby.token` gives."""
    assert run_loop(dolby.token_async()) is dolby.token


def jobs(sandbox: Sandbox) -> str:
    """An address of the API."""
    return f"{sandbox.media_url}/media/jobs"


def by_httpx(dolby: Any, sandbox: Any, method: Any, url: Any, **options: Any) -> Response:
    """A call with httpx.Client."""
    with httpx.Client(auth=dolby.auth) as client:
        return client.request(method, url, **options)


def by_async_httpx(dolby: Any, sandbox: Any, method: Any, url: Any, **options: Any) -> Response:
    """A call with httpx.AsyncClient."""

    async def call() -> Response:
        async with httpx.AsyncClient(auth=dolby.auth) as client:
            return await client.request(method, url, **options)

    return run_loop(call())


both = pytest.mark.parametrize("call", [by_httpx, by_async_httpx])


def revoke(dolby: Dolby, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token worked, and is revoked; a second has passed since it was asked for."""
    dolby.keeper.accept(dolby.token)
    sandbox.faults.revoke()
    sandbox.requests.clear()


@both
def test_httpx_is_let_in(dolby: Dolby, sandbox: Sandbox, call: Any) -> None:
    """The token goes with requests to the service."""
    assert call(dolby, sandbox, "GET", jobs(sandbox)).status_code == 200


@both
@pytest.mark.parametrize(
    "body", [{"json": {"url": "dlb://in/a.wav"}}, {"content": b'{"url": "dlb://in/a.wav"}'}]
)
def test_httpx_sends_once_more_with_a_new_token(
    dolby: Dolby,
    sandbox: Sandbox,
    call: Any,
    body: dict[str, bytes] | dict[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a 401 a body that can be replayed is sent with another token."""
    revoke(dolby, sandbox, monkeypatch)
    assert call(dolby, sandbox, "POST", f"{sandbox.media_url}/media/input", **body).status_code == 200
    assert sandbox.requests.count("media") == 2
    assert sandbox.requests.count("token") == 1


@both
def test_httpx_returns_the_401_of_a_stream(
    dolby: Dolby, sandbox: Sandbox, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that is gone is never sent short."""
    revoke(dolby, sandbox, monkeypatch)

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"url": "dlb://in/a.wav"}'

    content = pieces() if call is by_async_httpx else iter([b'{"url": "dlb://in/a.wav"}'])
    answer = call(dolby, sandbox, "POST", f"{sandbox.media_url}/media/input", content=content)
    assert answer.status_code == 401
    assert sandbox.requests.count("media") == 1
    assert sandbox.requests.wait("token", 1)


@both
def test_a_second_401_is_told_to_the_keeper(dolby: Dolby, sandbox: Sandbox, call: Any) -> None:
    """Tokens that are refused one after the other are not the trouble: no request for another follows."""
    sandbox.faults.fail(401, times=None)
    answers = [call(dolby, sandbox, "GET", jobs(sandbox)).status_code]
    assert dolby.keeper.state.rejections.ignore_401_until > 0
    answers += [call(dolby, sandbox, "GET", jobs(sandbox)).status_code for _ in range(3)]
    assert answers == [401] * 4
    assert sandbox.requests.count("token") == 2


@both
def test_httpx_shows_the_token_to_nobody_else(dolby: Dolby, sandbox: Sandbox, call: Any) -> None:
    """Another origin gets no header, even one on this computer."""
    with Sandbox() as elsewhere:
        assert call(dolby, sandbox, "GET", jobs(elsewhere)).status_code == 401
        assert "Authorization" not in call(dolby, sandbox, "GET", jobs(elsewhere)).request.headers
    assert sandbox.requests.count("token") == 1


def test_one_authentication_for_all(dolby: Dolby, sandbox: Sandbox) -> None:
    """What httpx gets, requests can use as well."""
    import requests

    assert isinstance(dolby.auth, HttpxBearerAuth)
    assert requests.get(jobs(sandbox), auth=dolby.auth, timeout=10).ok
    dolby.logout()
    with pytest.raises(DolbyError):
        httpx.get(jobs(sandbox), auth=dolby.auth)
