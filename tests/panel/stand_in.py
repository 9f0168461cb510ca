"""What stands behind the panel in these tests: it runs in the kernel and takes every secret but a few."""

import threading
import time
from dataclasses import replace

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.login_options import LoginOptions
from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.errors import TokenRefused
from dolbyio_nb.notebook.panel import Panel


class Actions:
    """Log-ins by the letter: the secret "wrong" is refused, "broken…" breaks, "slow" waits for `go`."""

    dolby = None

    def __init__(self) -> None:
        self.seen = LoginStatus()
        self.asked: list[str] = []
        self.lengths: list[int] = []
        self.go = threading.Event()
        self.options = LoginOptions()

    def login(self, credentials: AppCredentials, options: LoginOptions) -> str:
        app_secret = credentials.app_secret
        self.asked.append("login")
        self.options = options
        self.lengths.append(len(app_secret))
        if app_secret == "wrong":
            raise TokenRefused("The service refuses these credentials.", "It answered 401.", "Check both.")
        if app_secret.startswith("broken"):
            raise RuntimeError(f"this text quotes {app_secret}")
        if app_secret == "slow":
            self.go.wait(20)
        self._enter(credentials.source, credentials.key_hint, options.expires_in)
        return "Saved to .env." if options.save else ""

    def use_found(self, options: LoginOptions) -> None:
        self.asked.append("use_found")
        self._enter(".env", "dGVz…", options.expires_in)

    def use_sandbox(self, options: LoginOptions) -> None:
        self.asked.append("use_sandbox")
        self._enter("the sandbox", "c2Fu…", options.expires_in, sandbox=True)

    def refresh(self) -> str:
        self.asked.append("refresh")
        self._enter(self.seen.source, self.seen.key_hint, 1800, sandbox=self.seen.sandbox)
        return Token("a-token-NEEDLE")

    def logout(self) -> None:
        self.asked.append("logout")
        self.seen = LoginStatus(note="Logged out.")

    def status(self) -> LoginStatus:
        return self.seen

    def _enter(self, source: str, hint: str, life: int, *, sandbox: bool = False) -> None:
        end = time.time() + life
        times = {"expires_at": end, "renews_at": end - life / 4, "life": life}
        self.seen = LoginStatus("fresh", **times, source=source, key_hint=hint, sandbox=sandbox)  # type: ignore[arg-type]


class Token(str):
    """A str that must not be taken for a text."""


def new(*, found: str = "", **options: object) -> tuple[Actions, Panel]:
    """A panel and what stands behind it."""
    actions = Actions()
    return actions, Panel(actions, LoginOptions(**options), found=found)  # type: ignore[arg-type]


def lives(seconds: int) -> LoginOptions:
    """Options with this life of a token."""
    return LoginOptions(expires_in=seconds)


def renew_in_background(actions: Actions, panel: Panel, life: int) -> threading.Thread:
    """Show a renewed token from a thread, as the keeper does."""
    import contextvars

    def renew() -> None:
        end = time.time() + life
        actions.seen = replace(actions.seen, state="fresh", expires_at=end, renews_at=end - 60)
        panel.show(actions.seen)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(renew,))
    thread.start()
    return thread
