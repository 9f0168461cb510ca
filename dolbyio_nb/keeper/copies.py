"""Why a keeper that was copied to another process cannot renew its token."""

from typing import NoReturn

from dolbyio_nb.errors import TokenRefused


def fetch_without_secret() -> NoReturn:
    """Stand in for the token request in a copy: it has the token that it took along, and gets no other."""
    raise TokenRefused(
        "No token: this copy of the log-in cannot renew its own.",
        "The App secret stays in the process that logged in.",
        "Log in here too, or hand over a token with a longer life: dolby.delegate(expires_in=...).",
    )
