"""Authentication: the token endpoint, and the check of Bearer tokens."""

import base64
import binascii
import re
from collections.abc import Callable

from dolbyio_nb.sandbox.accounts import App, Apps, Tokens
from dolbyio_nb.sandbox.faults import Faults
from dolbyio_nb.sandbox.http_error import EXPIRED, FORBIDDEN, NOT_A_FORM, UNAUTHORIZED, VALIDATION, HttpError
from dolbyio_nb.sandbox.http_messages import Request, Response, json_response

DEFAULT_LIFE = 1800
LONGEST_LIFE = 86400
FORM = "application/x-www-form-urlencoded"
CUT_AT = 76  # characters: where GNU base64 breaks a line
CUT_HINT = "; the header ends after 76 characters, where `base64` breaks a line unless it is told -w0"
# All known scopes belong to the Communications product; none of them opens the Media APIs.
SCOPES = frozenset(
    {
        "comms:*",
        "comms:client_access_token:create",
        "comms:conf:create",
        "comms:conf:admin",
        "comms:conf:destroy",
        "comms:monitor:delete",
        "comms:monitor:read",
        "comms:monitor:download",
        "comms:stream:write",
        "comms:remix:write",
        "comms:remix:read",
        "comms:record:write",
    }
)


class Authentication:
    """Who may use one sandbox."""

    def __init__(self, apps: Apps, tokens: Tokens, faults: Faults, clock: Callable[[], float]) -> None:
        self._apps = apps
        self._tokens = tokens
        self._faults = faults
        self._clock = clock

    def issue_token(self, request: Request) -> Response:
        """`POST /v1/auth/token`: a token for an App key and secret."""
        app = self._client(request.headers.get("authorization", ""))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise HttpError(NOT_A_FORM, f"Content-Type must be {FORM}")
        form = request.form()
        if form.get("grant_type") != "client_credentials":
            raise HttpError(VALIDATION, "grant_type must be client_credentials")
        life = self._faults.token_life or _lifetime(form.get("expires_in"))
        return json_response(self._answer(app, life, _scope(form.get("scope"))))

    def authenticate(self, request: Request) -> App:
        """The app whose token a Media call carries."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._tokens.find(token.strip()) if kind.lower() == "bearer" else None
        if grant is None:
            raise HttpError(UNAUTHORIZED, _no_token(request))
        if self._clock() >= grant.expires:
            raise HttpError(EXPIRED, "Access Token expired")
        if self._apps.is_disabled(grant.app):
            raise HttpError(FORBIDDEN, "This app is disabled")
        if grant.scope is not None:
            raise HttpError(FORBIDDEN, "The scope of this Access Token does not include the Media APIs")
        return grant.app

    def _client(self, header: str) -> App:
        pair = _basic(header)
        app = self._apps.check(*pair) if pair else None
        if app is None:
            hint = CUT_HINT if len(header.partition(" ")[2].strip()) == CUT_AT else ""
            raise HttpError(UNAUTHORIZED, f"App key or App secret is missing or wrong{hint}")
        if self._apps.is_disabled(app):
            raise HttpError(FORBIDDEN, "This app is disabled")
        return app

    def _answer(self, app: App, life: float, scope: str | None) -> dict[str, object]:
        faults = self._faults
        token = self._tokens.issue(app, life, scope, skew=faults.clock_skew, opaque=faults.opaque_tokens)
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
        if faults.expires_in != "missing":
            answer["expires_in"] = int(life) - (faults.expires_in == "one less")
        if scope is not None:
            answer["scope"] = scope
        return answer


def _no_token(request: Request) -> str:
    if "x-api-key" in request.headers and "authorization" not in request.headers:
        return "The header x-api-key is retired: send a token of POST /v1/auth/token as Authorization: Bearer"
    return "Access Token is missing or not known here"


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    key, colon, secret = text.partition(":")
    return (key, secret) if colon and kind.lower() == "basic" else None


def _lifetime(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIFE
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= LONGEST_LIFE:
        raise HttpError(VALIDATION, f"expires_in must be a whole number from 1 to {LONGEST_LIFE}")
    return int(text)


def _scope(text: str | None) -> str | None:
    """The granted names; unknown ones are dropped without a word, as documented."""
    return None if text is None else " ".join(name for name in text.split() if name in SCOPES)
