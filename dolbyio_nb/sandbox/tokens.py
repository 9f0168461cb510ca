"""Access tokens: JSON Web Tokens signed with HS256, and the record of those handed out."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from .apps import App

ISSUER = "dolbyio_nb sandbox"


@dataclass(frozen=True)
class Grant:
    """What a token stands for; `scope` is None when unrestricted, `expires` on the sandbox's clock."""

    app: App
    scope: str | None
    expires: float


class Tokens:
    """Issues tokens and remembers them by digest: a token that was altered is a token never issued."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._grants: dict[bytes, Grant] = {}

    def issue(
        self, app: App, life: float, scope: str | None, *, skew: float = 0.0, opaque: bool = False
    ) -> str:
        """A token for `life` seconds. `skew` shifts the times written in it, `opaque` makes it no JWT."""
        now = self._clock()
        token = secrets.token_urlsafe(48) if opaque else self._signed(app, now + skew, life, scope)
        self._grants[_digest(token)] = Grant(app, scope, now + life)
        return token

    def find(self, token: str) -> Grant | None:
        return self._grants.get(_digest(token))

    def revoke(self, token: str) -> bool:
        """Forget one token; False if it was not known."""
        return self._grants.pop(_digest(token), None) is not None

    def revoke_all(self) -> None:
        self._grants.clear()

    def _signed(self, app: App, now: float, life: float, scope: str | None) -> str:
        claims = {
            "iss": ISSUER,
            "sub": app.app_key,
            "iat": int(now),
            "exp": int(now + life),
            "scope": scope or "",
            "jti": str(uuid.uuid4()),
        }
        return sign(claims, self._key)


def sign(claims: dict[str, object], key: bytes) -> str:
    """A JWT with the one header there is."""
    head = f"{_base64(_json({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64(_json(claims))}"
    return f"{head}.{_base64(hmac.digest(key, head.encode(), hashlib.sha256))}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
