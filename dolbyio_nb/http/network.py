"""Proxy and certificate authorities: what the environment and the system name, and under which name."""

import os
from contextlib import suppress
from urllib.parse import urlsplit

from dolbyio_nb._util.environ import PROXIES

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")  # in the order in which they count


def authorities() -> tuple[str, str] | None:
    """Give the variable that names the authorities to trust, and the file; None when none does."""
    return next(((name, os.environ[name]) for name in BUNDLES if os.environ.get(name)), None)


def proxy_of(url: str) -> str:
    """Name the proxy for an address as the environment has it, without its password."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    variable = next((name for name in PROXIES if proxy and os.environ.get(name) == proxy), None)
    place = _place(proxy)
    return f"{variable or 'the settings'} ({place})" if place else variable or "HTTPS_PROXY"


def _place(proxy: str) -> str:
    parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    with suppress(ValueError):  # no port is like that
        return f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    return parts.hostname or ""
