"""Which addresses may see the token."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

# Nothing that two readers of addresses may read differently.
DOLBY_HOST = re.compile(r"([a-z0-9-]+\.)+dolby\.(io|com)")
STANDARD_PORTS = {"https": 443, "http": 80}
PRESIGNED = "x-amz-signature="  # such an address is a key in itself; storage refuses a second one


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
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_dolby(self) -> bool:
        """Whether it is one of Dolby's hosts, on the standard port."""
        return self.scheme == "https" and self.port == 443 and bool(DOLBY_HOST.fullmatch(self.host))


class Origins:
    """The origins that may see the token: those of a log-in, and Dolby's own."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._configured = frozenset(Origin.of(url) for url in urls)

    def may_see_the_token(self, url: str) -> bool:
        """Decide by the address alone; when in doubt, no."""
        try:
            origin = Origin.of(url)
        except ValueError:
            return False
        if PRESIGNED in url.lower():
            return False
        return origin.is_dolby or (origin.is_private and origin in self._configured)
