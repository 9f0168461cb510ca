"""The token is a string for machines and a mask for people."""

import copy
import json
import logging
import pickle
import pprint
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from dolbyio_nb.auth.access_token import AccessToken

VALUE = "eyJhbGciOiJIUzI1NiJ9.needle.needle-a1b2"


@pytest.fixture
def token() -> AccessToken:
    """A token asked for at 100 s on a clock that stands at 237 s, with half an hour of life."""
    return AccessToken(VALUE, lifetime=1800.0, issued_at=100.0, clock=lambda: 237.0)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        pprint.pformat,
        lambda t: "%s" % t,  # noqa: UP031 - the way most logging is written
        lambda t: f"{t!s} {t!r}",
        lambda t: str([t, {"token": t}]),
        lambda t: str(ValueError(t)) + repr(ValueError(t)),
        lambda t: "".join(traceback.format_exception(ValueError(t))),
        lambda t: "sent Bearer %s today" % t,  # noqa: UP031 - a sentence, not a header
        lambda t: "%s %s" % ("Bearer", t),  # noqa: UP031
        lambda t: logging.LogRecord("n", 20, "p", 1, "token %s", (t,), None).getMessage(),
    ],
)
def test_people_see_the_mask(token: AccessToken, show: Callable[..., Any] | Callable[..., str]) -> None:
    """Whatever shows things to people shows the mask, with the last four characters and the time left."""
    assert "needle" not in show(token)
    assert "…a1b2, 27:43 left" in show(token)


@pytest.mark.parametrize(
    "use",
    [
        lambda t: f"{t}",
        lambda t: "Bearer " + t,
        lambda t: t.encode().decode(),
        lambda t: json.dumps(t),
        lambda t: "".join(["Bearer ", t]),
        lambda t: "Bearer %s" % t,  # noqa: UP031 - old habits are met here
        lambda t: "Authorization: bearer %s" % t,  # noqa: UP031
        lambda t: subprocess.check_output(
            [sys.executable, "-c", "import sys; print(sys.argv[1])", t]
        ).decode(),
    ],
)
def test_machines_get_the_value(token: AccessToken, use: Callable[..., Any] | Callable[..., str]) -> None:
    """Whatever sends things to machines sends the value."""
    assert VALUE in use(token)


def test_it_is_a_string(token: AccessToken) -> None:
    """It equals, hashes and passes as the plain string, and `.value` is one."""
    assert token == VALUE
    assert hash(token) == hash(VALUE)
    assert isinstance(token, str)
    assert type(token.value) is str


def test_mask_cannot_be_sent_as_a_header(token: AccessToken) -> None:
    """The mask is no latin-1, so a mask put into a header by mistake fails at once."""
    with pytest.raises(UnicodeEncodeError):
        str(token).encode("latin-1")


def test_pickling_is_refused_in_words(token: AccessToken) -> None:
    """Pickle and %store are refused, with the reason; a copy is the same object."""
    with pytest.raises(pickle.PicklingError, match="not pickled"):
        pickle.dumps(token)
    assert copy.deepcopy({"a": token})["a"] is token


def test_time_left_counts_down_to_expired() -> None:
    """Hours show when there are any, and the end is called expired."""
    now = 0.0
    token = AccessToken(VALUE, lifetime=7300, issued_at=0.0, clock=lambda: now)
    assert "2:01:40 left" in repr(token)
    now = 7300.0
    assert "expired" in repr(token)
    assert token.seconds_left == 0.0


def test_short_tokens_show_nothing() -> None:
    """A token too short to hide most of itself shows none of its characters."""
    assert AccessToken("short-token-abc").hint == "…"
