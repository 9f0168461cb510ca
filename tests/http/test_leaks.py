"""Neither the token nor the secret is in any repr, log record or traceback."""

import gc
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.sandbox import Sandbox

from .conftest import LaterClock

UNSENDABLE = (TypeError, AttributeError)  # of urllib3 2, and of 1.26
FAILURES = (DolbyError, requests.RequestException, KeyboardInterrupt, *UNSENDABLE)


@pytest.fixture
def secrets(sandbox: Sandbox, keeper: TokenKeeper) -> Callable[..., list[Any]]:
    """What must not be seen: the secret, and every token so far."""
    return lambda: [sandbox.app_secret, keeper.state.cached.token.value or sandbox.app_secret]


def calls_that_fail(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, later: LaterClock
) -> Iterator[Callable[..., Any]]:
    """Each way in which a call can end badly, with its error."""
    jobs = f"{sandbox.media_url}/media/jobs"

    def refused() -> None:
        assert session.get(jobs).ok
        sandbox.faults.revoke()
        sandbox.faults.disable_app()
        session.get(jobs)

    def dropped() -> None:
        sandbox.faults.drop(times=None)
        session.post(jobs, json={})

    def hanging() -> None:
        sandbox.faults.hang(times=None)
        session.post(jobs, timeout=0.05)

    def garbage() -> None:
        assert session.get(jobs).ok  # a new token that was never accepted would give way to the old one
        sandbox.faults.fail(401)
        sandbox.faults.fail(503, at="token", body="html", retry_after=90)
        session.get(jobs)

    def masked() -> None:
        session.get(jobs, headers={"Authorization": f"Bearer {keeper.token()!r}"})

    def interrupted() -> None:
        sandbox.faults.hang(times=None)
        before = sandbox.requests.count("media")

        def interrupt() -> None:
            assert sandbox.requests.wait("media", before + 1)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        session.get(jobs)

    def unsendable() -> None:
        session.post(jobs, data=(number for number in (1, 2)))  # type: ignore[misc]

    for fail in (dropped, hanging, garbage, masked, refused, interrupted, unsendable):
        keeper.refresh()
        later.added += 100
        yield fail
        sandbox.faults.clear()
        later.added += 100


def test_no_traceback_shows_a_secret(
    sandbox: Sandbox,
    session: requests.Session,
    keeper: TokenKeeper,
    later: LaterClock,
    secrets: Callable[..., list[Any]],
) -> None:
    """Not even with the local variables of every frame, as debuggers and verbose notebooks print them."""
    for fail in calls_that_fail(sandbox, session, keeper, later):
        with pytest.raises(FAILURES) as caught:
            fail()
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        text = "".join(shown.format()) + repr(caught.value) + str(caught.value)
        for secret in secrets():
            assert secret not in text, fail.__name__


def test_no_repr_shows_a_secret(
    sandbox: Sandbox, session: requests.Session, keeper: TokenKeeper, secrets: Callable[..., list[Any]]
) -> None:
    """Nothing of this package that is alive after a call tells its secret when it is printed."""
    session.get(f"{sandbox.media_url}/media/jobs")
    modules = [(thing, str(type(thing).__module__)) for thing in gc.get_objects()]
    ours = [thing for thing, name in modules if name.startswith("dolbyio_nb.") and "sandbox" not in name]
    assert {TokenKeeper, BearerAuth, TokenRequest} <= {type(thing) for thing in ours}
    for thing in ours:
        for secret in secrets():
            assert secret not in repr(thing), type(thing)
