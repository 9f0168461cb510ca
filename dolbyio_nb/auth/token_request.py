"""Token request: the one POST that makes a token."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field

# Loaded here, not in a worker: a fork in the middle of that import would leave its child a locked module.
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.auth.access_token import DEFAULT_LIFE, AccessToken, check_life
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.token_answer import Meaning, explain, judge, read_token
from dolbyio_nb.errors import ErrorResponse, TokenError, TokenRefused, TokenUnavailable
from dolbyio_nb.http import bounded
from dolbyio_nb.http.body import TooLarge
from dolbyio_nb.http.causes import cause_of
from dolbyio_nb.http.limits import CONNECT_LIMIT, READ_LIMIT, TOKEN_LIMIT, OutOfTime


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

    def _post(self) -> bounded.Answer:
        try:
            return bounded.post(
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
