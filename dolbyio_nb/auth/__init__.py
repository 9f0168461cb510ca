"""Who you are: from App key and App secret to a token that never expires."""

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.status import KeeperStatus
from dolbyio_nb.auth.token_answer import LONGEST_LIFE
from dolbyio_nb.auth.token_request import DEFAULT_LIFE, TokenRequest

__all__ = [
    "DEFAULT_LIFE",
    "LONGEST_LIFE",
    "AccessToken",
    "AppCredentials",
    "KeeperStatus",
    "TokenKeeper",
    "TokenRequest",
]
