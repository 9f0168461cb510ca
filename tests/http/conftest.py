"""A log-in at the sandbox, whose clock can be moved forward, and servers elsewhere."""

from collections.abc import Iterator

import pytest
import requests

from dolbyio_nb._util import clock
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.session import open_session
from dolbyio_nb.sandbox import Sandbox

from .server import Server


class LaterClock:
    """The real clock, and what was added to it."""

    def __init__(self) -> None:
        self.added = 0.0

    def __call__(self) -> float:
        return clock.now() + self.added


@pytest.fixture
def later() -> LaterClock:
    """The keeper's clock; adding to `added` makes everything older."""
    return LaterClock()


@pytest.fixture
def keeper(sandbox: Sandbox, later: LaterClock) -> Iterator[TokenKeeper]:
    """A keeper at the sandbox."""
    credentials = AppCredentials(sandbox.app_key, sandbox.app_secret)
    request = TokenRequest(credentials, sandbox.auth_url, clock=later)
    keeper = TokenKeeper(request, identity=request.identity, clock=later)
    yield keeper
    keeper.close()


@pytest.fixture
def auth(sandbox: Sandbox, keeper: TokenKeeper) -> BearerAuth:
    """The authentication for the sandbox's origins."""
    return BearerAuth(keeper, [sandbox.auth_url, sandbox.media_url])


@pytest.fixture
def session(auth: BearerAuth) -> Iterator[requests.Session]:
    """A session with that authentication."""
    with open_session(auth) as session:
        yield session


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own."""
    with Server() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """A server that has no business with the token."""
    with Server() as running:
        yield running
    assert not [seen for seen in running.seen if "Bearer" in seen.headers.get("Authorization", "")]
