"""Texts about tokens, whole, a row each: errors of a request, a state and a header; options; countdowns."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import Any

import pytest
import requests

from dolbyio_nb.auth import access_token, refresh, refresh_state
from dolbyio_nb.auth.access_token import AccessToken, MaskedText, check_life
from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.copies import KeeperCopy, TokenCopy
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.login_options import EXCLUSIVE, LIVES, LoginOptions, exclusive
from dolbyio_nb.auth.refresh_state import KeeperStatus, LoginStatus, RefreshState
from dolbyio_nb.auth.single_flight import InFlight
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.http import session
from dolbyio_nb.http.session import Answer

VALUE = "eyJhbGciOiJIUzI1NiJ9.needle.needle-a1b2"
KEY, SECRET = "a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0LW5lZWRsZS1zZWNyZXQtbmVlZGxlLTEyMzQ="
ORIGIN = "https://api.test"
DASHBOARD = "Check both in the Dolby.io dashboard, then log in again."
REFUSES = f"No token: {ORIGIN} refuses the App key and App secret from the form."
TROUBLE = f"No token: {ORIGIN} is in trouble."
LATER = "Wait a little, then try again."
PORTAL = f"No token: a proxy or captive portal answered in place of {ORIGIN}."
SIGN_IN = "Sign in to the network in a browser (or mend HTTPS_PROXY), then try again."
HTML = {"Content-Type": "text/html"}

# answer, error
ANSWERS: list[tuple[Answer, list[str]]] = [
    (
        Answer(401, "Unauthorized", {}, b'{"error": "invalid_client"}'),
        [REFUSES, "It answered 401 invalid_client.", DASHBOARD],
    ),
    (Answer(403, "Forbidden", {}, b'{"title": "No"}'), [REFUSES, "It answered 403 No.", DASHBOARD]),
    (
        Answer(200, "OK", {}, b'{"error": "invalid_grant"}'),
        [REFUSES, "It answered 200 OK: but the error invalid_grant.", DASHBOARD],
    ),
    (
        Answer(404, "Not Found"),
        [
            f"No token: {ORIGIN}/v1/auth/token is not a token endpoint.",
            "It answered 404 Not Found.",
            "Check DOLBYIO_AUTH_URL.",
        ],
    ),
    (Answer(503, "Unavailable"), [TROUBLE, "It answered 503 Unavailable.", LATER]),
    (Answer(200, "OK", {}, b"{}"), [TROUBLE, "It answered 200 OK: but no usable access_token.", LATER]),
    (
        Answer(200, "OK", {}, b'{"error": "slow_down"}'),
        [TROUBLE, "It answered 200 OK: but the error slow_down.", LATER],
    ),
    (Answer(403, "Forbidden"), [TROUBLE, "It answered 403 Forbidden.", LATER]),
    (
        Answer(302, "Found", {"Location": "https://login.hotel.test/x"}),
        [PORTAL, "It answered 302 Found: leads to login.hotel.test.", SIGN_IN],
    ),
    (Answer(511, "Network", HTML, b"<p>Sign in</p>"), [PORTAL, "It answered 511 Network: Sign in.", SIGN_IN]),
]


@pytest.mark.parametrize(("answer", "lines"), ANSWERS)
def test_a_token_that_does_not_come_is_told_whole(
    answer: Answer, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answered what, and what to do."""
    monkeypatch.setattr(session, "post", lambda url, **options: answer)
    with pytest.raises(DolbyError) as caught:
        TokenRequest(AppCredentials(KEY, SECRET, "the form"), ORIGIN)()
    assert str(caught.value).splitlines() == lines


def test_the_request_is_the_one_that_dolby_describes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Basic authentication, the grant, the life, and nothing that caches."""
    seen: dict[str, Any] = {}
    body = Answer(200, "OK", {}, b'{"access_token": "opaque", "expires_in": 60}')
    monkeypatch.setattr(session, "post", lambda url, **options: seen.update(url=url, **options) or body)
    assert TokenRequest(AppCredentials(KEY, SECRET), ORIGIN, 60)().lifetime == 60
    auth = seen.pop("auth")
    assert (auth.username, auth.password) == (KEY.encode(), SECRET.encode())
    assert seen == {
        "url": f"{ORIGIN}/v1/auth/token",
        "seconds": 15.0,
        "data": {"grant_type": "client_credentials", "expires_in": "60"},
        "headers": {"Accept": "application/json", "Cache-Control": "no-cache"},
        "timeout": (3.05, 10.0),
    }


def test_requests_of_equal_identity_ask_for_the_same() -> None:
    """The secret is told apart, and is not in it."""
    one = TokenRequest(AppCredentials(KEY, SECRET), ORIGIN, 60).identity
    assert one == TokenRequest(AppCredentials(KEY, SECRET, "elsewhere"), ORIGIN, 60).identity
    for other in (
        TokenRequest(AppCredentials(KEY, SECRET[:-2]), ORIGIN, 60),
        TokenRequest(AppCredentials(KEY[:-2], SECRET), ORIGIN, 60),
        TokenRequest(AppCredentials(KEY, SECRET), ORIGIN, 61),
        TokenRequest(AppCredentials(KEY, SECRET), "https://b.test", 60),
    ):
        assert other.identity != one
    assert SECRET not in str(one)


def test_a_life_out_of_range_is_told_whole() -> None:
    """From a second to a day, and whole numbers only."""
    check_life(1)
    check_life(86400)
    for life in (0, 86401, -5, True, 1800.0, "1800"):
        with pytest.raises(DolbyError) as caught:
            check_life(life)  # type: ignore[arg-type]
        assert str(caught.value).splitlines() == [
            f"A token cannot live for {life!r} seconds.",
            "Dolby.io gives tokens for 1 to 86400 seconds (24 hours).",
            "Choose expires_in (--expires-in) from 1 to 86400.",
        ]


@pytest.mark.parametrize(
    ("life", "told"),
    [
        (0, "expired"), (0.4, "0:00 left"), (59.5, "1:00 left"), (61, "1:01 left"), (3599, "59:59 left"),
        (3600, "1:00:00 left"), (86399, "23:59:59 left"),
    ],
)  # fmt: skip
def test_the_time_left_is_told(life: float, told: str) -> None:
    """In minutes and seconds, and in hours where there are some."""
    token = AccessToken(VALUE, lifetime=life, issued_at=0.0, clock=lambda: 0.0)
    assert repr(token) == str(token) == f"<Dolby.io token …a1b2, {told}>"


def test_a_short_token_has_no_letters_to_show() -> None:
    """Four of sixteen are few enough to be seen."""
    assert [AccessToken("x" * length).hint for length in (4, 15, 16)] == ["…", "…", "…xxxx"]


def test_a_tokens_end_is_a_local_time() -> None:
    """For people to read."""
    token = AccessToken(VALUE, lifetime=600, issued_at=0.0, clock=lambda: 0.0)
    left = token.expires_at - datetime.now(UTC)
    assert timedelta(seconds=590) < left <= timedelta(seconds=600)
    assert AccessToken(VALUE).lifetime == access_token.ASSUMED_LIFE == 300


def test_a_masked_text_is_written_as_it_is_asked() -> None:
    """A width is kept, and nothing but a mask is shown."""
    text = MaskedText("secret")
    assert f"{text:>8}" == "  secret"
    assert (repr(text), str(text)) == ("'…'", "…")


def test_only_a_header_gets_the_value_by_percent() -> None:
    """Anything else that is filled in is a text for people."""
    token = AccessToken(VALUE, lifetime=600, issued_at=0.0, clock=lambda: 0.0)
    for template in ("Bearer %s", " bearer %s ", "Authorization: Bearer %s"):
        assert template % token == template.replace("%s", VALUE)
    for template in ("Bearer  %s", "xBearer %s", "Bearer %s!", "%s"):
        assert VALUE not in template % token


def closed() -> Any:
    return error_of(refresh.decide(RefreshState(closed=True), 0.0, deadline=0.0))


def error_of(decision: Any) -> Any:
    return decision.error


def expired_on_arrival() -> Any:
    state, rng = RefreshState(), Random(1)
    for _ in range(2):
        token = AccessToken(VALUE, lifetime=3, issued_at=10.0)
        state = refresh.succeeded(refresh.sent(state, 10.0), token, 15.25, rng)
    return error_of(refresh.decide(state, 15.25, deadline=15.25))


def hanging() -> DolbyError:
    flight = InFlight(lambda: AccessToken(VALUE), 0.0)
    flight.give_up()
    assert isinstance(flight.outcome, DolbyError)
    return flight.outcome


def broken() -> DolbyError:
    def fetch() -> AccessToken:
        raise RuntimeError("quoted")

    flight = InFlight(fetch, 0.0)
    flight.run()
    assert isinstance(flight.outcome, DolbyError)
    return flight.outcome


def raised_by(call: Callable[[], object]) -> DolbyError:
    with pytest.raises(DolbyError) as caught:
        call()
    return caught.value


def masked() -> DolbyError:
    request = requests.Request("GET", ORIGIN, headers={"X-Key": f"{'…'}".encode()}).prepare()
    keeper = TokenKeeper(lambda: AccessToken(VALUE))
    return raised_by(lambda: BearerAuth(keeper, [])(request))


STATES: dict[str, tuple[Callable[[], DolbyError], list[str]]] = {
    "closed": (
        closed,
        ["You are not logged in.", "This log-in has ended.", "Log in: dolbyio_nb.login()"],
    ),
    "nothing yet": (
        lambda: refresh.cause(RefreshState()),
        ["No token: the service has not answered yet.", "Try again in a moment."],
    ),
    "expired on arrival": (
        expired_on_arrival,
        [
            "No token: each one has expired when it arrives.",
            "It was given 3 s of life, and the answer took 5.2 s.",
            "Ask for a longer life: --expires-in 1800 (login(expires_in=1800)).",
        ],
    ),
    "hanging": (hanging, ["No token: the service hangs.", "No answer within 15 s.", LATER]),
    "broken": (broken, ["No token: the request broke off.", "RuntimeError."]),
    "a copy": (
        lambda: raised_by(KeeperCopy(TokenCopy()).token),
        [
            "No token: this copy of the log-in cannot renew its own.",
            "The App secret stays in the process that logged in.",
            "Log in here too: dolby = login(). A job goes on meanwhile: dolby.media.job(job_id) picks it up.",
        ],
    ),
    "a mask in a header": (
        masked,
        [
            "The request was not sent: its X-Key header holds a mask instead of a token.",
            "Printing, str() and most templates show a token as <Dolby.io token …>, "
            "so that no notebook keeps it.",
            'Write f"Bearer {dolby_token}", or use dolby.session, which adds the header itself.',
        ],
    ),
}


@pytest.mark.parametrize("kind", STATES)
def test_an_error_of_a_token_is_told_whole(kind: str) -> None:
    """Every word of it."""
    made, lines = STATES[kind]
    assert str(made()).splitlines() == lines


GIVEN: dict[str, dict[str, Any]] = {
    "sandbox": {"sandbox": True}, "env_file": {"env_file": "x"}, "profile": {"profile": "x"},
    "save": {"save": True}, "form": {"ui": "panel"}, "prompt": {"ui": "prompt"}, "explain": {"explain": True},
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "why"), EXCLUSIVE)
def test_options_that_exclude_one_another_are_told_whole(one: str, other: str, why: str) -> None:
    """By the names that were typed, or those of the arguments."""
    for typed in (True, False):
        names = ["--" + name.replace("_", "-") if typed else name for name in (one, other)]
        error = raised_by(lambda typed=typed: LoginOptions(**GIVEN[one], **GIVEN[other], typed=typed))  # type: ignore[misc]
        assert str(error).splitlines() == [
            f"{names[0]} and {names[1]} exclude one another.",
            f"The reason: {why}.",
            f"Leave out {names[0]} or {names[1]}.",
        ]


def test_a_variable_that_excludes_an_option_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is to be unset."""
    monkeypatch.setenv("DOLBYIO_SANDBOX", "1")
    assert str(raised_by(lambda: LoginOptions(profile="x"))).splitlines() == [
        "--profile and DOLBYIO_SANDBOX=1 exclude one another.",
        "The reason: the sandbox has a key and a secret of its own.",
        "Leave out --profile, or unset DOLBYIO_SANDBOX.",
    ]
    error = raised_by(LoginOptions().refuse_given)
    assert str(error).startswith("app_key with app_secret and DOLBYIO_SANDBOX=1 exclude one another.\n")
    LoginOptions(sandbox=False).refuse_given()
    assert str(exclusive("a", "b", "c")) == "a and b exclude one another.\nThe reason: c.\nLeave out a or b."


def test_options_say_when_the_sandbox_is_used_and_where_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option, else by the environment."""
    assert LoginOptions(sandbox=True).sandbox_mode == "1"
    assert LoginOptions(sandbox=False).sandbox_mode == "0"
    monkeypatch.setenv("DOLBYIO_SANDBOX", "auto")
    assert LoginOptions().sandbox_mode == "auto"
    assert LoginOptions(save=True).saves_to == ".env"
    assert LoginOptions(save="keyring").saves_to == "the system's keyring"
    assert LIVES == {
        600: "10 minutes",
        1800: "30 minutes",
        3600: "1 hour",
        28800: "8 hours",
        86400: "24 hours",
    }


def test_a_status_of_nothing_is_logged_out() -> None:
    """With no times, and no words of an error."""
    assert KeeperStatus() == KeeperStatus("logged out", None, None, None, "", None)
    told = LoginStatus()
    assert (told.source, told.key_hint, told.sandbox, told.note) == ("", "", False, "")
    assert refresh_state.describe(RefreshState(), now=0.0, wall=50.0) == KeeperStatus()


def test_a_status_tells_the_moments_on_the_wall_clock() -> None:
    """The keeper's clock says 100 s where the wall says 1100."""
    token = AccessToken(VALUE, lifetime=1000, issued_at=100.0)
    state = refresh.succeeded(refresh.sent(RefreshState(), 100.0), token, 100.0, Random(1))
    told = refresh_state.describe(state, now=100.0, wall=1100.0)
    assert (told.state, told.expires_at, told.next_try, told.life) == ("fresh", 2100.0, None, 1000)
    assert told.renews_at == pytest.approx(state.cached.advisory_at + 1000)
    assert 1700 <= (told.renews_at or 0) <= 1950
    late = refresh_state.describe(state, now=1090.0, wall=2090.0)
    assert (late.state, late.renews_at) == ("stale", None)
    sending = refresh_state.describe(refresh.sent(state, 1090.0), now=1090.0, wall=2090.0)
    assert sending.state == "renewing"


def test_the_moments_of_a_life_are_what_the_documents_say() -> None:
    """Five seconds and half a minute before the end, or a tenth and a twentieth of a short life."""
    for life, expired, mandatory in ((1800, 1795, 1765), (60, 55, 52), (30, 27, 25.5), (10, 9, 8.5)):
        token = AccessToken(VALUE, lifetime=life, issued_at=0.0)
        cached = refresh_state.CachedToken.of(token, 1, Random(1))
        assert (cached.expires_at, cached.mandatory_at) == pytest.approx((expired, mandatory))
        assert 0.6 * life <= cached.advisory_at <= 0.85 * life
        assert cached.invalidated().expires_at == -inf
