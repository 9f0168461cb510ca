"""Settings from the environment, and origins of addresses."""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from dolbyio_nb._util.place import login_words
from dolbyio_nb.errors import InvalidOption

AUTH_ORIGIN = "https://api.dolby.io"
MEDIA_ORIGIN = "https://api.dolby.com"
ORIGIN_NAMES = ("DOLBYIO_AUTH_URL", "DOLBYIO_MEDIA_URL")


def auth_url() -> str:
    """Give the origin of the token service: `DOLBYIO_AUTH_URL`, or Dolby's."""
    return _origin("DOLBYIO_AUTH_URL", AUTH_ORIGIN)


def media_url() -> str:
    """Give the origin of the Media APIs: `DOLBYIO_MEDIA_URL`, or Dolby's."""
    return _origin("DOLBYIO_MEDIA_URL", MEDIA_ORIGIN)


def sandbox_gone() -> str:
    """Say why nothing answers on this computer, and what starts it again."""
    return (
        "The sandbox there has ended, and its files and jobs with it. "
        f"Start one: python -m dolbyio_nb sandbox --save, or {login_words('--sandbox')}."
    )


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


def is_local_origin(url: str) -> bool:
    """Whether the address is an origin on this computer."""
    return _is_safe_origin(url) and Origin.of(url).is_local


def local_origins(values: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The two origins of a sandbox on this computer; a file sends nobody's secret anywhere else."""
    auth, media = ((values.get(name) or "").strip().rstrip("/") for name in ORIGIN_NAMES)
    return (auth, media) if is_local_origin(auth) and is_local_origin(media) else None


def _is_safe_origin(url: str) -> bool:
    try:
        parts, origin = urlsplit(url), Origin.of(url)
    except ValueError:
        return False
    bare = bool(origin.host) and not (parts.path or parts.query or parts.fragment or parts.username)
    return bare and origin.is_private


# Nothing that two readers of addresses may read differently.
DOLBY_HOST = re.compile(r"([a-z0-9-]+\.)+dolby\.(io|com)")
STANDARD_PORTS = {"https": 443, "http": 80}


class Origin(NamedTuple):
    """Scheme, host and port: what two addresses share when the same server answers both."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Read the origin of an address."""
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        return cls(scheme, (parts.hostname or "").lower(), parts.port or STANDARD_PORTS.get(scheme))

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along: https, or a server on this computer."""
        return self.scheme == "https" or (self.scheme == "http" and self.is_local)

    @property
    def is_local(self) -> bool:
        """Whether it is this computer, where Dolby.io never is, but a sandbox may be."""
        return _is_loopback(self.host)

    @property
    def is_dolby(self) -> bool:
        """Whether it is one of Dolby's hosts, on the standard port."""
        return self.scheme == "https" and self.port == 443 and bool(DOLBY_HOST.fullmatch(self.host))


@lru_cache
def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(url: str) -> bool:
    """Tell whether an address is on this computer."""
    try:
        return Origin.of(url).is_local
    except ValueError:
        return False
