"""Which addresses may see the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.auth.bearer import Origins

ORIGINS = Origins(["http://127.0.0.1:8460", "https://dolby.example.org:8443", "http://far.example.org"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8460/media/jobs",
        "https://dolby.example.org:8443/",
        "HTTPS://Dolby.Example.Org:8443/x",
        "https://api.dolby.io/v1/auth/token",
        "https://api.dolby.com/media/jobs",
        "https://api.dolby.com:443/media/jobs",
        "https://comms.api.dolby.io/",
    ],
)
def test_dolbys_hosts_and_the_configured_origins_may(url: str) -> None:
    """https to Dolby, and the origins of the log-in."""
    assert ORIGINS.may_see_the_token(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.dolby.com/media/jobs",
        "https://api.dolby.com:8443/media/jobs",
        "https://dolby.com.evil.example/",
        "https://evildolby.com/",
        "https://api.dolby.com@evil.example/",
        "https://evil.example/?https://api.dolby.com",
        "https://evil.example/#.dolby.com",
        "https://evil.example\\.dolby.com/",
        "http://127.0.0.1:8461/media/jobs",
        "http://localhost:8460/media/jobs",
        "https://127.0.0.1:8460/media/jobs",
        "http://dolby.example.org:8443/",
        "https://dolby.example.org/",
        "http://far.example.org/",
        "https://media-api-x.s3-accelerate.amazonaws.com/in?X-Amz-Signature=1",
        "https://uploads.dolby.com/in?X-Amz-Signature=1",
        "ftp://api.dolby.com/",
        "https://api.dolby.com:port/",
        "https:///media",
        "",
    ],
)
def test_nobody_else_may(url: str) -> None:
    """Not plain http beyond this computer, other ports, look-alikes, presigned addresses."""
    assert not ORIGINS.may_see_the_token(url)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    """A strange address is a no, never an error."""
    assert ORIGINS.may_see_the_token(f"https://{text}") in (True, False)
    assert not ORIGINS.may_see_the_token(text.replace("dolby", ""))
