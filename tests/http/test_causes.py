"""Each cause of a call without an answer has a sentence of its own: over real TLS, through real proxies."""

import datetime
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest
import requests
import trustme
from requests.exceptions import ConnectTimeout, ReadTimeout

from dolbyio_nb._util.place import PROXIES
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import DolbyError, NotSent, ServiceUnavailable, TokenUnavailable, TransferError
from dolbyio_nb.http.error_response import cause_of
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import read_content
from dolbyio_nb.media.transfer import Storage

from .hostile import NoAuth, hostile, lead_home, page, says

TOKEN = page("200 OK", b'{"access_token": "a-token-of-the-test", "expires_in": 60}')
VARIABLES = (*PROXIES, "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
SIGNATURE = "X-Amz-Signature=0123456789abcdef"
NOW = datetime.datetime.now(datetime.UTC)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def authority() -> Any:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of its certificate."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> pytest.MonkeyPatch:
    """An environment with no proxy, the private authority trusted, and names that lead here."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    lead_home(monkeypatch)
    return monkeypatch


def context(authority: Any, *names: Any, **options: Any) -> SSLContext:
    """What a server needs to speak TLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(made)
    return made


class Presigning:
    """An API that gives the same address for every file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, body: dict[str, Any]) -> dict[Any, Any]:
        return {"url": self._url}


def ask_for_token(origin: Any) -> AccessToken:
    return TokenRequest(AppCredentials("key-of-the-test", "secret-of-the-test"), origin)()


def call(origin: Any) -> Any:
    return Api(open_session(NoAuth()), origin).post("/media/enhance", {})


def send(origin: Any) -> None:
    storage = Storage(Presigning(f"{origin}/in/talk.wav?{SIGNATURE}"), sleep=lambda seconds: None)  # type: ignore[arg-type]
    storage.upload(read_content(b"sound"), "dlb://in/talk.wav")


CALLERS = [ask_for_token, call, send]


def said_by(caller: Callable[..., Any], origin: str) -> Any:
    """What a caller's error says, which never holds a signature or a secret."""
    with pytest.raises(DolbyError) as caught:
        caller(origin)
    said = str(caught.value)
    assert len(said.splitlines()) <= 3
    assert "0123456789" not in said
    assert "of-the-test" not in said
    return said, caught.value


# The host's name, what its certificate is like, and the sentence.
CERTIFICATES = {
    "expired": (["api.test"], {"not_before": NOW - 9 * HOUR, "not_after": NOW - HOUR}, "has expired"),
    "not yet": (["api.test"], {"not_before": NOW + HOUR, "not_after": NOW + 9 * HOUR}, "is not valid yet"),
    "other host": (["portal.test"], {}, "is for another host"),
}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_certificate_that_does_not_hold_is_named(
    kind: str, caller: Callable[..., Any], authority: Any
) -> None:
    """What is wrong with it, and of which host; nothing was sent."""
    names, options, words = CERTIFICATES[kind]
    with hostile(says(TOKEN), context(authority, *names, **options)) as server:
        said, _ = said_by(caller, f"https://api.test:{server.port}")
        assert f"The TLS certificate of api.test {words}." in said
        assert not server.asked


@pytest.mark.parametrize("caller", CALLERS)
def test_an_authority_that_is_not_known_is_named(caller: Callable[..., Any]) -> None:
    """A company's, most likely: the variable that mends it is named."""
    with hostile(says(TOKEN), context(trustme.CA(), "api.test")) as server:
        said, _ = said_by(caller, f"https://api.test:{server.port}")
        assert "is of an authority that is not known here" in said
        assert "REQUESTS_CA_BUNDLE" in said


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_authorities_of_a_variable_count(
    caller: Callable[..., Any], variable: str, bundle: Path, network: pytest.MonkeyPatch, authority: Any
) -> None:
    """Of SSL_CERT_FILE too, which requests knows nothing of."""
    network.delenv("REQUESTS_CA_BUNDLE")
    network.setenv(variable, str(bundle))
    with hostile(says(TOKEN), context(authority, "api.test")) as server:
        caller(f"https://api.test:{server.port}")
        assert server.asked


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_broken_bundle_is_named(
    caller: Callable[..., Any],
    variable: str,
    content: bytes | None,
    network: pytest.MonkeyPatch,
    authority: Any,
    tmp_path: Path,
) -> None:
    """With the variable that leads to it, be it missing, empty or something else."""
    path = tmp_path / "company.pem"
    if content is not None:
        path.write_bytes(content)
    network.delenv("REQUESTS_CA_BUNDLE")
    network.setenv(variable, str(path))
    with hostile(says(TOKEN), context(authority, "api.test")) as server:
        said, _ = said_by(caller, f"https://api.test:{server.port}")
        assert f"{variable} names {path}, whose certificates cannot be read." in said


@pytest.mark.parametrize("caller", CALLERS)
def test_a_server_that_speaks_no_tls_is_named(caller: Callable[..., Any]) -> None:
    """Plain http where https was asked for."""
    with hostile(says(page("400 Bad Request"))) as server:
        said, _ = said_by(caller, f"https://api.test:{server.port}")
        assert "api.test does not speak TLS there." in said


# What the proxy says to CONNECT, and the sentence.
TUNNELS = {
    "407": ("407 Proxy Authentication Required", "wants a password (407)"),
    "403": ("403 Forbidden", "does not let api.test through (403)"),
    "502": ("502 Bad Gateway", "cannot reach api.test (502)"),
}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("status", TUNNELS)
def test_a_proxy_that_refuses_is_named(
    status: str, variable: str, caller: Callable[..., Any], network: pytest.MonkeyPatch
) -> None:
    """With its variable and place, without its password; nothing was started."""
    answer, words = TUNNELS[status]
    with hostile(says(page(answer))) as proxy:
        network.setenv(variable, f"http://me:password-of-the-test@127.0.0.1:{proxy.port}")
        said, error = said_by(caller, "https://api.test")
        assert f"The proxy in {variable} (127.0.0.1:{proxy.port}) {words}." in said
        assert len(proxy.asked) == 1
    assert "not known whether" not in said
    assert isinstance(error, NotSent | TokenUnavailable | TransferError)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://127.0.0.1:{closed}", "(127.0.0.1:{closed}) cannot be reached."),
        ("http://unknown.test:3128", "(unknown.test:3128) has a name that is not known here."),
        ("http://", "The proxy in HTTPS_PROXY has no address."),
        (
            "socks5://127.0.0.1:{closed}",
            "(127.0.0.1:{closed}) speaks SOCKS, which needs the package PySocks.",
        ),
    ],
)
def test_a_proxy_that_is_not_there_is_named(
    proxy: str, words: str, caller: Callable[..., Any], network: pytest.MonkeyPatch
) -> None:
    """Not reachable, of no known name, without an address, of a kind that needs a package."""
    network.setattr("requests.adapters.SOCKSProxyManager", _no_socks)
    closed = closed_port()
    network.setenv("HTTPS_PROXY", proxy.format(closed=closed))
    said, error = said_by(caller, "https://api.test")
    assert words.format(closed=closed) in said
    assert not isinstance(error, ServiceUnavailable) or isinstance(error, NotSent)


def _no_socks(*args: Any, **kwargs: Any) -> None:
    raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")


def closed_port() -> Any:
    """A port at which nothing answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize("caller", CALLERS)
def test_a_name_that_is_not_known_is_named(caller: Callable[..., Any]) -> None:
    """DNS has nothing of it."""
    said, _ = said_by(caller, "https://unknown.test")
    assert "The name unknown.test is not known here (DNS)." in said


@pytest.mark.parametrize("caller", CALLERS)
def test_a_connection_that_is_refused_is_named(caller: Callable[..., Any]) -> None:
    """There is the computer, and nothing that answers."""
    said, _ = said_by(caller, f"https://api.test:{closed_port()}")
    assert "api.test refuses the connection." in said


@pytest.mark.parametrize("caller", CALLERS)
def test_a_server_on_this_computer_that_has_ended_is_named(caller: Callable[..., Any]) -> None:
    """It was the sandbox, most likely."""
    port = closed_port()
    said, _ = said_by(caller, f"http://127.0.0.1:{port}")
    assert f"Nothing on this computer answers at 127.0.0.1:{port}." in said
    assert "sandbox" in said


@pytest.mark.parametrize("caller", CALLERS)
def test_a_connection_that_breaks_is_named(caller: Callable[..., Any]) -> None:
    """Something was sent, and nothing came back."""
    with hostile(says(b"")) as server:
        said, error = said_by(caller, server.url)
    assert "The connection to 127.0.0.1 broke." in said
    assert not isinstance(error, NotSent)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectTimeout("(connect timeout=3.05)"), "api.test took no connection within 3.05 s."),
        (requests.ReadTimeout("Read timed out. (read timeout=60.0)"), "api.test did not answer within 60 s."),
        (requests.ReadTimeout("No whole answer within 0.25 s"), "api.test did not answer within 0.25 s."),
    ],
)
def test_a_time_limit_is_told_with_its_number(error: ConnectTimeout | ReadTimeout, words: str) -> None:
    """The true one, of whatever call."""
    assert cause_of(error, "https://api.test").why == words


def test_what_a_closed_network_must_allow_is_named(network: pytest.MonkeyPatch) -> None:
    """The host of storage is a bucket's, which nobody's list has; a wrong clock is no matter of lists."""
    for origin in ("https://unknown.test", f"https://bucket.test:{closed_port()}"):
        said, _ = said_by(send, origin)
        host = origin.split("/")[2].partition(":")[0]
        assert f"If this network has a list of allowed hosts, {host} has to be on it." in said
    with hostile(says(page("403 Forbidden"))) as proxy:
        network.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        said, _ = said_by(send, "https://bucket.test")
        assert "bucket.test has to be on it" in said


def test_a_block_page_in_place_of_storage_is_named(authority: Any) -> None:
    """A company's filter answers in the store's name."""
    block = page("403 Forbidden", b"<html><body>Blocked by policy</body></html>", "Content-Type: text/html")
    with hostile(says(block), context(authority, "bucket.test")) as server:
        said, _ = said_by(send, f"https://bucket.test:{server.port}")
    assert "bucket.test has to be on it" in said


PORTALS = {
    "a page": page("200 OK", b"<html>Welcome! Sign in.</html>", "Content-Type: text/html"),
    "511": page("511 Network Authentication Required", b"<html>Sign in.</html>", "Content-Type: text/html"),
    "a redirect": page("302 Found", b"", "Location: /sign-in"),
}


@pytest.mark.parametrize("caller", [ask_for_token, call])
@pytest.mark.parametrize("kind", PORTALS)
def test_a_sign_in_page_is_named(kind: str, caller: Callable[..., Any]) -> None:
    """What answers is the network's, in place of the service."""

    def answer(connection: Any) -> None:
        first = len(server.asked) == 1
        connection.sendall(PORTALS[kind if first else "a page"])

    with hostile(answer) as server:
        said, _ = said_by(caller, server.url)
    assert "portal" in said or "sign-in page" in said


def test_plain_http_at_another_computer_is_refused() -> None:
    """Presigned addresses are keys: nobody on the way may read one."""
    with hostile(says(page("200 OK"))) as server:
        said, _ = said_by(send, f"http://bucket.test:{server.port}")
        assert "plain http" in said
        assert not server.asked


def test_a_redirect_to_plain_http_is_refused() -> None:
    """Nor by a redirect."""
    with hostile(says(page("200 OK"))) as other:
        to = page("307 Temporary Redirect", b"", f"Location: http://bucket.test:{other.port}/in?{SIGNATURE}")
        with hostile(says(to)) as server:
            said, _ = said_by(send, server.url)
            assert "plain http" in said
        assert not other.asked
