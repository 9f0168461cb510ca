"""Proxies of the environment: this computer is asked without one, and the others are asked through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.http.network import PROXIES, proxy_of
from dolbyio_nb.http.session import PlainSession, open_session
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox

from .hostile import Hostile, NoAuth, hostile, page, says
from .server import Server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hostile]:
    """A proxy that every variable names, and that lets nothing through."""
    with hostile(says(page("502 Bad Gateway"))) as running:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://me:password@127.0.0.1:{running.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield running


def test_the_sandbox_is_used_past_the_proxy(
    sandbox: Sandbox, keeper: TokenKeeper, auth: BearerAuth, proxy: Hostile, tmp_path: Path
) -> None:
    """Token, calls, upload and download: the proxy of a company knows nothing of this computer."""
    media = Media(open_session(auth), sandbox.media_url)
    address = media.upload(b"sound")
    assert media.download(address, tmp_path / "back.wav").read_bytes() == b"sound"
    assert list(media.jobs()) == []
    assert keeper.token()
    assert proxy.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_every_way_to_send_goes_past_the_proxy(server: Server, proxy: Hostile, host: str) -> None:
    """By method, prepared, after a redirect, and with a proxy that was given; its password stays here."""
    url = f"http://{host}:{server.port}"
    server.redirect("/", f"{url}/there")
    with open_session(NoAuth()) as session, PlainSession() as plain:
        session.proxies = {"http": proxy.url, "https": proxy.url}
        for one in (session, plain):
            assert one.get(url).status_code == 200
            assert one.send(one.prepare_request(requests.Request("GET", url))).status_code == 200
    assert proxy.asked == []
    assert not [seen for seen in server.seen if "Proxy-Authorization" in seen.headers]


def test_other_computers_are_asked_through_the_proxy(proxy: Hostile) -> None:
    """Whoever set the variable wants that."""
    with PlainSession() as session, pytest.raises(requests.exceptions.ProxyError):
        session.get("https://api.test/")
    assert proxy.asked[0].startswith(b"CONNECT api.test:443")


@pytest.mark.parametrize(
    ("proxy_url", "named"),
    [
        ("http://me:secret@proxy.test:3128", "HTTPS_PROXY (proxy.test:3128)"),
        ("proxy.test:3128", "HTTPS_PROXY (proxy.test:3128)"),
        ("http://proxy.test", "HTTPS_PROXY (proxy.test)"),
        ("http://me:secret@proxy.test:port", "HTTPS_PROXY (proxy.test)"),
        ("http://", "HTTPS_PROXY"),
    ],
)
def test_a_proxy_is_named_without_its_password(
    proxy_url: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the variable has it, in whatever spelling."""
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy_url)
    assert proxy_of("https://api.test/") == named
