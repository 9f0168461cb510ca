"""Where the token does not go: other hosts, ports, schemes, storage, and what .netrc does not change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.http.session import open_session
from dolbyio_nb.sandbox import Sandbox

from .server import Server, self_signed


@pytest.fixture
def at_home(server: Server, keeper: TokenKeeper) -> Iterator[requests.Session]:
    """A session for which `server` is the API."""
    with open_session(BearerAuth(keeper, [server.url])) as session:
        yield session


def authorization(server: Server) -> list[Any]:
    """What each request to a server had as authorization."""
    return [seen.headers.get("Authorization", "").partition(" ")[0] for seen in server.seen]


def test_other_ports_get_nothing(server: Server, elsewhere: Server, at_home: requests.Session) -> None:
    """A redirect to another port of the same host goes without the token."""
    server.redirect("/", f"{elsewhere.url}/there")
    assert at_home.get(server.url).status_code == 200
    assert authorization(elsewhere) == [""]


def test_other_hosts_get_nothing(server: Server, at_home: requests.Session) -> None:
    """A redirect to another name of the same server goes without the token."""
    server.redirect("/", f"http://localhost:{server.port}/there")
    assert at_home.get(server.url).status_code == 200
    assert authorization(server) == ["Bearer", ""]


def test_nothing_comes_back_from_elsewhere(
    server: Server, elsewhere: Server, at_home: requests.Session
) -> None:
    """A redirect back home from elsewhere goes without the token, also when it is answered with 401."""
    server.redirect("/", f"{elsewhere.url}/there")
    elsewhere.redirect("/there", f"{server.url}/back")
    server.answers["/back"] = (401, {})
    assert at_home.get(server.url).status_code == 401
    assert authorization(server) == ["Bearer", ""]


def test_a_request_that_starts_elsewhere_gets_nothing(
    server: Server, elsewhere: Server, at_home: requests.Session
) -> None:
    """A stranger who sends the client to the API does not make it authenticate."""
    elsewhere.redirect("/", f"{server.url}/back")
    assert at_home.get(elsewhere.url).status_code == 200
    assert authorization(server) == [""]


@pytest.mark.parametrize("begins_secure", [True, False])
def test_other_schemes_get_nothing(keeper: TokenKeeper, tmp_path: Path, begins_secure: bool) -> None:
    """A redirect from https to http, or back, on this host goes without the token."""
    certificate = self_signed(tmp_path) or pytest.skip("there is no openssl to make a certificate")
    with Server() as plain, Server() as secure:
        secure.secure(certificate)
        first, second = (secure, plain) if begins_secure else (plain, secure)
        first.redirect("/", f"{second.url}/there")
        with open_session(BearerAuth(keeper, [first.url])) as session:
            assert session.get(first.url, verify=f"{certificate}.crt").status_code == 200
        assert authorization(first) + authorization(second) == ["Bearer", ""]


def test_storage_gets_nothing(sandbox: Sandbox, session: requests.Session) -> None:
    """The sandbox's storage is another port; it refuses requests that carry a token."""
    place = session.post(f"{sandbox.media_url}/media/input", json={"url": "dlb://in/a.txt"}).json()["url"]
    assert session.put(place, data=b"content").status_code == 200
    answer = session.get(f"{sandbox.media_url}/media/output", params={"url": "dlb://in/a.txt"})
    assert (answer.status_code, answer.content) == (200, b"content")
    assert [seen.authorization for seen in sandbox.requests if seen.at == "storage"] == [None, None]


def test_presigned_addresses_get_nothing_wherever_they_are(server: Server, at_home: requests.Session) -> None:
    """An address that is a key in itself is left alone."""
    at_home.get(f"{server.url}/in?X-Amz-Signature=abc")
    assert authorization(server) == [""]


def test_a_401_from_elsewhere_is_not_about_the_token(
    server: Server, elsewhere: Server, at_home: requests.Session, keeper: TokenKeeper
) -> None:
    """Storage that refuses makes nobody ask for a new token."""
    token = keeper.token()
    server.redirect("/", f"{elsewhere.url}/there")
    elsewhere.answers["/there"] = (401, {})
    assert at_home.get(server.url).status_code == 401
    assert keeper.token() is token


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc with an entry for every host there is."""
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login me password mine\ndefault login me password mine\n")
    monkeypatch.setenv("NETRC", str(path))
    assert requests.utils.get_netrc_auth("http://127.0.0.1") == ("me", "mine")


def test_netrc_does_not_replace_the_token(netrc: None, server: Server, at_home: requests.Session) -> None:
    """With an entry for the API's host, the token is sent, also after a redirect at home."""
    server.redirect("/", "/there")
    assert at_home.get(server.url).status_code == 200
    assert authorization(server) == ["Bearer", "Bearer"]


def test_netrc_does_not_follow_to_storage(
    netrc: None, server: Server, elsewhere: Server, at_home: requests.Session
) -> None:
    """A redirect elsewhere carries neither the token nor what .netrc has."""
    server.redirect("/", f"{elsewhere.url}/there")
    assert at_home.get(server.url).status_code == 200
    assert authorization(elsewhere) == [""]


def test_netrc_cannot_keep_a_plain_request_out(netrc: None, server: Server, keeper: TokenKeeper) -> None:
    """`auth` in a session of the user's own mends what .netrc did on a redirect."""
    server.redirect("/", "/there")
    server.answers["/there"] = lambda seen: (200 if "Bearer" in seen.headers["Authorization"] else 401, {})
    answer = requests.get(server.url, auth=BearerAuth(keeper, [server.url]), timeout=10)
    assert answer.status_code == 200
    assert authorization(server) == ["Bearer", "Basic", "Bearer"]
