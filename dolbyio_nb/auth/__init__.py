"""Who you are: from App key and App secret to a token that never expires."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolbyio_nb.auth.access_token import DEFAULT_LIFE, LONGEST_LIFE, AccessToken
    from dolbyio_nb.auth.credentials import AppCredentials
    from dolbyio_nb.auth.keeper import TokenKeeper
    from dolbyio_nb.auth.refresh_state import KeeperStatus
    from dolbyio_nb.auth.token_request import TokenRequest

__all__ = [
    "DEFAULT_LIFE",
    "LONGEST_LIFE",
    "AccessToken",
    "AppCredentials",
    "KeeperStatus",
    "TokenKeeper",
    "TokenRequest",
]

_HOMES = {
    "AppCredentials": "credentials",
    "KeeperStatus": "refresh_state",
    "TokenKeeper": "keeper",
    "TokenRequest": "token_request",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: the extension needs neither a keeper nor requests."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'access_token')}"), name)
