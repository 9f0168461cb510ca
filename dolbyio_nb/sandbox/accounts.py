"""Accounts: Apps and their tokens."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

ISSUER = "dolbyio_nb sandbox"


@dataclass(frozen=True)
class App:
    """One application. `folder` is the prefix of its objects in storage."""

    app_key: str
    app_secret: str = field(repr=False)
    folder: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)


class Apps:
    """The applications of one sandbox."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._disabled: set[str] = set()
        self._lock = threading.Lock()

    def add(self, app_key: str | None = None, app_secret: str | None = None) -> App:
        """Register an app; what is not given is random, of the usual 24 and 44 characters."""
        app = App(app_key or _random_key(), app_secret or _random_secret())
        with self._lock:
            if app.app_key in self._apps:
                raise ValueError("an app with this key exists already")
            self._apps[app.app_key] = app
        return app

    def check(self, app_key: str, app_secret: str) -> App | None:
        """The app whose pair this is, or None."""
        app = self._apps.get(app_key)
        if app and hmac.compare_digest(app.app_secret.encode(), app_secret.encode()):
            return app
        return None

    def get(self, app_key: str) -> App:
        return self._apps[app_key]

    def in_folder(self, folder: str) -> App | None:
        """The app whose objects live under this storage prefix."""
        return next((app for app in list(self._apps.values()) if app.folder == folder), None)

    def is_disabled(self, app: App) -> bool:
        return app.app_key in self._disabled

    def disable(self, app: App | None = None) -> None:
        """Disable one app, or all."""
        self._disabled |= {app.app_key} if app else set(self._apps)

    def enable_all(self) -> None:
        self._disabled.clear()


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(16)).decode()


def _random_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


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
        self, app: App, lifetime: float, scope: str | None, *, skew: float = 0.0, opaque: bool = False
    ) -> str:
        """A token for `life` seconds. `skew` shifts the times written in it, `opaque` makes it no JWT."""
        now = self._clock()
        token = secrets.token_urlsafe(48) if opaque else self._signed(app, now + skew, lifetime, scope)
        self._grants[_digest(token)] = Grant(app, scope, now + lifetime)
        return token

    def find(self, token: str) -> Grant | None:
        return self._grants.get(_digest(token))

    def revoke(self, token: str) -> bool:
        """Forget one token; False if it was not known."""
        return self._grants.pop(_digest(token), None) is not None

    def revoke_all(self) -> None:
        self._grants.clear()

    def _signed(self, app: App, now: float, lifetime: float, scope: str | None) -> str:
        claims = {
            "iss": ISSUER,
            "sub": app.app_key,
            "iat": int(now),
            "exp": int(now + lifetime),
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
