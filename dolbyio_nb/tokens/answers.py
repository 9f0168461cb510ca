"""What the token endpoint answered: a token, a refusal, or trouble that may pass."""

import base64
import json
from typing import Any

import requests

from dolbyio_nb.errors import Problem
from dolbyio_nb.problems import read_problem
from dolbyio_nb.tokens.access_token import ASSUMED_LIFE

TRANSIENT = frozenset({408, 425, 429})  # and every 5xx: asking again may help


def read_token(response: requests.Response) -> tuple[str, float] | None:
    """Take a token and its life in seconds from an answer; None when there is none that can be used."""
    body = _json(response)
    if response.status_code != 200 or not _can_be_a_header(body.get("access_token")):
        return None
    return body["access_token"], _life(body)


def read_refusal(response: requests.Response) -> Problem:
    """Read what went wrong, without quoting a 200: whatever it holds may be a token."""
    if response.status_code == 200:
        return Problem(200, "OK", "but without a usable access_token")
    return read_problem(response)


def is_final(problem: Problem) -> bool:
    """Tell a refusal from a passing trouble; a gateway's 400 or 403 without a JSON body is no refusal."""
    if problem.status in (200, *TRANSIENT) or problem.status >= 500:
        return False
    return problem.from_json or problem.status not in (400, 403)


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
