"""The token, and the one request that makes it."""

import base64
import hashlib
import json
import pickle
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from dolbyio_nb.clock import Clock, now
from dolbyio_nb.credentials import AppCredentials
from dolbyio_nb.errors import InvalidOption, Problem, TokenError, TokenRefused, TokenUnavailable
from dolbyio_nb.problems import read_problem

if TYPE_CHECKING:
    import requests

LONGEST_LIFE = 86400  # seconds; Dolby's guide names 24 hours as the maximum
DEFAULT_LIFE = 1800  # seconds; the service's own default
ASSUMED_LIFE = 300.0  # seconds; when an answer names no life: short, so that a wrong guess is soon mended
CONNECT_LIMIT, READ_LIMIT = (
    3.05,
    10.0,
)  # seconds; just over one lost TCP packet's repetition, and a slow service
TRANSIENT = frozenset({408, 425, 429})  # and every 5xx: asking again may help


class AccessToken(str):
    """A Bearer token: a real string for machines, a mask for people.

    Its repr, `str()`, `print`, `%s` and logging show a mask; f-strings, `format()`, `+`, `.encode()`, json
    and subprocesses get the value. It is not pickled.

    Attributes:
        life: seconds of life at birth.
        born: the moment just before it was asked for, on `clock`.
    """

    life: float
    born: float

    def __new__(
        cls,
        value: str,
        *,
        life: float = ASSUMED_LIFE,
        born: float | None = None,
        clock: Clock = now,
    ) -> "AccessToken":
        token = super().__new__(cls, value)
        token.life, token.born, token._clock = life, clock() if born is None else born, clock
        return token

    _clock: Clock

    @property
    def value(self) -> str:
        """The token as a plain string, which shows itself wherever it is printed."""
        return "".join(self)

    @property
    def seconds_left(self) -> float:
        """Seconds until it expires; 0.0 when it has."""
        return max(0.0, self.born + self.life - self._clock())

    @property
    def expires_at(self) -> datetime:
        """When it expires, as a local time for people to read."""
        return datetime.now().astimezone() + timedelta(seconds=self.seconds_left)

    @property
    def hint(self) -> str:
        """The last four characters, enough to tell two tokens apart."""
        return f"…{self[-4:]}" if len(self) >= 16 else "…"

    def __repr__(self) -> str:
        return f"<Dolby.io token {self.hint}, {_countdown(self.seconds_left)}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __copy__(self) -> "AccessToken":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "AccessToken":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise pickle.PicklingError(
            "A token is not pickled or stored. Ask for one where it is needed: dolby.token"
        )


def _countdown(seconds: float) -> str:
    if not seconds:
        return "expired"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"


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
        if type(self.expires_in) is not int or not 1 <= self.expires_in <= LONGEST_LIFE:
            raise InvalidOption(
                f"A token cannot live for {self.expires_in!r} seconds.",
                f"Dolby.io gives tokens for 1 to {LONGEST_LIFE} seconds (24 hours).",
                f"Choose expires_in (--expires-in) from 1 to {LONGEST_LIFE}.",
            )

        # Here, on the caller's thread: a fork during an import on another thread would hang in the child.
        import requests  # noqa: F401

    @property
    def url(self) -> str:
        """The address of the token endpoint."""
        return f"{self.auth_url}/v1/auth/token"

    @property
    def identity(self) -> Hashable:
        """Equal for requests that may share one token, and without the secret."""
        digest = hashlib.sha256(self.credentials.app_secret.encode()).hexdigest()
        return (self.url, self.credentials.app_key, digest, self.expires_in)

    def __call__(self) -> AccessToken:
        """Send the request; return the new token."""
        born = self.clock()
        response = self._post()
        body = _json(response)
        if response.status_code == 200 and _usable(body):
            return AccessToken(body["access_token"], life=_life(body), born=born, clock=self.clock)
        problem = _problem(response)
        del response, body  # they may hold a token, and frames of a traceback can be looked into
        raise self._refusal(problem) if _is_final(problem) else self._trouble(problem)

    def _post(self) -> "requests.Response":
        import requests

        try:
            return requests.post(
                self.url,
                data={"grant_type": "client_credentials", "expires_in": str(self.expires_in)},
                headers={"Accept": "application/json", "Cache-Control": "no-cache"},
                auth=requests.auth.HTTPBasicAuth(
                    self.credentials.app_key.encode(), self.credentials.app_secret.encode()
                ),
                timeout=(CONNECT_LIMIT, READ_LIMIT),
                allow_redirects=False,
            )
        except requests.RequestException as cause:
            reason = _reason(cause)
        # Raised out here so that the error keeps no frames of requests, which hold the Basic header.
        raise TokenUnavailable(
            f"No token: {self.auth_url} cannot be reached.", reason, "Check the network, then log in again."
        )

    def _answered(self, problem: Problem) -> str:
        """Quote the answer, without the secret should a service ever echo it."""
        return f"It answered {problem}.".replace(self.credentials.app_secret, "…")

    def _refusal(self, problem: Problem) -> TokenError:
        blame = problem.status in (400, 401, 403)
        return TokenRefused(
            f"No token: {self.auth_url} refuses the App key and App secret from {self.credentials.source}."
            if blame
            else f"No token: {self.url} is not a token endpoint.",
            self._answered(problem),
            " ".join(
                [*self.credentials.warnings(), "Check both in the Dolby.io dashboard, then log in again."]
            )
            if blame
            else "Check DOLBYIO_AUTH_URL.",
            status=problem.status,
        )

    def _trouble(self, problem: Problem) -> TokenError:
        return TokenUnavailable(
            f"No token: {self.auth_url} is in trouble.",
            self._answered(problem),
            "Wait a little, then try again.",
            status=problem.status,
            retry_after=problem.retry_after,
        )


def _json(response: "requests.Response") -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _usable(body: dict[str, Any]) -> bool:
    token = body.get("access_token")
    return (
        isinstance(token, str)
        and token.isascii()
        and token.isprintable()
        and bool(token)
        and " " not in token
    )


def _problem(response: "requests.Response") -> Problem:
    """Read what went wrong, without quoting a 200: whatever it holds may be a token."""
    if response.status_code == 200:
        return Problem(200, "OK", "but without a usable access_token")
    return read_problem(response)


def _is_final(problem: Problem) -> bool:
    """Tell a refusal from a passing trouble; a gateway's 400 or 403 without a JSON body is no refusal."""
    if problem.status in (200, *TRANSIENT) or problem.status >= 500:
        return False
    return problem.from_json or problem.status not in (400, 403)


def _life(body: dict[str, Any]) -> float:
    """Take the shorter of the answer's `expires_in` and the JWT's own life (`exp - iat`)."""
    lives = [life for life in (_number(body.get("expires_in")), _jwt_life(body["access_token"])) if life]
    return min(lives, default=ASSUMED_LIFE)


def _jwt_life(token: str) -> float | None:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return _number(claims["exp"] - claims["iat"])
    except (ValueError, LookupError, TypeError):
        return None


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # anything may come in an answer
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None


def _reason(cause: Exception) -> str:
    import requests

    if isinstance(cause, requests.Timeout):
        return f"No answer within {READ_LIMIT:.0f} s ({type(cause).__name__})."
    if isinstance(cause, requests.exceptions.ProxyError):
        return "The proxy (HTTPS_PROXY) does not let the request through."
    if isinstance(cause, requests.exceptions.SSLError):
        return "Its TLS certificate is not trusted here (REQUESTS_CA_BUNDLE may name another authority)."
    return f"The connection failed ({type(cause).__name__})."
