"""Who you are: from App key and App secret to a token that never expires."""

from typing import TYPE_CHECKING, Any

from dolbyio_nb.auth.access_token import DEFAULT_LIFE, LONGEST_LIFE, AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.status import KeeperStatus

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:
    """Load the token request, and requests with it, when it is first needed and not with the extension."""
    if name == "TokenRequest":
        from dolbyio_nb.auth.token_request import TokenRequest

        return TokenRequest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
