"""Sessions of requests, authenticated or plain; and one POST whose answer has an end."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.auth import AuthBase

from dolbyio_nb._version import __version__
from dolbyio_nb.config import Origin, is_local
from dolbyio_nb.http.connections import TOKEN_SIZE, authorities, load_body, parse_json
from dolbyio_nb.http.error_response import InsecureAddress
from dolbyio_nb.http.limits import within
from dolbyio_nb.http.retry import ONCE, RetryAdapter


class NetworkSession(requests.Session):
    """A session that asks this computer without a proxy, and knows SSL_CERT_FILE."""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Read proxies and certificate authorities from the environment."""
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if settings["verify"] is True and self.trust_env and (named := authorities()):
            settings["verify"] = named[1]
        return settings

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, or follow a redirect."""
        url, bundle = request.url or "", options.get("verify")
        if is_local(url):
            options["proxies"] = {}
        if url.startswith("https:") and isinstance(bundle, str) and not os.path.exists(bundle):
            # requests' own error is a bare OSError, as those of the file that is sent are.
            raise requests.exceptions.SSLError(f"invalid path: {bundle}", request=request)
        return super().send(request, **options)

    def rebuild_proxies(self, prepared_request: requests.PreparedRequest, proxies: Any) -> Any:
        """Choose the proxy for where a redirect leads to, whose password is for that proxy alone."""
        chosen = super().rebuild_proxies(prepared_request, proxies)  # type: ignore[no-untyped-call]
        if is_local(prepared_request.url or ""):
            prepared_request.headers.pop("Proxy-Authorization", None)
        return chosen


class DolbySession(NetworkSession):
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


class PlainSession(NetworkSession):
    """A session for transfers, which keeps no cookie and names no user: storage refuses that."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # keeps `.netrc` out, but not the network's proxies
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers["Accept-Encoding"] = "identity"  # the bytes as they are stored
        for prefix in ("https://", "http://"):
            self.mount(prefix, RetryAdapter(ONCE))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, or follow a redirect; never over plain http to another computer."""
        if not Origin.of(request.url or "").is_private:
            raise InsecureAddress(request=request)
        return super().send(request, **options)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Add nothing after a redirect either."""


@dataclass(frozen=True)
class Answer:
    """An answer that was read to its end."""

    status_code: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def text(self) -> str:
        """The body as text, with a sign in place of what is none."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises ValueError or RecursionError."""
        return parse_json(self.content)


def post(url: str, *, seconds: float, **options: Any) -> Answer:
    """Send one POST and read its answer; no redirect is followed, nothing is sent twice.

    Raises:
        OutOfTime: it took longer than `seconds` in all.
        TooLarge: it goes on for more than a token's answer does.
        requests.RequestException: as in requests.
    """

    def send() -> Answer:
        with (
            PlainSession() as session,
            session.post(url, stream=True, allow_redirects=False, **options) as response,
        ):
            load_body(response, TOKEN_SIZE)
            headers = requests.structures.CaseInsensitiveDict(response.headers)
            return Answer(response.status_code, response.reason or "", headers, response.content)

    return within(seconds, send, alone=True)


def exchange(
    session: requests.Session, method: str, url: str, headers: Mapping[str, str], body: Any = None, **how: Any
) -> requests.Response:
    """Send what a program has written, an address and a body as they are; gives the answer unread.

    It does what `session.request` does, without what that one spends on what people write.
    """
    request = requests.PreparedRequest()
    request.method, request.hooks, request.body = method, requests.hooks.default_hooks(), body
    if url.isascii():
        request.url = url
    else:
        request.prepare_url(url, None)
    request.prepare_headers({**session.headers, **headers})
    vars(request)["_cookies"] = session.cookies
    if session.cookies:
        request.prepare_cookies(session.cookies)
    request.prepare_auth(session.auth or (lambda request: request))
    settings = session.merge_environment_settings(url, {}, True, None, None)
    return session.send(request, **settings, **how)
