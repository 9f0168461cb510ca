"""Proxies of the environment: this computer is asked without one, and the others are asked through it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import requests

from dolbyio_nb import Dolby, login
from dolbyio_nb._util.place import NO_PROXY, PROXIES
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.http.connections import proxy_of
from dolbyio_nb.http.session import PlainSession, open_session
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import run_loop

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


def by_requests(dolby: Dolby, url: str) -> int:
    return requests.get(url, auth=dolby.auth, timeout=10).status_code


def by_a_session(dolby: Dolby, url: str) -> int:
    with requests.Session() as session:
        session.auth = dolby.auth
        return session.get(url).status_code


def by_a_header(dolby: Dolby, url: str) -> int:
    return requests.get(url, headers={"Authorization": f"Bearer {dolby.token}"}, timeout=10).status_code


def by_urllib(dolby: Dolby, url: str) -> int:
    asked = Request(url, headers={"Authorization": f"Bearer {dolby.token}"})
    with urlopen(asked, timeout=10) as answer:
        return int(answer.status)


def by_httpx(dolby: Dolby, url: str) -> int:
    httpx = pytest.importorskip("httpx")
    with httpx.Client(auth=dolby.auth) as client:
        return int(client.get(url).status_code)


def by_httpx_in_a_loop(dolby: Dolby, url: str) -> int:
    httpx = pytest.importorskip("httpx")

    async def ask() -> int:
        async with httpx.AsyncClient(auth=dolby.auth) as client:
            return int((await client.get(url)).status_code)

    return run_loop(ask())


def by_curl(dolby: Dolby, url: str) -> int:
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", "@-", url]
    header = f"Authorization: Bearer {dolby.token}"
    return int(subprocess.run(command, input=header, capture_output=True, text=True, timeout=30).stdout)


OWN_CLIENTS = [by_requests, by_a_session, by_a_header, by_urllib, by_httpx, by_httpx_in_a_loop, by_curl]


@pytest.fixture
def one_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Hostile]]:
    """Names a proxy in one variable alone."""
    with hostile(says(page("502 Bad Gateway"))) as running:
        for name in (*PROXIES, *NO_PROXY):
            monkeypatch.delenv(name, raising=False)

        def named(variable: str) -> Hostile:
            monkeypatch.setenv(variable, running.url)
            return running

        yield named


@pytest.mark.parametrize("variable", PROXIES)
def test_clients_of_ones_own_go_past_the_proxy_to_the_sandbox(
    sandbox: Sandbox, one_proxy: Callable[[str], Hostile], variable: str
) -> None:
    """Whatever the client and the variable, set before the log-in or after it; then all is as it was."""
    before = dict(os.environ)
    with login(sandbox=sandbox) as dolby:
        proxy = one_proxy(variable)
        for ask in OWN_CLIENTS:
            assert ask(dolby, f"{dolby.media_url}/media/jobs") == 200, ask.__name__
        with login(sandbox=sandbox) as other:
            assert by_a_header(other, f"{dolby.media_url}/media/jobs") == 200
        assert by_a_header(dolby, f"{dolby.media_url}/media/jobs") == 200
    assert proxy.asked == []
    assert dict(os.environ) == before | {variable: proxy.url}


def test_a_list_that_was_replaced_is_completed_for_the_next_request(
    sandbox: Sandbox, one_proxy: Callable[[str], Hostile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that writes NO_PROXY anew, or takes it away, sends no token to the proxy; its value stays."""
    proxy = one_proxy("HTTP_PROXY")
    with login(sandbox=sandbox) as dolby:
        for name in NO_PROXY:
            monkeypatch.delenv(name)
        assert by_requests(dolby, f"{dolby.media_url}/media/jobs") == 200
        for name in NO_PROXY:
            monkeypatch.setenv(name, "inside.test")
        assert by_requests(dolby, f"{dolby.media_url}/media/jobs") == 200
        assert os.environ["NO_PROXY"] == "inside.test,127.0.0.1"
    assert proxy.asked == []
    assert [os.environ[name] for name in NO_PROXY] == ["inside.test", "inside.test"]


def test_other_computers_are_still_asked_through_the_proxy(
    sandbox: Sandbox, one_proxy: Callable[[str], Hostile]
) -> None:
    """The list names this computer alone."""
    proxy = one_proxy("http_proxy")
    with login(sandbox=sandbox):
        assert requests.get("http://elsewhere.test/", timeout=10).status_code == 502
    assert proxy.asked[0].startswith(b"GET http://elsewhere.test/")
