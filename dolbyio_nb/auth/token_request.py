"""Token request: the one POST that makes a token, and what its answer means."""

import base64
import hashlib
import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.auth.access_token import ASSUMED_LIFE, DEFAULT_LIFE, LONGEST_LIFE, AccessToken, check_life
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.errors import ErrorResponse, TokenError, TokenRefused, TokenUnavailable
from dolbyio_nb.http import session
from dolbyio_nb.http.connections import TooLarge
from dolbyio_nb.http.error_response import cause_of, read_error_response
from dolbyio_nb.http.limits import CONNECT_LIMIT, READ_LIMIT, TOKEN_LIMIT, OutOfTime

if TYPE_CHECKING:
    from dolbyio_nb.http.session import Answer


TRANSIENT = frozenset({408, 425, 429})  # and every 5xx: asking again may help
PASSING_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})  # OAuth's, with any 4xx
BLAMES_CREDENTIALS = frozenset({"invalid_client", "unauthorized_client", "invalid_grant", "access_denied"})


class Meaning(Enum):
    """What an answer without a token means."""

    REFUSED = "the service refuses these credentials, or this request"
    UNAVAILABLE = "the service is in trouble; asking again may help"
    NOT_THE_SERVICE = "something on the way answered, such as a proxy or a captive portal"


def read_token(answer: "Answer", asked: float = LONGEST_LIFE) -> tuple[str, float] | None:
    """Take a token and its life in seconds from an answer; None when there is none that can be used.

    The life is the shortest of what was asked for, what was answered, what a JWT says of itself, and a day.
    """
    body = _json_object(answer)
    token = body.get("access_token")
    if answer.status_code != 200 or not isinstance(token, str) or not _can_be_a_header(token):
        return None
    given = [life for life in (_seconds(body.get("expires_in")), _jwt_life(token)) if life]
    return token, min(*(given or [ASSUMED_LIFE]), asked, LONGEST_LIFE)


def judge(answer: "Answer") -> Meaning:
    """Tell what an answer without a token means."""
    status, body = answer.status_code, _json_object(answer)
    code = body.get("error") if isinstance(body.get("error"), str) else ""
    if _is_foreign(answer, body):
        return Meaning.NOT_THE_SERVICE
    if status == 200:
        return Meaning.REFUSED if code in BLAMES_CREDENTIALS else Meaning.UNAVAILABLE
    if status in TRANSIENT or status >= 500 or code in PASSING_ERRORS:
        return Meaning.UNAVAILABLE
    return Meaning.REFUSED if body or status not in (400, 403) else Meaning.UNAVAILABLE


def _is_foreign(answer: "Answer", body: dict[str, Any]) -> bool:
    status = answer.status_code
    if status < 200 or 300 <= status < 400 or status in (407, 511):
        return True
    is_page = "html" in answer.headers.get("Content-Type", "").lower() or answer.content.lstrip()[:1] == b"<"
    return is_page and not body and status < 500 and status not in TRANSIENT


def explain(answer: "Answer") -> ErrorResponse:
    """Read what went wrong, without quoting a 200: whatever it holds may be a token."""
    if answer.status_code == 200:
        code = _json_object(answer).get("error")
        known = code in BLAMES_CREDENTIALS | PASSING_ERRORS if isinstance(code, str) else False
        return ErrorResponse(200, "OK", f"but the error {code}" if known else "but no usable access_token")
    host = _host(answer.headers.get("Location", "")) if 300 <= answer.status_code < 400 else ""
    if host:
        return ErrorResponse(answer.status_code, answer.reason, f"leads to {host}")
    return read_error_response(answer)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _json_object(answer: "Answer") -> dict[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _can_be_a_header(token: str) -> bool:
    return token.isascii() and token.isprintable() and len(token.split()) == 1


def _jwt_life(token: str) -> float | None:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return _seconds(claims["exp"] - claims["iat"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None


def _seconds(value: Any) -> float | None:
    """Read a number that may be anything; what is no finite number above 0 says nothing."""
    try:
        number = inf if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 < number < inf else None


@dataclass(frozen=True)
class TokenRequest:
    """Asks the service for a token with one POST, each time it is called.

    Args:
        credentials: the App key and secret, sent as HTTP Basic authentication.
        auth_url: the origin of the token service, such as `https://api.dolby.io`.
        expires_in: seconds of life to ask for, 1 to 86400; the service may give less.
        clock: what the token's life is counted on.
        time_limit: seconds in all for the request and its whole answer.

    Raises:
        InvalidOption: `expires_in` is out of range.
        TokenRefused: (when called) the service refuses these credentials or this request.
        TokenUnavailable: (when called) no usable answer; a later call may have one.
    """

    credentials: AppCredentials
    auth_url: str
    expires_in: int = DEFAULT_LIFE
    clock: Clock = field(default=now, repr=False, compare=False)
    time_limit: float = field(default=TOKEN_LIMIT, repr=False, compare=False)

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
        answer = self._post()
        if token := read_token(answer, self.expires_in):
            value, lifetime = token
            return AccessToken(value, lifetime=lifetime, issued_at=issued_at, clock=self.clock)
        meaning, said = judge(answer), explain(answer)
        del answer  # it may hold a token, and frames of a traceback can be looked into
        raise self._refused(said) if meaning is Meaning.REFUSED else self._unavailable(said, meaning)

    def _post(self) -> session.Answer:
        try:
            return session.post(
                self.url,
                seconds=self.time_limit,
                data={"grant_type": "client_credentials", "expires_in": str(self.expires_in)},
                headers={"Accept": "application/json", "Cache-Control": "no-cache"},
                auth=HTTPBasicAuth(_bytes(self.credentials.app_key), _bytes(self.credentials.app_secret)),
                timeout=(CONNECT_LIMIT, READ_LIMIT),
            )
        except (OSError, HTTPError, OutOfTime, TooLarge) as error:  # HTTPError: an address it cannot read
            cause = cause_of(error, self.url)
        # Raised out here so that the error keeps no frames of requests, which hold the Basic header.
        raise TokenUnavailable(f"No token: {self.auth_url} cannot be reached.", cause.why, cause.advice)

    def _refused(self, answer: ErrorResponse) -> TokenError:
        what = f"No token: {self.auth_url} refuses the App key and App secret from {self.credentials.source}."
        next_step = [*self.credentials.warnings(), "Check both in the Dolby.io dashboard, then log in again."]
        if answer.status not in (200, 400, 401, 403):
            what, next_step = f"No token: {self.url} is not a token endpoint.", ["Check DOLBYIO_AUTH_URL."]
        return TokenRefused(what, f"It answered {answer}.", " ".join(next_step), status=answer.status)

    def _unavailable(self, answer: ErrorResponse, meaning: Meaning) -> TokenError:
        what, next_step = f"No token: {self.auth_url} is in trouble.", "Wait a little, then try again."
        if meaning is Meaning.NOT_THE_SERVICE:
            what = f"No token: a proxy or captive portal answered in place of {self.auth_url}."
            next_step = "Sign in to the network in a browser (or mend HTTPS_PROXY), then try again."
        return TokenUnavailable(
            what, f"It answered {answer}.", next_step, status=answer.status, retry_after=answer.retry_after
        )


def _bytes(text: str) -> bytes:
    """Encode anything, also what the environment holds that is no text: the service is to judge it."""
    return text.encode(errors="surrogatepass")
