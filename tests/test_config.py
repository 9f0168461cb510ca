"""The environment may change the origins and bring in the sandbox, and only in safe ways."""

from typing import Any

import pytest

from dolbyio_nb.config import Origin, auth_url, media_url, sandbox_mode
from dolbyio_nb.errors import InvalidOption


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOLBYIO_AUTH_URL", "DOLBYIO_MEDIA_URL", "DOLBYIO_SANDBOX"):
        monkeypatch.delenv(name, raising=False)


def test_dolbys_origins_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings, and with empty ones, the two hosts of Dolby's documents are used."""
    monkeypatch.setenv("DOLBYIO_MEDIA_URL", "")
    assert (auth_url(), media_url()) == ("https://api.dolby.io", "https://api.dolby.com")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8460", "http://localhost:1", "https://example.org", "http://[::1]:1"]
)
def test_safe_origins_are_taken(monkeypatch: pytest.MonkeyPatch, url: Any) -> None:
    """https anywhere, and http on this computer, are taken; a slash at the end does no harm."""
    monkeypatch.setenv("DOLBYIO_AUTH_URL", f" {url}/ ")
    assert auth_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.dolby.io",
        "http://127.0.0.1.example.org",
        "ftp://localhost",
        "https://example.org/v1",
        "https://user:password@example.org",
        "https://[",
        "https://host:port",
        "api.dolby.io",
    ],
)
def test_unsafe_origins_are_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Anything else is refused by name before a secret is sent there."""
    monkeypatch.setenv("DOLBYIO_AUTH_URL", url)
    with pytest.raises(InvalidOption, match="DOLBYIO_AUTH_URL"):
        auth_url()


def test_sandbox_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox stands in never, always, or when no credentials are found."""
    assert sandbox_mode() == "0"
    for mode in ("0", "1", "auto", "AUTO"):
        monkeypatch.setenv("DOLBYIO_SANDBOX", mode)
        assert sandbox_mode() == mode.lower()
    monkeypatch.setenv("DOLBYIO_SANDBOX", "yes")
    with pytest.raises(InvalidOption, match="yes"):
        sandbox_mode()


def test_this_computer_is_never_dolby() -> None:
    """An origin on this computer is a sandbox's."""
    assert Origin.of("http://127.0.0.1:8460").is_local
    assert not Origin.of("https://api.dolby.io").is_local
