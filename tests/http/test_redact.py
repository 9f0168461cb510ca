"""Redaction: no form of a secret and no control character gets through."""

import base64
import gc
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.errors import DolbyError
from dolbyio_nb.http import redact
from dolbyio_nb.http.redact import GRACE, SecretRegistry, scrub, without_controls

SECRET = "s3cret/with+signs&more=?~" + "Qz9"
redact.register(SECRET)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower().replace("qz9", "Qz9"),
        quote(quote(SECRET, safe=""), safe=""),
        html.escape(SECRET),
        json.dumps(SECRET).replace("/", "\\/"),
    ],
)
def test_no_form_of_a_secret_gets_through(form: str) -> None:
    """Raw, percent-encoded once or twice, as HTML and as JSON."""
    assert form not in scrub(f"You sent {form}!")
    assert scrub(f"You sent {form}!").startswith("You sent ")


@given(st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_no_base64_of_a_secret_gets_through(before: bytes, after: bytes, urlsafe: bool) -> None:
    """Whatever stands before and after it, in both alphabets."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    coded = encode(before + SECRET.encode() + after).decode()
    shown = scrub(f"x={coded}")
    first, last = -(-len(before) * 8 // 6), (len(before) + len(SECRET)) * 8 // 6
    pieces = {coded[at : at + 4] for at in range(first, last - 3)}
    outside = coded[:first] + " " + coded[last:]
    assert not [piece for piece in pieces if piece in shown and piece not in outside]
    assert "…" in shown


@pytest.mark.parametrize("word", ["Bearer", "basic", "BEARER"])
@pytest.mark.parametrize("between", [" ", ":  ", "%20", '": "', "+", "\n"])
def test_what_follows_the_words_is_hidden(word: str, between: str) -> None:
    """A gateway that quotes the header of somebody else's log-in shows nothing of it."""
    assert "dXNlcjpw" not in scrub(f"Authorization: {word}{between}dXNlcjpwYXNz== was not accepted")


def test_sentences_about_the_words_stay() -> None:
    """A hint is no credential."""
    for text in ("Bearer authentication is needed.", "Use Basic auth.", 'Write f"Bearer {dolby_token}".'):
        assert scrub(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a\x1b[31mred\x1b[0mb",
        "a\x1b]52;c;aGVsbG8=\x07b",
        "a\x1b]8;;http://evil\x1b\\b",
        "a\x9b31mb",
        "a\x9d52;c;x\x9cb",
        "a\u202eb",
        "a\u2066\u200f\u061cb",
        "a\x00\x08\x7f\x85b",
        "a\x1bPq\x1b\\b",
        "a\x1bcb",
    ],
)
def test_no_control_character_reaches_a_terminal(text: Any) -> None:
    """Escapes go with what they say; C0, C1 and bidi go; letters stay."""
    shown = without_controls(text)
    assert all(sign == "\n" or sign.isprintable() for sign in shown)
    assert shown[0] == "a"
    assert shown[-1] == "b"
    assert "52" not in shown


def test_a_secret_that_is_split_by_what_nobody_sees_is_hidden() -> None:
    """Controls are taken out first."""
    assert SECRET[9:] not in scrub(f"{SECRET[:9]}\u200b{SECRET[9:]}")


def test_every_error_is_scrubbed() -> None:
    """Whoever makes it."""
    error = DolbyError(f"It said {SECRET}.", f"Bearer {SECRET}", f"\x1b[2Jx{quote_plus(SECRET)}")
    assert SECRET not in f"{error}{error!r}{error.args}"
    assert quote_plus(SECRET) not in str(error)
    assert "\x1b" not in str(error)


def test_a_value_is_hidden_until_some_minutes_after_its_end() -> None:
    """A token by its lifetime, a secret by its owner."""
    time = [0.0]
    registry = SecretRegistry(lambda: time[0])
    owner = type("Owner", (), {})()
    registry.register("token-of-a-minute", lifetime=60)
    registry.register("secret-of-the-owner", owner=owner)
    time[0] = 60 + GRACE - 1
    assert set(registry.live()) == {"token-of-a-minute", "secret-of-the-owner"}
    time[0] += 2
    assert registry.live() == ("secret-of-the-owner",)
    del owner
    gc.collect()
    assert registry.live() == ("secret-of-the-owner",)
    time[0] += GRACE + 1
    assert registry.live() == ()


def test_a_value_of_two_owners_is_hidden_until_the_last_has_gone() -> None:
    """Looking for credentials reads the same secret again and again; the log-in keeps one of them."""
    time = [0.0]
    registry = SecretRegistry(lambda: time[0])
    kept, read_again = (type("Owner", (), {})() for _ in range(2))
    for owner in (kept, read_again):
        registry.register("secret-of-both", owner=owner)
    del owner, read_again
    gc.collect()
    time[0] = 10 * GRACE
    assert registry.live() == ("secret-of-both",)
    del kept
    gc.collect()
    assert registry.live() == ("secret-of-both",)
    time[0] += GRACE
    assert registry.live() == ()


def test_short_values_are_left_alone() -> None:
    """A value of three letters is a part of any word."""
    registry = SecretRegistry()
    registry.register("abc")
    assert registry.live() == ()
