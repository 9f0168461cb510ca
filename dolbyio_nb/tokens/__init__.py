"""The token, and the one request that makes it."""

from dolbyio_nb.tokens.access_token import AccessToken
from dolbyio_nb.tokens.request import DEFAULT_LIFE, LONGEST_LIFE, TokenRequest

__all__ = ["DEFAULT_LIFE", "LONGEST_LIFE", "AccessToken", "TokenRequest"]
