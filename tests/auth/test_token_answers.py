"""What an answer to a token request means, without a socket: a token, a refusal, or neither."""

import base64
import json
import traceback
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.token_request import Meaning, TokenRequest, explain, judge, read_token
from dolbyio_nb.errors import TokenRefused, TokenUnavailable
from dolbyio_nb.http import session
from dolbyio_nb.http.connections import TooLarge
from dolbyio_nb.http.limits import CONNECT_LIMIT, READ_LIMIT, OutOfTime
from dolbyio_nb.http.session import Answer

TOKEN = "opaque-token-of-the-table"
SECRET = "the/secret+of the table=="
HTML, JSON, PROBLEM = "text/html; charset=utf-8", "application/json", "application/problem+json"


def jwt(**claims: Any) -> str:
    """A token that says of itself when it began and ends."""
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".c2lnbmVk"


def given(token: int | str | None = TOKEN, **rest: Any) -> dict[Any, Any]:
    """The body of an answer with a token."""
    return {"access_token": token, "token_type": "Bearer", **rest}


PAGE = "<!DOCTYPE html><title>Welcome</title><p>Sign in to the hotel's network</p>"
FORBIDDEN_PAGE = "<html><h1>403 Forbidden</h1></html>"
TEN_MINUTES = jwt(iat=1000, exp=1600)
SKEWED = jwt(iat=5e9, exp=5e9 + 600)
ENDLESS = "1" + "0" * 400

# status, headers, body, what it is: seconds of life, or a meaning
TABLE = [
    (200, {}, given(expires_in=1800), 1800),
    (200, {}, given(expires_in=600), 600),
    (200, {}, given(expires_in=1799.5), 1799.5),
    (200, {}, given(expires_in="1800"), 1800),
    (200, {}, given(expires_in="900"), 900),
    (200, {}, given(expires_in="soon"), 300),
    (200, {}, given(expires_in=None), 300),
    (200, {}, given(expires_in=True), 300),
    (200, {}, given(expires_in=[1800]), 300),
    (200, {}, given(expires_in={}), 300),
    (200, {}, given(expires_in=0), 300),
    (200, {}, given(expires_in=-1), 300),
    (200, {}, given(), 300),
    (200, {}, given(expires_in=1_800_000), 1800),
    (200, {}, given(expires_in=1e18), 1800),
    (200, {}, f'{{"access_token": "{TOKEN}", "expires_in": {ENDLESS}}}', 300),
    (200, {}, f'{{"access_token": "{TOKEN}", "expires_in": Infinity}}', 300),
    (200, {}, f'{{"access_token": "{TOKEN}", "expires_in": NaN}}', 300),
    (200, {}, given(TEN_MINUTES, expires_in=1800), 600),
    (200, {}, given(TEN_MINUTES, expires_in=300), 300),
    (200, {}, given(TEN_MINUTES), 600),
    (200, {}, given(SKEWED, expires_in=1800), 600),
    (200, {}, given(jwt(iat=1000, exp=10**400), expires_in=1800), 1800),
    (200, {}, given(jwt(exp=1600), expires_in=1800), 1800),
    (200, {}, given(jwt(iat="1000", exp="1600"), expires_in=1800), 1800),
    (200, {}, given(jwt(iat=1600, exp=1000), expires_in=1800), 1800),
    (200, {}, given("a.b.c", expires_in=1800), 1800),
    (200, {}, given("eyJ.%%%.x", expires_in=1800), 1800),
    (200, {"Content-Type": HTML}, given(expires_in=1800), 1800),
    (200, {}, given(f"{TOKEN}\n", expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given("token\r\nX-Injected: yes", expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given("two words", expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given("tok\u00e9n", expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given("", expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given(12345, expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, given(None, expires_in=1800), Meaning.UNAVAILABLE),
    (200, {}, {}, Meaning.UNAVAILABLE),
    (200, {}, [TOKEN], Meaning.UNAVAILABLE),
    (200, {}, "", Meaning.UNAVAILABLE),
    (200, {}, "[" * 100_000, Meaning.UNAVAILABLE),
    (200, {}, b"\xff\xfe\x00", Meaning.UNAVAILABLE),
    (200, {"Content-Type": HTML}, PAGE, Meaning.NOT_THE_SERVICE),
    (200, {"Content-Type": "text/plain"}, PAGE, Meaning.NOT_THE_SERVICE),
    (200, {}, {"error": "invalid_client"}, Meaning.REFUSED),
    (200, {}, {"error": "unauthorized_client"}, Meaning.REFUSED),
    (200, {}, {"error": "temporarily_unavailable"}, Meaning.UNAVAILABLE),
    (200, {}, {"error": "rate_limited"}, Meaning.UNAVAILABLE),
    (200, {}, {"error": {"code": 7}}, Meaning.UNAVAILABLE),
    (201, {}, given(expires_in=1800), Meaning.REFUSED),
    (301, {"Location": "https://login.hotel.example/?for=dolby"}, "", Meaning.NOT_THE_SERVICE),
    (302, {"Location": "http://[broken"}, PAGE, Meaning.NOT_THE_SERVICE),
    (307, {"Location": "/v2/auth/token"}, "", Meaning.NOT_THE_SERVICE),
    (304, {}, "", Meaning.NOT_THE_SERVICE),
    (400, {}, {"error": "invalid_client"}, Meaning.REFUSED),
    (400, {}, {"error": "invalid_request"}, Meaning.REFUSED),
    (400, {}, {"error": "temporarily_unavailable"}, Meaning.UNAVAILABLE),
    (400, {}, {"error": "slow_down"}, Meaning.UNAVAILABLE),
    (400, {"Content-Type": HTML}, "<h1>Bad Request</h1>", Meaning.NOT_THE_SERVICE),
    (400, {}, "bad request", Meaning.UNAVAILABLE),
    (401, {"Content-Type": PROBLEM}, {"title": "Authentication Failure"}, Meaning.REFUSED),
    (401, {}, "", Meaning.REFUSED),
    (401, {"Content-Type": HTML}, PAGE, Meaning.NOT_THE_SERVICE),
    (403, {}, {"message": "App is disabled"}, Meaning.REFUSED),
    (403, {"Content-Type": HTML}, FORBIDDEN_PAGE, Meaning.NOT_THE_SERVICE),
    (403, {}, "", Meaning.UNAVAILABLE),
    (403, {}, {"error": "server_error"}, Meaning.UNAVAILABLE),
    (404, {"Content-Type": HTML}, "<h1>Not found</h1>", Meaning.NOT_THE_SERVICE),
    (404, {}, {"message": "Not found"}, Meaning.REFUSED),
    (407, {}, "", Meaning.NOT_THE_SERVICE),
    (408, {}, "", Meaning.UNAVAILABLE),
    (425, {}, "", Meaning.UNAVAILABLE),
    (429, {"Retry-After": "7"}, {"error": "slow_down"}, Meaning.UNAVAILABLE),
    (429, {"Content-Type": HTML}, "<h1>Too many</h1>", Meaning.UNAVAILABLE),
    (429, {}, {"error": "invalid_client"}, Meaning.UNAVAILABLE),
    (500, {}, {"error": "invalid_client"}, Meaning.UNAVAILABLE),
    (502, {"Content-Type": HTML}, "<h1>Bad gateway</h1>", Meaning.UNAVAILABLE),
    (503, {}, "", Meaning.UNAVAILABLE),
    (511, {"Content-Type": HTML}, PAGE, Meaning.NOT_THE_SERVICE),
    (599, {}, "", Meaning.UNAVAILABLE),
]


def answer(status: Any, headers: dict[Any, Any], body: Any) -> Answer:
    """The answer of a row."""
    content = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    return Answer(status, "Reason", CaseInsensitiveDict(headers), content)


ROWS = pytest.mark.parametrize(
    ("status", "headers", "body", "wanted"),
    TABLE,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)],
)


@ROWS
def test_what_an_answer_means(status: Any, headers: Any, body: Any, wanted: Any) -> None:
    """One row: the answer, and the token's life or what there is instead."""
    got = answer(status, headers, body)
    token = read_token(got, asked=1800)
    assert (token[1] if token else judge(got)) == wanted


@ROWS
def test_what_the_caller_gets(
    status: Any, headers: Any, body: Any, wanted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows through a whole request: a token, or an error of three lines at most."""
    monkeypatch.setattr(session, "post", lambda url, **options: answer(status, headers, body))
    request = TokenRequest(AppCredentials("key-of-the-table", SECRET), "https://api.dolby.io", 1800)
    if isinstance(wanted, int | float):
        token = request()
        assert token.lifetime == wanted
        assert not set(token.value) & set(" \r\n")
        return
    with pytest.raises((TokenRefused, TokenUnavailable)) as caught:
        request()
    assert isinstance(caught.value, TokenRefused) is (wanted is Meaning.REFUSED)
    assert ("proxy or captive portal" in str(caught.value)) is (wanted is Meaning.NOT_THE_SERVICE)
    assert len(str(caught.value).splitlines()) <= 3
    assert caught.value.status == status
    assert caught.value.retry_after == (7.0 if "Retry-After" in headers else None)


@pytest.mark.parametrize("asked", [1, 60, 1800, 86400])
@pytest.mark.parametrize("answered", [1, 60, 1e6, 1e18, True, "1e9"])
def test_no_token_is_believed_to_live_longer_than_was_asked(asked: int, answered: Any) -> None:
    """Nor longer than a day, whatever the answer says."""
    life = read_token(answer(200, {}, given(expires_in=answered)), asked)[1]  # type: ignore[index]
    assert 0 < life <= min(asked, 86400)


def test_a_redirect_is_told_with_its_host_alone() -> None:
    """Where it leads may hold anything; the host says whose page it is."""
    said = str(explain(answer(302, {"Location": "https://u:p@login.hotel.example/?t=1"}, "")))
    assert "login.hotel.example" in said
    assert "u:p" not in said
    assert "t=1" not in said


BASIC = base64.b64encode(f"key-of-the-table:{SECRET}".encode()).decode()
ECHOES = {  # as it comes, and a piece of it that must not be seen
    "plain": (SECRET, "the/se"),
    "percent-encoded": ("the%2Fsecret%2Bof%20the%20table%3D%3D", "the%2F"),
    "the Basic header": (BASIC, BASIC[25:31]),
}


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("place", ["error_description", "title", "error", "page", "far down"])
@pytest.mark.parametrize("form", ECHOES)
def test_a_secret_that_is_echoed_is_not_quoted(
    status: int, place: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the service sends back, and where a long text is cut, no error shows the secret."""
    echo, piece = ECHOES[form]
    body = f"<p>{echo}</p>" if place == "page" else {place: f"you sent {echo}"}
    if place == "far down":
        body = {"detail": "x" * 290 + " " + echo}
    got = answer(status, {"Location": f"https://x.example/{echo}"}, body)
    monkeypatch.setattr(session, "post", lambda url, **options: got)
    request = TokenRequest(AppCredentials("key-of-the-table", SECRET), "https://api.dolby.io", 1800)
    with pytest.raises((TokenRefused, TokenUnavailable)) as caught:
        request()
    said = str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert piece not in said


FAILURES = [
    (requests.exceptions.SSLError("certificate verify failed"), "TLS certificate"),
    (requests.exceptions.ProxyError("no"), "proxy"),
    (requests.exceptions.ConnectTimeout("(connect timeout=3.05)"), r"took no connection within 3\.05 s"),
    (requests.exceptions.ReadTimeout("(read timeout=10.0)"), "did not answer within 10 s"),
    (requests.exceptions.ConnectionError("no"), "connection to api.dolby.io broke"),
    (OSError("Could not find a suitable TLS CA certificate bundle"), "cannot be read"),
    (OutOfTime(15.0), "No whole answer within 15 s"),
    (TooLarge("Its answer is larger than 1 MiB"), "larger than 1 MiB: something else"),
]


@pytest.mark.parametrize(("error", "named"), FAILURES, ids=lambda value: type(value).__name__)
def test_what_came_between_is_named(error: Exception, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer the error says what kind of failure it was, and drags no frames along."""

    def fail(url: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(session, "post", fail)
    with pytest.raises(TokenUnavailable, match=named) as caught:
        TokenRequest(AppCredentials("key-of-the-table", SECRET), "https://api.dolby.io", 1800)()
    assert caught.value.__context__ is None
    assert SECRET not in str(caught.value)


def test_the_request_has_limits_and_follows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time limits for connecting and reading, no redirect followed, one attempt."""
    seen: list[Any] = []

    def send(self: Any, request: Any, *options: Any) -> None:
        seen.append((request, options))
        raise requests.ConnectionError("not sent")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    with pytest.raises(TokenUnavailable):
        TokenRequest(AppCredentials("key-of-the-table", SECRET), "https://api.dolby.io", 1800)()
    assert len(seen) == 1


def test_the_options_of_the_one_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the request hands on: limits to connect, to read and in all."""
    seen = {}
    monkeypatch.setattr(
        session, "post", lambda url, **options: seen.update(options) or answer(200, {}, given())
    )
    TokenRequest(AppCredentials("key-of-the-table", SECRET), "https://api.dolby.io", 1800)()
    assert seen["timeout"] == (CONNECT_LIMIT, READ_LIMIT)
    assert seen["seconds"] == 15.0
