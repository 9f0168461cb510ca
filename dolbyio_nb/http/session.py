"""Sessions of requests, authenticated or plain."""

import requests
from requests.auth import AuthBase

from dolbyio_nb._version import __version__
from dolbyio_nb.http.adapter import RetryAdapter


class DolbySession(requests.Session):
    """A session whose authentication .netrc cannot replace when a redirect is followed."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Take the token off when a redirect leads to another origin."""
        before, after = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]  # so are its stubs
            prepared_request.headers.pop("Authorization", None)


def open_session(auth: AuthBase) -> requests.Session:
    """Open a session that authenticates with `auth`, repeats what is safe to repeat, and has time limits.

    Proxies and certificate authorities come from the environment, as everywhere in requests. A `timeout`
    given with a request replaces the time limits.
    """
    session = DolbySession()
    session.auth = auth
    session.headers["User-Agent"] = f"dolbyio_nb/{__version__} {requests.utils.default_user_agent()}"
    for prefix in ("https://", "http://"):
        session.mount(prefix, RetryAdapter())
    return session


class PlainSession(requests.Session):
    """A session for one transfer, which never adds a header that names the user: storage refuses that."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # keeps `.netrc` out, but not the network's proxies
        self.headers["Accept-Encoding"] = "identity"  # the bytes as they are stored

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Add nothing after a redirect either."""
