"""Misbehaviour to order: each word of the vocabulary does what it says."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import pytest
import requests

from dolbyio_nb.sandbox import Sandbox, faults

from .conftest import Caller, Clock

JOBS = "/media/jobs"


def test_fail_refuses_the_next_call_only(sandbox: Sandbox, caller: Caller) -> None:
    """One order, one answer; then all is well."""
    sandbox.faults.fail(401)
    assert caller.get(JOBS).json()["type"] == "/problems/access-token-expired"
    assert caller.get(JOBS).status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("at", ["media", "token"])
def test_every_status_can_be_ordered(sandbox: Sandbox, caller: Caller, status: int, at: str) -> None:
    """The body is the one that place would send."""
    sandbox.faults.fail(status, at=at)
    answer = caller.get(JOBS) if at == "media" else caller.ask_token()
    assert answer.status_code == answer.json()["status"] == status


def test_orders_are_counted_and_kept_in_turn(sandbox: Sandbox, caller: Caller) -> None:
    """Two of one, then the next."""
    sandbox.faults.fail(503, times=2)
    sandbox.faults.fail(500)
    assert [caller.get(JOBS).status_code for _ in range(4)] == [503, 503, 500, 200]


def test_an_order_without_an_end_lasts_until_clear(sandbox: Sandbox, caller: Caller) -> None:
    """`times=None` is an outage."""
    sandbox.faults.fail(503, times=None)
    assert {caller.get(JOBS).status_code for _ in range(5)} == {503}
    sandbox.faults.clear()
    assert caller.get(JOBS).status_code == 200


def test_an_order_is_for_one_place(sandbox: Sandbox, caller: Caller) -> None:
    """Token, media, storage, any, or the beginning of a path."""
    sandbox.faults.fail(500, at="/media/webhooks")
    assert caller.get(JOBS).status_code == 200
    assert caller.get("/media/webhooks").status_code == 500
    sandbox.faults.fail(500, at="any")
    assert caller.ask_token().status_code == 500
    url = caller.upload_url("dlb://x")
    sandbox.faults.fail(503, at="storage")
    answer = requests.put(url, data=b"1", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/xml")
    with pytest.raises(ValueError, match="storage"):
        sandbox.faults.fail(500, at="tokens")


def test_a_gateway_answers_html_or_nothing(sandbox: Sandbox, caller: Caller) -> None:
    """Not every error has a JSON body."""
    sandbox.faults.fail(503, at="token", body="html")
    html = caller.ask_token()
    assert html.headers["Content-Type"] == "text/html"
    assert "503" in html.text
    sandbox.faults.fail(502, at="token", body="empty", retry_after=1)
    empty = caller.ask_token()
    assert (empty.content, empty.headers["Retry-After"]) == (b"", "1")


def test_a_rate_limit_tells_how_long(sandbox: Sandbox, caller: Caller) -> None:
    """In seconds, or as an HTTP date."""
    sandbox.faults.rate_limit(retry_after=3)
    answer = caller.get(JOBS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    sandbox.faults.rate_limit(retry_after=moment, at="token")
    assert parsedate_to_datetime(caller.ask_token().headers["Retry-After"]) == moment
    sandbox.faults.rate_limit()
    assert "Retry-After" not in caller.get(JOBS).headers


@pytest.mark.parametrize("end", ["stop", "clear"])
def test_a_hang_ends_with_the_sandbox_or_with_clear(sandbox: Sandbox, caller: Caller, end: str) -> None:
    """The request is seen, nothing is said, and nobody waits for ever."""
    sandbox.faults.hang()
    failures = []

    def ask() -> None:
        try:
            caller.get(JOBS)
        except requests.ConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert sandbox.requests.wait("media", 1)
    getattr(sandbox.faults if end == "clear" else sandbox, end)()
    thread.join(5)
    assert not thread.is_alive()
    assert len(failures) == 1
    sandbox.stop()
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


def test_a_drop_closes_without_an_answer(sandbox: Sandbox, caller: Caller) -> None:
    """The client sees a connection error."""
    sandbox.faults.drop()
    with pytest.raises(requests.ConnectionError):
        caller.get(JOBS)
    assert caller.get(JOBS).status_code == 200


def test_a_cut_breaks_off_a_download(sandbox: Sandbox, caller: Caller) -> None:
    """The head promises more than comes."""
    caller.upload("dlb://x", b"0123456789" * 1000)
    url = caller.download_url("dlb://x")
    sandbox.faults.cut(10)
    answer = requests.get(url, stream=True, timeout=10)
    assert answer.headers["Content-Length"] == "10000"
    assert answer.raw.read(10) == b"0123456789"
    with pytest.raises(Exception, match="IncompleteRead"):
        answer.raw.read()


def test_slow_waits_before_the_true_answer(sandbox: Sandbox, caller: Caller) -> None:
    """The answer comes after the time that was ordered."""
    sandbox.faults.slow(0.1)
    begun = time.monotonic()
    assert caller.get(JOBS).status_code == 200
    assert time.monotonic() - begun >= 0.1


def test_a_revoked_token_is_not_known_any_more(sandbox: Sandbox, caller: Caller) -> None:
    """One, or all of them; a new one is good."""
    other = caller.log_in()
    sandbox.faults.revoke(caller.token)
    assert caller.get(JOBS).status_code == 401
    caller.token = other
    assert caller.get(JOBS).status_code == 200
    sandbox.faults.revoke()
    assert caller.get(JOBS).status_code == 401
    caller.token = caller.log_in()
    assert caller.get(JOBS).status_code == 200
    with pytest.raises(ValueError, match="did not issue"):
        sandbox.faults.revoke("never issued")


def test_a_disabled_app_is_forbidden(sandbox: Sandbox, caller: Caller, other: Caller) -> None:
    """Its key and its tokens are answered 403; other apps go on; clear() enables it."""
    sandbox.faults.disable_app(sandbox.add_app())
    assert caller.get(JOBS).status_code == 200
    sandbox.faults.disable_app()
    assert caller.ask_token().status_code == 403
    assert caller.get(JOBS).status_code == 403
    sandbox.faults.clear()
    assert caller.get(JOBS).status_code == 200


def test_token_life_overrides_what_was_asked(sandbox: Sandbox, caller: Caller, clock: Clock) -> None:
    """Told in the answer, and kept."""
    sandbox.faults.token_life = 5
    answer = caller.ask_token(expires_in="600").json()
    assert answer["expires_in"] == 5
    caller.token = answer["access_token"]
    clock.move(5)
    assert caller.get(JOBS).status_code == 401


def test_expires_in_may_be_missing_or_one_less(sandbox: Sandbox, caller: Caller) -> None:
    """Two habits seen in the wild."""
    sandbox.faults.expires_in = "missing"
    assert "expires_in" not in caller.ask_token().json()
    sandbox.faults.expires_in = "one less"
    assert caller.ask_token(expires_in="43200").json()["expires_in"] == 43199


def test_a_token_need_not_be_a_jwt(sandbox: Sandbox, caller: Caller) -> None:
    """An opaque one works just as well."""
    sandbox.faults.opaque_tokens = True
    caller.token = caller.log_in()
    with pytest.raises(jwt.DecodeError):
        jwt.decode(caller.token, options={"verify_signature": False})
    assert caller.get(JOBS).status_code == 200


def test_a_skewed_clock_shows_but_does_not_shorten_a_life(
    sandbox: Sandbox, caller: Caller, clock: Clock
) -> None:
    """Date, iat and exp are off by as much; the token still lives as long as it was told to."""
    sandbox.faults.clock_skew = -3000
    answer = caller.ask_token()
    caller.token = answer.json()["access_token"]
    shown = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    claims = jwt.decode(caller.token, options={"verify_signature": False, "verify_exp": False})
    assert shown == claims["iat"] == clock.now - 3000
    clock.move(1799)
    assert caller.get(JOBS).status_code == 200


@pytest.mark.parametrize("ending", ["Failed", "Cancelled", "InternalError"])
def test_the_next_job_can_be_made_to_end(
    sandbox: Sandbox, caller: Caller, make_tone: Callable[..., bytes], ending: Any
) -> None:
    """That job only."""
    caller.upload("dlb://x.wav", make_tone())
    sandbox.faults.end_next_job(ending)
    answer = caller.run("/media/diagnose", {"input": "dlb://x.wav"})
    assert answer["status"] == ending
    assert ("error" in answer) == (ending != "Cancelled")
    assert caller.run("/media/diagnose", {"input": "dlb://x.wav"})["status"] == "Success"


def test_clear_forgets_everything(sandbox: Sandbox, caller: Caller, make_tone: Callable[..., bytes]) -> None:
    """Rules and habits alike."""
    ordered = sandbox.faults
    ordered.fail(500, at="any", times=None)
    ordered.token_life, ordered.expires_in, ordered.opaque_tokens = 5, "missing", True
    ordered.clock_skew, ordered.error_style = 99, "oauth"
    ordered.end_next_job()
    ordered.hold_jobs()
    ordered.clear()
    answer = caller.ask_token()
    assert answer.json()["expires_in"] == 1800
    assert answer.json()["access_token"].count(".") == 2
    caller.upload("dlb://x.wav", make_tone())
    assert caller.run("/media/diagnose", {"input": "dlb://x.wav"})["status"] == "Success"


def test_every_word_is_in_the_text_that_users_read(sandbox: Sandbox) -> None:
    """The module's docstring shows each public order and habit."""
    words = [name for name in dir(sandbox.faults) if not name.startswith("_")]
    assert [word for word in words if word not in (faults.__doc__ or "")] == []
