"""Token request: the one POST that makes a token, and what its answer means."""

import base64
import hashlib
import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.auth.access_token import ASSUMED_LIFE, AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.config import SANDBOX_GONE, is_local_origin
from dolbyio_nb.errors import ErrorResponse, InvalidOption, TokenError, TokenRefused, TokenUnavailable
from dolbyio_nb.http.error_response import read_error_response
from dolbyio_nb.http.limits import CONNECT_LIMIT, READ_LIMIT

LONGEST_LIFE = 86400  # seconds; Dolby's guide names 24 hours as the maximum
DEFAULT_LIFE = 1800  # seconds; the service's own default
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # what may name the authorities to trust
SHORTEST_SECRET = 8  # characters; a shorter one may be part of any word


def check_life(seconds: int) -> None:
    """Refuse a life that the service does not give.

    Raises:
        InvalidOption: it is out of range.
    """
    if type(seconds) is not int or not 1 <= seconds <= LONGEST_LIFE:
        raise InvalidOption(
            f"A token cannot live for {seconds!r} seconds.",
            f"Dolby.io gives tokens for 1 to {LONGEST_LIFE} seconds (24 hours).",
            f"Choose expires_in (--expires-in) from 1 to {LONGEST_LIFE}.",
        )


@dataclass(frozen=True)
class TokenRequest:
    """Asks the service for a token with one POST, each time it is called.

    Args:
        credentials: the App key and secret, sent as HTTP Basic authentication.
        auth_url: the origin of the token service, such as `https://api.dolby.io`.
        expires_in: seconds of life to ask for, 1 to 86400; the service may give less.

    Raises:
        InvalidOption: `expires_in` is out of range.
        TokenRefused: (when called) the service refuses these credentials or this request.
        TokenUnavailable: (when called) no usable answer; a later call may have one.
    """

    credentials: AppCredentials
    auth_url: str
    expires_in: int = DEFAULT_LIFE
    clock: Clock = field(default=now, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_life(self.expires_in)

    @property
    def url(self) -> str:
        """The address of the token endpoint."""
        return f"{self.auth_url}/v1/auth/token"

    @property
    def identity(self) -> Hashable:
        """Equal for requests that may share one token, and without the secret."""
        digest = hashlib.sha256(_bytes(self.credentials.app_secret)).hexdigest()
        return (self.url, self.credentials.app_key, digest, self.expires_in)

    def __call__(self) -> AccessToken:
        """Send the request; return the new token."""
        issued_at = self.clock()
        response = self._post()
        if token := read_token(response):
            value, lifetime = token
            return AccessToken(value, lifetime=lifetime, issued_at=issued_at, clock=self.clock)
        refusal = read_refusal(response)
        del response  # it may hold a token, and frames of a traceback can be looked into
        raise self._refusal(refusal) if is_final(refusal) else self._trouble(refusal)

    def _post(self) -> requests.Response:
        try:
            return requests.post(
                self.url,
                data={"grant_type": "client_credentials", "expires_in": str(self.expires_in)},
                headers={"Accept": "application/json", "Cache-Control": "no-cache"},
                auth=requests.auth.HTTPBasicAuth(
                    _bytes(self.credentials.app_key), _bytes(self.credentials.app_secret)
                ),
                timeout=(CONNECT_LIMIT, READ_LIMIT),
                allow_redirects=False,
            )
        except (OSError, HTTPError) as cause:  # the latter is urllib3's, of addresses it cannot read
            reason = _reason(cause)
        # Raised out here so that the error keeps no frames of requests, which hold the Basic header.
        raise TokenUnavailable(f"No token: {self.auth_url} cannot be reached.", reason, self._reach_it())

    def _reach_it(self) -> str:
        return SANDBOX_GONE if is_local_origin(self.auth_url) else "Check the network, then log in again."

    def _answered(self, answer: ErrorResponse) -> str:
        """Quote the answer, without the secret should a service ever echo it."""
        secret = self.credentials.app_secret
        return f"It answered {answer}.".replace(secret, "…" if len(secret) >= SHORTEST_SECRET else secret)

    def _refusal(self, answer: ErrorResponse) -> TokenError:
        what = f"No token: {self.auth_url} refuses the App key and App secret from {self.credentials.source}."
        next_step = [*self.credentials.warnings(), "Check both in the Dolby.io dashboard, then log in again."]
        if answer.status not in (400, 401, 403):
            what, next_step = f"No token: {self.url} is not a token endpoint.", ["Check DOLBYIO_AUTH_URL."]
        return TokenRefused(what, self._answered(answer), " ".join(next_step), status=answer.status)

    def _trouble(self, answer: ErrorResponse) -> TokenError:
        return TokenUnavailable(
            f"No token: {self.auth_url} is in trouble.",
            self._answered(answer),
            "Wait a little, then try again.",
            status=answer.status,
            retry_after=answer.retry_after,
        )


def _bytes(text: str) -> bytes:
    """Encode anything, also what the environment holds that is no text: the service is to judge it."""
    return text.encode(errors="surrogatepass")


def _reason(cause: Exception) -> str:
    if not isinstance(cause, requests.RequestException | HTTPError):
        return f"The certificates cannot be read ({', '.join(CERTIFICATES)}): {cause}"
    if isinstance(cause, requests.Timeout):
        return f"No answer within {READ_LIMIT:.0f} s ({type(cause).__name__})."
    if isinstance(cause, requests.exceptions.ProxyError):
        return "The proxy (HTTPS_PROXY) does not let the request through."
    if isinstance(cause, requests.exceptions.SSLError):
        return "Its TLS certificate is not trusted here (REQUESTS_CA_BUNDLE may name another authority)."
    return f"The connection failed ({type(cause).__name__})."


TRANSIENT = frozenset({408, 425, 429})  # and every 5xx: asking again may help


def read_token(response: requests.Response) -> tuple[str, float] | None:
    """Take a token and its life in seconds from an answer; None when there is none that can be used."""
    body = _json(response)
    if response.status_code != 200 or not _can_be_a_header(body.get("access_token")):
        return None
    return body["access_token"], _life(body)


def read_refusal(response: requests.Response) -> ErrorResponse:
    """Read what went wrong, without quoting a 200: whatever it holds may be a token."""
    if response.status_code == 200:
        return ErrorResponse(200, "OK", "but without a usable access_token")
    return read_error_response(response)


def is_final(answer: ErrorResponse) -> bool:
    """Tell a refusal from a passing trouble; a gateway's 400 or 403 without a JSON body is no refusal."""
    if answer.status in (200, *TRANSIENT) or answer.status >= 500:
        return False
    return answer.from_json or answer.status not in (400, 403)


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _can_be_a_header(token: object) -> bool:
    return isinstance(token, str) and token.isascii() and token.isprintable() and len(token.split()) == 1


def _life(body: dict[str, Any]) -> float:
    """Take the shorter of the answer's `expires_in` and the JWT's own life (`exp - iat`)."""
    lives = [life for life in (_number(body.get("expires_in")), _jwt_life(body["access_token"])) if life]
    return min(lives, default=ASSUMED_LIFE)


def _jwt_life(token: str) -> float | None:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return _number(claims["exp"] - claims["iat"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # anything may come in an answer
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None
