"""A log-in at the sandbox, whose clock can be moved forward, and servers elsewhere."""

import pytest

from dolbyio_nb._util import clock
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.session import open_session

from .server import Server


class LaterClock:
    """The real clock, and what was added to it."""

    def __init__(self):
        self.added = 0.0

    def __call__(self):
        return clock.now() + self.added


@pytest.fixture
def later():
    """The keeper's clock; adding to `added` makes everything older."""
    return LaterClock()


@pytest.fixture
def keeper(sandbox, later):
    """A keeper at the sandbox."""
    credentials = AppCredentials(sandbox.app_key, sandbox.app_secret)
    request = TokenRequest(credentials, sandbox.auth_url, clock=later)
    keeper = TokenKeeper(request, identity=request.identity, clock=later)
    yield keeper
    keeper.close()


@pytest.fixture
def auth(sandbox, keeper):
    """The authentication for the sandbox's origins."""
    return BearerAuth(keeper, [sandbox.auth_url, sandbox.media_url])


@pytest.fixture
def session(auth):
    """A session with that authentication."""
    with open_session(auth) as session:
        yield session


@pytest.fixture
def server():
    """A server of the test's own."""
    with Server() as running:
        yield running


@pytest.fixture
def elsewhere():
    """A server that has no business with the token."""
    with Server() as running:
        yield running
    assert not [seen for seen in running.seen if "Bearer" in seen.headers.get("Authorization", "")]
