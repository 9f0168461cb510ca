"""The applications that may log in: an App key and an App secret each."""

import base64
import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass, field


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
