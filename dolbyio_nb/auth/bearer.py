"""Bearer authentication, for Dolby's hosts only."""

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import requests
from requests.auth import AuthBase

from dolbyio_nb._util.place import renew_no_proxy
from dolbyio_nb.auth.access_token import AccessToken, MaskedText
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.config import Origin
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.http.redact import PRESIGNED
from dolbyio_nb.http.retry import rewound, start_of


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


MASK = "…"
BEARER = "Bearer "


def bearer_auth(keeper: TokenKeeper, origins: Iterable[str]) -> "BearerAuth":
    """Make the authentication for requests, and for httpx as well once that is loaded."""
    if "httpx" in sys.modules:
        from dolbyio_nb.auth.httpx_auth import HttpxBearerAuth  # httpx need not be installed

        return HttpxBearerAuth(keeper, origins)
    return BearerAuth(keeper, origins)


class BearerAuth(AuthBase):
    """Adds the token to requests to Dolby's hosts, and renews it when the API refuses it.

    On a 401 the request is sent once more with a new token, if its body can be replayed: none, bytes, text,
    or a file that can be rewound to where it started. Otherwise the 401 is returned, and renewal goes on.

    Args:
        keeper: where the token comes from.
        origins: addresses of the services that may see it, besides Dolby's own hosts; https, or on this
            computer.
    """

    def __init__(self, keeper: TokenKeeper, origins: Iterable[str]) -> None:
        self._keeper = keeper
        self._origins = Origins(origins)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        refuse_masks(request.headers)
        if self._origins.may_see_the_token(request.url or ""):
            renew_no_proxy()  # requests looks for a proxy after this
            request.headers["Authorization"] = MaskedText(BEARER + self._keeper.token())
            look = partial(self._answered, start=start_of(request.body))
            request.register_hook("response", look)  # type: ignore[no-untyped-call]  # so are its stubs
        return request

    def _answered(self, response: requests.Response, start: int | None, **options: Any) -> requests.Response:
        """Look at each answer on the way, also those of redirects, and send once more after a 401."""
        request = response.request
        if "Authorization" not in request.headers or not self._origins.may_see_the_token(request.url or ""):
            return response  # redirected elsewhere, so that the header was taken off
        if self._is_settled(response) or not rewound(request.body, start):
            return response
        return self._send_again(response, options)

    def _is_settled(self, response: requests.Response) -> bool:
        """Tell the keeper what the API thinks of the token; False if another one is worth a try."""
        token = token_in(response.request.headers)
        if token and response.ok:
            self._keeper.accept(token)
        if response.status_code != 401:
            return True
        return bool(token) and not self._keeper.reject(token)

    def _send_again(self, response: requests.Response, options: dict[str, Any]) -> requests.Response:
        response.close()
        request = response.request.copy()
        request.headers["Authorization"] = MaskedText(BEARER + self._keeper.token())
        again: requests.Response = response.connection.send(request, **options)
        again.history.append(response)
        self._is_settled(again)
        return again


def token_in(headers: Mapping[str, Any]) -> AccessToken:
    """Read the token that was sent; empty when .netrc put something else there, on a redirect."""
    header = headers["Authorization"]
    return AccessToken(header.removeprefix(BEARER) if header.startswith(BEARER) else "")


def refuse_masks(headers: Mapping[str, str | bytes]) -> None:
    for name, value in headers.items():
        if MASK in (value if isinstance(value, str) else value.decode("utf-8", "replace")):
            raise DolbyError(
                f"The request was not sent: its {name} header holds a mask instead of a token.",
                "Printing, str() and most templates show a token as <Dolby.io token …>, "
                "so that no notebook keeps it.",
                'Write f"Bearer {dolby_token}", or use dolby.session, which adds the header itself.',
            )
