"""One log-in: made from anywhere, lent to others, ended for good."""

import base64
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dolbyio_nb import (
    CredentialsError,
    CredentialsNotFound,
    Dolby,
    InvalidOption,
    NotLoggedIn,
    TokenRefused,
    TokenUnavailable,
    login,
)
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.client import TOKEN_VARIABLE
from dolbyio_nb.sandbox import Sandbox

ASK = f"""
import os, sys, urllib.request
headers = {{"Authorization": "Bearer " + os.environ["{TOKEN_VARIABLE}"]}}
print(urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers)).status)
"""


@pytest.fixture
def dolby(environment: pytest.MonkeyPatch) -> Iterator[Dolby]:
    """A log-in to the sandbox with credentials from the environment."""
    with login() as dolby:
        yield dolby


def ask(dolby: Dolby, **variables: Any) -> str:
    """Call the Media API from another program that has only a token."""
    without_secret = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    command = [sys.executable, "-c", ASK, f"{dolby.media_url}/media/jobs"]
    return subprocess.run(
        command, env=without_secret | variables, capture_output=True, text=True
    ).stdout.strip()


def test_arguments_log_in(environment: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Key and secret in the call are enough."""
    environment.delenv("DOLBYIO_APP_KEY")
    with login(sandbox.app_key, sandbox.app_secret) as dolby:
        assert dolby.status().state == "fresh"


def test_status_says_how_it_is(dolby: Dolby, sandbox: Sandbox) -> None:
    """The status names the source, hints at the key, and its times are in order."""
    status = dolby.status()
    assert (status.state, status.source, status.sandbox) == ("fresh", "the environment", True)
    assert status.key_hint == f"{sandbox.app_key[:4]}…"
    assert status.renews_at < status.expires_at  # type: ignore[operator]
    assert status.life == 1800


def test_refresh_renews_now(dolby: Dolby) -> None:
    """Renewing by hand gives another token, and the log-in has it too."""
    before = dolby.token
    assert dolby.refresh() != before
    assert dolby.token != before


def test_a_running_sandbox_is_used_and_left_running(sandbox: Sandbox) -> None:
    """A sandbox that is handed in stays its owner's; one that log-in started ends with it."""
    with login(sandbox=sandbox) as dolby:
        assert dolby.session.get(f"{dolby.media_url}/media/jobs").ok
    assert requests.get(f"{sandbox.media_url}/media/jobs").status_code == 401
    with login(sandbox=True) as dolby:
        url = dolby.media_url
    with pytest.raises(requests.ConnectionError):
        requests.get(url)


def test_sandbox_by_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """DOLBYIO_SANDBOX decides when nothing is asked for; sandbox=False is never overruled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOLBYIO_SANDBOX", "auto")
    with login() as dolby:
        assert dolby.status().source == "the sandbox"
    with pytest.raises(CredentialsNotFound):
        login(sandbox=False)


@pytest.mark.parametrize(
    "given", [{"app_key": "k", "app_secret": "s"}, {"app_key": "k"}, {"env_file": "a"}, {"profile": "a"}]
)
@pytest.mark.parametrize("way", ["environment", "call"])
def test_what_was_given_in_the_call_is_never_ignored(
    monkeypatch: pytest.MonkeyPatch, given: Any, way: str
) -> None:
    """The sandbox has a key and a secret of its own, so others are refused, and not passed over."""
    monkeypatch.setenv("DOLBYIO_SANDBOX", "1" if way == "environment" else "0")
    with pytest.raises(InvalidOption, match="exclude one another"):
        login(**given, sandbox=None if way == "environment" else True)


def test_a_pair_given_in_the_call_wins_where_the_sandbox_is_declined(
    environment: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """sandbox=False overrules DOLBYIO_SANDBOX=1, and the pair is used."""
    environment.setenv("DOLBYIO_SANDBOX", "1")
    with login(sandbox.app_key, sandbox.app_secret, sandbox=False) as dolby:
        assert dolby.status().source == "the arguments"


def test_wrong_secret_is_refused(environment: pytest.MonkeyPatch) -> None:
    """A wrong secret is refused in three lines that name its source and not itself."""
    environment.setenv("DOLBYIO_APP_SECRET", "wrong-needle")
    with pytest.raises(TokenRefused, match="the environment") as caught:
        login()
    assert len(str(caught.value).splitlines()) == 3
    assert "needle" not in str(caught.value)


@pytest.mark.parametrize("style", ["full", "status", "code", "oauth"])
def test_every_spelling_of_a_refusal_is_read(
    environment: pytest.MonkeyPatch, sandbox: Sandbox, style: Any
) -> None:
    """However the service spells its refusal, the error quotes it."""
    sandbox.faults.error_style = style
    environment.setenv("DOLBYIO_APP_SECRET", "wrong")
    with pytest.raises(TokenRefused, match="401 ") as caught:
        login()
    assert "without an explanation" not in str(caught.value)


@pytest.mark.parametrize("body", ["html", "empty"])
def test_trouble_without_json_is_no_refusal(
    environment: pytest.MonkeyPatch, sandbox: Sandbox, body: Any
) -> None:
    """A gateway's page or an empty answer is trouble that may pass, and not the credentials' fault."""
    sandbox.faults.fail(503, at="token", body=body)
    with pytest.raises(TokenUnavailable, match="503"):
        login()


def test_a_sandbox_that_cannot_be_used_is_stopped() -> None:
    """A log-in that fails before its first request leaves no sandbox behind."""
    before = threading.active_count()
    with pytest.raises(InvalidOption, match="expires_in"):
        login(sandbox=True, expires_in=0)
    assert threading.active_count() == before


def test_delegated_token_serves_another_program(dolby: Dolby) -> None:
    """A delegated token has its own life, and works without the secret, also after the log-out."""
    token = dolby.delegate(expires_in=60)
    assert token.lifetime == 60
    assert token != dolby.token
    dolby.logout()
    assert ask(dolby, **{TOKEN_VARIABLE: token}) == "200"


def test_delegated_life_is_checked(dolby: Dolby) -> None:
    """The life of a delegated token has the same limits."""
    with pytest.raises(InvalidOption, match="86400"):
        dolby.delegate(expires_in=90000)


def test_environ_lends_within_the_block_only(dolby: Dolby, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs started inside the block have the token; after it the variable is as before."""
    with dolby.environ():
        assert ask(dolby) == "200"
    assert TOKEN_VARIABLE not in os.environ
    monkeypatch.setenv(TOKEN_VARIABLE, "mine")
    with pytest.raises(ZeroDivisionError), dolby.environ():
        _ = 1 / 0
    assert os.environ[TOKEN_VARIABLE] == "mine"


def test_log_out_closes_every_connection(dolby: Dolby) -> None:
    """Those that were kept for calls and for transfers: nothing of this process leads to the service then."""
    psutil = pytest.importorskip("psutil")

    def kept() -> int:
        """Count the connections of this process to the service and to its storage."""
        ends = psutil.Process().net_connections("tcp")
        return sum(end.status == "ESTABLISHED" and end.raddr.port in ports for end in ends)

    asked = dolby.session.post(f"{dolby.media_url}/media/input", json={"url": "dlb://a"}).json()["url"]
    ports = {urlsplit(url).port for url in (dolby.media_url, dolby.auth_url, asked)}
    address = dolby.media.upload(b"sound")
    dolby.media.download(address, "here.bin")
    assert kept() >= 2
    dolby.logout()
    assert kept() == 0


def test_log_out_ends_everything(dolby: Dolby) -> None:
    """After the log-out nothing works, each with the same clear error, and a second log-out is no error."""
    dolby.logout()
    dolby.logout()
    for use in (
        lambda: dolby.token,
        dolby.refresh,
        dolby.delegate,
        lambda: dolby.session.get(f"{dolby.media_url}/media/jobs"),
    ):
        with pytest.raises(NotLoggedIn):
            use()
    assert dolby.status().state == "logged out"


def test_repr_shows_no_secret(dolby: Dolby, sandbox: Sandbox) -> None:
    """What a person sees of a log-in is where it is, whose, and how the token does."""
    text = repr(dolby) + repr(vars(dolby))
    assert "sandbox" in text
    assert sandbox.app_secret not in text
    assert sandbox.app_key not in text
    assert dolby.token.value not in text


def _call(dolby: Dolby) -> int:
    return dolby.session.get(f"{dolby.media_url}/media/jobs").status_code


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_log_in_travels_to_other_processes(dolby: Dolby, method: str) -> None:
    """A pool of processes, forked or started anew, can use the log-in."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(_call, [dolby] * 4).get(60) == [200] * 4


def test_copy_in_another_process_has_no_secret(dolby: Dolby, sandbox: Sandbox) -> None:
    """A pickled log-in holds the token and not the secret, and so it cannot delegate."""
    data = pickle.dumps(dolby)
    assert sandbox.app_secret.encode() not in data
    copy = pickle.loads(data)
    assert copy.token == dolby.token
    with pytest.raises(NotLoggedIn, match="copy"):
        copy.delegate()


def test_dask_can_name_a_log_in(dolby: Dolby, sandbox: Sandbox) -> None:
    """The name is the same after a renewal and in a copy, another for another app, and holds no secret."""
    name = dolby.__dask_tokenize__()
    dolby.keeper.adopt(AccessToken("another-token-of-the-same-app"))
    assert dolby.__dask_tokenize__() == pickle.loads(pickle.dumps(dolby)).__dask_tokenize__() == name
    app = sandbox.add_app()
    with login(app.app_key, app.app_secret) as other:
        assert other.__dask_tokenize__() != name
    assert not {sandbox.app_key, sandbox.app_secret, dolby.token.value} & set(name)


def frames_of(error: Any) -> Iterator[Any]:
    """Give the variables of every frame below this module in every traceback that hangs on an error."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals["__name__"].startswith(("dolbyio_nb", "requests", "urllib3", "http")):
                yield from frame.f_locals.values()
        error = error.__cause__ or error.__context__


def shows(value: Any, needle: str) -> bool:
    """Tell whether a Verbose traceback would show the needle."""
    return needle in repr(value)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"expires_in": 0}, InvalidOption),
        ({"env_file": "missing"}, InvalidOption),
        ({"app_key": None}, CredentialsError),
        ({"app_key": 5}, CredentialsError),
        ({}, TokenRefused),
    ],
    ids=["life", "file", "half", "type", "refused"],
)
def test_no_frame_of_a_failed_log_in_holds_the_secret(
    environment: pytest.MonkeyPatch,
    wrong: Any,
    kind: Any,
) -> None:
    """A secret given in the call is in no variable of a traceback, however the log-in fails."""
    environment.delenv("DOLBYIO_APP_KEY")
    environment.delenv("DOLBYIO_APP_SECRET")
    with pytest.raises(kind) as caught:
        login(**{"app_key": "key", "app_secret": "secret-needle"} | wrong)
    assert not [value for value in frames_of(caught.value) if shows(value, "secret-needle")]


@contextmanager
def interrupted(sandbox: Sandbox) -> Iterator[None]:
    """Send this program a Ctrl-C once the sandbox has taken a request."""

    def interrupt() -> None:
        assert sandbox.requests.wait("token", before + 1)
        signal.raise_signal(signal.SIGINT)  # Python hands it to the main thread

    before = sandbox.requests.count("token")
    thread = threading.Thread(target=interrupt)
    thread.start()
    yield
    thread.join()


@pytest.mark.parametrize("act", ["delegate", "refresh"])
def test_an_interrupt_holds_no_secret(dolby: Dolby, sandbox: Sandbox, act: str) -> None:
    """Ctrl-C while the service hangs is one line, and no frame of its traceback holds the Basic header."""
    sandbox.faults.hang(at="token")
    with pytest.raises(KeyboardInterrupt) as caught, interrupted(sandbox):
        getattr(dolby, act)()
    assert caught.value._render_traceback_() == ["KeyboardInterrupt: stopped."]  # type: ignore[attr-defined]
    header = base64.b64encode(f"{sandbox.app_key}:{sandbox.app_secret}".encode()).decode()
    assert not [v for v in frames_of(caught.value) if shows(v, sandbox.app_secret) or shows(v, header)]


def test_a_secret_that_is_no_text_is_refused_by_the_service(environment: pytest.MonkeyPatch) -> None:
    """A stray byte in the environment is sent as it is, and the refusal says what looks wrong."""
    environment.setenv("DOLBYIO_APP_SECRET", "secret-needle\udcff")
    with pytest.raises(TokenRefused, match="characters in the App key or the App secret") as caught:
        login()
    assert "needle" not in str(caught.value)


def test_missing_certificates_are_named(environment: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A bundle of certificates that is not there is named, with the variables that may say so."""
    environment.setenv("DOLBYIO_AUTH_URL", sandbox.auth_url.replace("http:", "https:"))
    environment.setenv("REQUESTS_CA_BUNDLE", "/missing/authorities.pem")
    with pytest.raises(TokenUnavailable, match=r"REQUESTS_CA_BUNDLE.*/missing/authorities\.pem"):
        login()


def test_the_header_shows_a_mask_in_tracebacks(dolby: Dolby) -> None:
    """What `auth=dolby.auth` writes is the value on the wire, and a mask in a foreign frame's variables."""
    request = requests.Request("GET", f"{dolby.media_url}/media/jobs", auth=dolby.auth).prepare()
    assert dolby.token.value not in repr(request.headers) + repr(request.headers["Authorization"])
    assert request.headers["Authorization"] == f"Bearer {dolby.token}"
    assert requests.Session().send(request).ok
