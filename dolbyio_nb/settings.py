"""What the environment may change: the two origins, and whether the sandbox stands in."""

import os
from urllib.parse import urlsplit

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.origins import Origin

AUTH_ORIGIN = "https://api.dolby.io"
MEDIA_ORIGIN = "https://api.dolby.com"


def auth_url() -> str:
    """Give the origin of the token service: `DOLBYIO_AUTH_URL`, or Dolby's."""
    return _origin("DOLBYIO_AUTH_URL", AUTH_ORIGIN)


def media_url() -> str:
    """Give the origin of the Media APIs: `DOLBYIO_MEDIA_URL`, or Dolby's."""
    return _origin("DOLBYIO_MEDIA_URL", MEDIA_ORIGIN)


def sandbox_mode() -> str:
    """Read `DOLBYIO_SANDBOX`: `0` never, `auto` when no credentials are found, `1` always."""
    mode = os.environ.get("DOLBYIO_SANDBOX", "").strip().lower() or "0"
    if mode not in ("0", "auto", "1"):
        raise InvalidOption(
            f"DOLBYIO_SANDBOX cannot be {mode!r}.",
            "It decides when the sandbox stands in for Dolby.io.",
            "Set it to 1 (always), auto (when no credentials are found) or 0 (never).",
        )
    return mode


def _origin(variable: str, default: str) -> str:
    url = (os.environ.get(variable) or default).strip().rstrip("/")
    if not _is_safe_origin(url):
        raise InvalidOption(
            f"{variable} is {url!r}, which is no place to send a secret or a token.",
            "Only https, or http on this computer, keeps them from being read on the way.",
            f"Set it to an origin such as {default}, or unset it.",
        )
    return url


def _is_safe_origin(url: str) -> bool:
    try:
        parts, origin = urlsplit(url), Origin.of(url)
    except ValueError:
        return False
    bare = bool(origin.host) and not (parts.path or parts.query or parts.fragment or parts.username)
    return bare and origin.is_private
