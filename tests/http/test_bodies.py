"""Bodies, JSON and redaction, a row each, without a socket."""

import gzip
import io
import json
import logging
import pickle
from typing import Any

import pytest
import requests
from urllib3 import HTTPResponse

from dolbyio_nb.http import connections, redact
from dolbyio_nb.http.connections import TooLarge, load_body, parse_json, size
from dolbyio_nb.http.error_response import DETAILS, REQUEST_IDS, TITLES, read_error_response
from dolbyio_nb.http.redact import GRACE, SecretRegistry, forms, hide_secrets, scrub, scrub_all
from dolbyio_nb.http.retry import ONCE, RetryAdapter
from dolbyio_nb.http.session import Answer, PlainSession, open_session

SECRET = "K7u2+Zq9xW/4mTf8=RbN1sYc6Ld0Ev3"


def response(body: bytes, **headers: str) -> requests.Response:
    """An answer whose body has not been read."""
    made = requests.Response()
    made.status_code, made.raw = 200, HTTPResponse(io.BytesIO(body), headers=headers, preload_content=False)
    made.headers.update(headers)
    return made


@pytest.mark.parametrize("packing", ["", "identity", " GZIP ", "x-gzip"])
def test_a_body_is_read_to_its_end(packing: str) -> None:
    """Plain or packed; what stands behind a packed one is none of it."""
    body = b"0123456789" * 5
    packed = gzip.compress(body) + b"behind" if "gzip" in packing.lower() else body
    answer = response(packed, **{"Content-Encoding": packing})
    load_body(answer, 50)
    assert answer.content == body


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_is_too_large_is_refused(packed: bool) -> None:
    """One byte more than the most, unpacked."""
    body, headers = bytes(51), {"Content-Encoding": "gzip"} if packed else {}
    with pytest.raises(TooLarge) as caught:
        load_body(response(gzip.compress(body) if packed else body, **headers), 50)
    assert str(caught.value) == "Its answer is larger than 50 bytes"


def test_a_body_in_another_packing_is_refused() -> None:
    """It was not asked for; and one that cannot be unpacked is a broken connection."""
    with pytest.raises(TooLarge) as caught:
        load_body(response(b"x", **{"Content-Encoding": "br"}), 50)
    assert str(caught.value) == "Its answer is packed in a way that was not asked for"
    with pytest.raises(requests.ConnectionError, match=r"^the answer cannot be unpacked$"):
        load_body(response(b"no gzip", **{"Content-Encoding": "gzip"}), 50)


def test_a_body_that_breaks_off_is_a_broken_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of requests, with the kind of what happened."""
    made = response(b"")
    monkeypatch.setattr(made.raw, "stream", lambda *args, **options: (_ for _ in ()).throw(OSError("quoted")))
    with pytest.raises(requests.ConnectionError, match=r"^the answer broke off \(OSError\)$"):
        load_body(made, 50)


def test_sizes_are_told_for_people() -> None:
    """In bytes below a MiB."""
    assert [size(1), size((1 << 20) - 1), size(1 << 20), size(20 << 20)] == [
        "1 bytes", "1048575 bytes", "1 MiB", "20 MiB",
    ]  # fmt: skip
    assert (connections.CALL_SIZE, connections.TOKEN_SIZE) == (20 << 20, 1 << 20)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2.5, true, null]", [1, 2.5, True, None]),
        ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
        (f"[{'9' * 300}]", [int("9" * 300)]),
        (f"[{'9' * 301}]", [None]),
        (b'{"a": "\xc3\xa9"}', {"a": "é"}),
        ('"\\ud800"', "\ud800"),
    ],
)
def test_json_is_read(text: Any, value: Any) -> None:
    """Numbers that are none are nothing."""
    assert parse_json(text) == value


def test_json_of_too_many_values_is_refused() -> None:
    """Commas and brackets count, whatever stands between."""
    fits = "[" + ",".join(["0"] * 999_999) + "]"
    assert len(parse_json(fits)) == 999_999
    for much in ("[[" + fits + "]]", "{" * 1_000_001, "," * 1_000_001):
        with pytest.raises(ValueError, match=r"^more values than any answer has$"):
            parse_json(much)


@pytest.mark.parametrize("name", TITLES + DETAILS)
def test_every_spelling_of_a_failure_is_read(name: str) -> None:
    """Each name alone; the names are those of Dolby's documents and of OAuth 2.0."""
    assert TITLES == ("title", "error_reason", "error")
    assert DETAILS == ("detail", "details", "error_description", "message")
    told = read_error_response(Answer(400, "Bad", {}, json.dumps({name: "why"}).encode()))
    assert (told.title if name in TITLES else told.detail) == "why"


@pytest.mark.parametrize("name", REQUEST_IDS)
def test_every_name_of_a_request_id_is_read(name: str) -> None:
    """It is what support asks for."""
    assert REQUEST_IDS == ("Apigw-Requestid", "X-Request-Id", "X-Amz-Cf-Id")
    assert read_error_response(Answer(500, "", {name: "abc="})).request_id == "abc="


def test_a_failure_is_read_whole() -> None:
    """Reason, type, wait, and whether it was JSON."""
    headers = {"Retry-After": "7"}
    told = read_error_response(Answer(429, "Too  Many", headers, b'{"type": "/problems/x"}'))
    assert (told.title, told.type, told.retry_after, told.from_json) == ("Too Many", "/problems/x", 7.0, True)
    plain = read_error_response(Answer(500, "", {}, b"<style>p</style><p>a &amp; b</p>"))
    assert (plain.title, plain.detail, plain.type, plain.from_json) == ("", "a & b", "", False)
    assert read_error_response(Answer(500, "", {}, b'["x"]')).from_json is False
    enveloped = read_error_response(Answer(401, "", {}, b'{"data": {"message": "in"}, "message": "out"}'))
    assert enveloped.detail == "out"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer abcdefgh", "Bearer …"),
        ("Authorization: Basic YWJj", "Authorization: Basic …"),
        ("bearer%20abc", "bearer%20…"),
        ("the bearer token is late", "the bearer token is late"),
        ("basic authentication failed", "basic authentication failed"),
        ("eyJhbGciOiJI.eyJzdWIi.c2ln end", "… end"),
        ("eyJ is short", "eyJ is short"),
        ("?X-Amz-Signature=abc&b=1", "?X-Amz-Signature=…&b=1"),
        ("?x-amz-credential%3Dabc d", "?x-amz-credential%3D… d"),
        ("X-Amz-Security-Token=abc'", "X-Amz-Security-Token=…'"),
        ("X-Amz-Date=1", "X-Amz-Date=1"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    """Plain sentences stay."""
    assert hide_secrets(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x9b31mred", "red"),
        ("\x1bPdcs\x1b\\x", "x"),
        ("a\rb\r\nc\x0bd\u2028e", "a\nb\nc\nd\ne"),
        ("tab\tstays\n", "tab\tstays\n"),
        ("bi\u202edi zero\u200bwidth soft\u00adhyphen \ufeffmark", "bidi zerowidth softhyphen mark"),
        ("\x00\x07\x7f.", "."),
        ("\x9fan application's\x9c.", "."),
        ("half \ud800", "half ?"),
    ],
)
def test_what_a_terminal_obeys_is_taken_out(text: str, shown: str) -> None:
    """And what hides letters."""
    assert scrub(text) == shown


def test_answers_are_scrubbed_in_all_their_parts() -> None:
    """Names, lists, tuples; numbers stay."""
    assert scrub_all({"\x07a": ["\x1b[1mb", ("Bearer abcdefgh", 1, None)]}) == {
        "a": ["b", ("Bearer …", 1, None)]
    }


def test_a_secret_is_known_in_every_form() -> None:
    """Raw, escaped, percent-encoded once and twice, and in base64 wherever it begins."""
    import base64
    from urllib.parse import quote, quote_plus

    known = forms(SECRET)
    percent = quote(SECRET, safe="")
    small = percent.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")
    twice, slashed = quote(percent, safe=""), SECRET.replace("/", "\\/")
    assert {SECRET, percent, small, twice, slashed, quote(SECRET), quote_plus(SECRET)} <= set(known)
    for before in (b"", b"k:", b"ke:", b"key:"):
        text = base64.b64encode(before + SECRET.encode() + b" tail").decode()
        assert any(form in text for form in known)
        assert any(form in text.replace("+", "-").replace("/", "_") for form in known)
    assert forms("a\"b<c'1234")[0] != forms("a\"b<c'1234")[-1]
    assert "a&quot;b&lt;c&#x27;1234" in forms("a\"b<c'1234")
    assert "a\\\"b<c'1234" in forms("a\"b<c'1234")


class Owner:
    """Somebody with a secret."""


def test_a_secret_is_hidden_until_its_end_and_a_while_longer() -> None:
    """Ten minutes, as logs and answers come late; the longest first."""
    time = [0.0]
    registry = SecretRegistry(lambda: time[0])
    registry.register("a-token-of-a-minute", lifetime=60)
    registry.register("a-secret-for-ever")
    registry.register("short12")
    owners = [Owner(), Owner()]
    registry.register("an-owned-secret-of-two", owner=owners[0])
    registry.register("an-owned-secret-of-two", owner=owners[1])
    owned = "an-owned-secret-of-two"
    assert registry.live() == (owned, "a-token-of-a-minute", "a-secret-for-ever")
    time[0] = 60 + GRACE - 1
    assert len(registry.live()) == 3
    time[0] = 60 + GRACE
    assert registry.live() == (owned, "a-secret-for-ever")
    owners.pop()
    assert owned in registry.live()
    owners.pop()
    assert owned in registry.live()
    time[0] += GRACE
    assert registry.live() == ("a-secret-for-ever",)
    registry.register("a-token-of-a-minute", lifetime=60)
    registry.register("a-token-of-a-minute", lifetime=6)
    time[0] += 61
    assert "a-token-of-a-minute" in registry.live()
    registry.forget(["a-secret-for-ever", "a-token-of-a-minute", "nothing"])
    assert registry.live() == ()
    assert GRACE == 600


def test_a_log_record_shows_no_signature_and_no_secret() -> None:
    """Of an address that is a key in itself, the whole query."""
    record = logging.LogRecord(
        "x", 10, "f", 1, "%s %s %d", ("http://a/b?q=1&X-Amz-Signature=1", "Bearer abc1", 7), None
    )
    assert redact.HidesSecrets().filter(record)
    assert record.getMessage() == "http://a/b?… Bearer … 7"
    redact.hide_in_logs()
    for name in redact.LOGGERS:
        assert any(isinstance(one, redact.HidesSecrets) for one in logging.getLogger(name).filters)


def test_what_was_printed_before_is_sent_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that shows secrets begins and ends with what was held back."""
    flushed = []

    class Stream(io.StringIO):
        def flush(self) -> None:
            flushed.append(redact.is_unmasked())

    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Stream())
    with redact.unmasked():
        assert redact.is_unmasked()
        assert flushed == [False, False]
    assert flushed == [False, False, True, True]
    assert not redact.is_unmasked()


def test_an_adapter_is_pickled_with_its_policy() -> None:
    """A copy in another process tries as often."""
    assert pickle.loads(pickle.dumps(RetryAdapter(ONCE))).policy == ONCE


def test_a_plain_session_tells_nothing_about_anybody() -> None:
    """No cookie is kept, no user named, and the bytes are asked for as they are stored."""
    session = PlainSession()
    assert session.headers["Accept-Encoding"] == "identity"
    for prefix in ("https://x", "http://x"):
        assert session.get_adapter(prefix).policy == ONCE  # type: ignore[attr-defined]
        assert isinstance(open_session(lambda request: request).get_adapter(prefix), RetryAdapter)  # type: ignore[arg-type]


def test_an_answer_is_text_whatever_its_bytes() -> None:
    """With a sign in place of what is none."""
    assert Answer(200, content=b"a\xff").text == "a\ufffd"
    assert Answer(200, content=b"[1]").json() == [1]
    assert (Answer(200).reason, Answer(200).headers, Answer(200).content) == ("", {}, b"")
