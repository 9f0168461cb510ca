"""Any error answer is read, whatever its spelling."""

import io
import json
from collections.abc import Collection

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.http import redact
from dolbyio_nb.http.error_response import LONGEST_TEXT, read_error_response, retry_after

SECRET = "K7u2-Zq9xW_4mTf8.RbN1sYc6Ld0Ev3"
redact.register(SECRET)


def answer(body: bytes, status: int = 400, **headers: str) -> requests.Response:
    """Make an answer as requests would."""
    response = requests.Response()
    response.status_code, response.raw = status, io.BytesIO(body)
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        ({"title": "Failure", "detail": "expired", "status": 401}, "Failure", "expired"),
        ({"title": "Failure", "details": "expired"}, "Failure", "expired"),
        (
            {"type": "UNAUTHORIZED", "error": "Unauthorized", "message": "no such app"},
            "Unauthorized",
            "no such app",
        ),
        ({"error_code": 401, "error_reason": "bad", "error_description": "why"}, "bad", "why"),
        ({"error": "invalid_client", "error_description": "unknown"}, "invalid_client", "unknown"),
        ({"data": {"message": "Unauthorized"}, "status": "fail"}, "", "Unauthorized"),
    ],
)
def test_known_spellings(
    body: dict[str, object] | dict[str, str] | dict[str, Collection[str]], title: str, detail: str
) -> None:
    """Every spelling seen in Dolby's documents and clients is understood."""
    error = read_error_response(answer(json.dumps(body).encode()))
    assert (error.title, error.detail, error.from_json) == (title, detail, True)


def test_html_is_read_as_text() -> None:
    """A gateway's HTML page becomes its text."""
    page = b"<html><head><style>p {}</style></head><body><h1>Bad</h1>\n<p>Gateway</p></body></html>"
    error = read_error_response(answer(page, 502))
    assert (error.status, error.detail, error.from_json) == (502, "Bad Gateway", False)


def test_request_id_is_kept() -> None:
    """The id that the service's support asks for is kept."""
    assert read_error_response(answer(b"", 500, **{"apigw-requestid": "abc="})).request_id == "abc="


@given(
    st.binary(max_size=2000) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_nothing_breaks_the_reader(body: bytes) -> None:
    """Any bytes at all give an error response, with a text short enough to show."""
    error = read_error_response(answer(body))
    assert error.status == 400
    assert max(len(error.title), len(error.detail)) <= LONGEST_TEXT


def test_retry_after_takes_seconds_and_dates() -> None:
    """`Retry-After` counts in seconds, or from the same answer's own date, whatever the clock here says."""
    then, later = "Tue, 01 Jan 2030 00:00:00 GMT", "Tue, 01 Jan 2030 00:00:07 GMT"
    assert retry_after("3", None) == 3.0
    assert retry_after(later, then) == 7.0
    assert retry_after(then, later) == 0.0
    assert retry_after(later, None) is None
    assert retry_after("soon", then) is None
    assert retry_after(None, then) is None


def test_a_bottomless_answer_is_read_as_text() -> None:
    """JSON that is nested deeper than it can be read is no reason to break."""
    error = read_error_response(answer(b"[" * 100_000))
    assert error.from_json is False
    assert error.detail.startswith("[[[")


CUTS = {
    "a long text": ("", "x", "", LONGEST_TEXT),
    "a style": ("<style>", "x", "</style>", 20_000),
    "a page of signs that nobody sees": ("", "\x00", "", 1 << 20),
}
"""What stands before a secret, filled up so that a cut falls into it."""


@pytest.mark.parametrize("before", [4, 17, len(SECRET) - 1])
@pytest.mark.parametrize(("cut", "title"), [("a long text", True), *((cut, False) for cut in CUTS)])
def test_no_cut_leaves_half_a_secret(cut: str, before: int, title: bool) -> None:
    """Wherever a text is cut, a secret that stands there was hidden before."""
    first, fill, last, length = CUTS[cut]
    text = first + fill * (length - before - len(first + last)) + last + SECRET + " tail"
    error = read_error_response(answer(json.dumps({"title": text}).encode() if title else text.encode()))
    shown = f"{error.title} {error.detail}"
    assert not [at for at in range(len(SECRET) - 3) if SECRET[at : at + 4] in shown]
    assert SECRET[:before] not in shown.split()
