"""Token answer: what the answer to a token request means: a token, a refusal, or neither."""

import base64
import json
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dolbyio_nb.auth.access_token import ASSUMED_LIFE, LONGEST_LIFE
from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.http.error_response import read_error_response

if TYPE_CHECKING:
    from dolbyio_nb.http.bounded import Answer

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
