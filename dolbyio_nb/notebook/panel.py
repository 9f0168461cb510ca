"""The panel in a notebook: a form to log in, then a live view of the token.

The App secret comes in once, in the buffer of a custom message, and is in no trait: traits are saved with the
notebook and sent to every other client. A kernel may log what a message says, but not its buffers. Exceptions
stop here too, for a traceback of a message handler would be published.
"""

from __future__ import annotations

import html
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import anywidget
import traitlets

from dolbyio_nb._util.place import has_magics, login_words, shell
from dolbyio_nb._util.threads import start_thread
from dolbyio_nb.auth.access_token import DEFAULT_LIFE
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.login_options import LIVES, LoginOptions
from dolbyio_nb.errors import DolbyError, NotLoggedIn
from dolbyio_nb.notebook.login_controller import LoginController
from dolbyio_nb.notebook.namespace import NamespaceBinding
from dolbyio_nb.notebook.prompt import status_text, warning_of_place

if TYPE_CHECKING:
    from dolbyio_nb.auth.refresh_state import LoginStatus
    from dolbyio_nb.client import Dolby


STATIC = Path(__file__).parent / "static"
NO_FORM = "The form to log in is live only while its kernel runs. No form here? {}"
NOT_LIVE = "As it was at {}; this text does not change."
SHOWN = (
    "state", "source", "key_hint", "expires_at", "renews_at", "next_try", "life",
    "last_error", "sandbox", "note",
)  # fmt: skip


class Actions(Protocol):
    """What the panel's buttons do; every one may raise DolbyError, whose text the panel shows."""

    dolby: Dolby | None

    def login(self, credentials: AppCredentials, options: LoginOptions) -> str:
        """Log in with what was typed; return what else was done, or ""."""

    def use_found(self, options: LoginOptions) -> object:
        """Log in with the credentials that were found on this computer."""

    def use_sandbox(self, options: LoginOptions) -> object:
        """Log in to the local sandbox."""

    def refresh(self) -> object:
        """Renew the token now."""

    def logout(self) -> object:
        """Log out, and forget key, secret and token."""

    def status(self) -> LoginStatus:
        """How things stand."""


class Panel(anywidget.AnyWidget):
    """A form to log in that becomes a live view of the token; it decides nothing and calls `actions`.

    `options` are what the form begins with. `found` says where credentials were found (a place, never a
    value), "" if nowhere. `sandbox_offer` shows a button for the local sandbox. `warning` is shown above the
    form, and puts the sandbox first.
    """

    _esm = (STATIC / "panel.js").read_text(encoding="utf-8")
    _css = (STATIC / "panel.css").read_text(encoding="utf-8")
    _ipython_display_ = None  # ipywidgets 7 has one, which would come before the bundle with its HTML

    status: Any = traitlets.Dict().tag(sync=True)
    """The fields of a LoginStatus that a person may see; times are seconds since 1970, or None."""
    doing = traitlets.Unicode().tag(sync=True)
    """The order at work: "login", "use_found", "use_sandbox", "refresh", "logout"; "" when there is none."""
    error = traitlets.Unicode().tag(sync=True)
    """Why the last order failed, in one to three lines; "" when it did not."""
    done = traitlets.Unicode().tag(sync=True)
    """What the last order did that cannot be seen, such as a file that was written; "" for nothing."""
    now = traitlets.Float().tag(sync=True)
    """The kernel's clock when it last spoke; set with every other trait, so a change is a sign of life."""
    found = traitlets.Unicode().tag(sync=True)
    sandbox_offer = traitlets.Bool(True).tag(sync=True)
    warning = traitlets.Unicode().tag(sync=True)
    lives: Any = traitlets.List().tag(sync=True)
    """The usual lives of a token: pairs of seconds and what people call them."""
    expires_in = traitlets.Int().tag(sync=True)
    """The life that the form begins with."""
    save = traitlets.Bool().tag(sync=True)
    """Whether the form begins with the wish to save key and secret."""
    save_to = traitlets.Unicode(".env").tag(sync=True)
    """Where they are saved then."""

    def __init__(
        self,
        actions: Actions,
        options: LoginOptions | None = None,
        *,
        found: str = "",
        sandbox_offer: bool = True,
        warning: str = "",
    ) -> None:
        self._actions, self._options = actions, options or LoginOptions()
        self.closed = False
        self._speaking = threading.RLock()
        super().__init__(
            found=found,
            sandbox_offer=sandbox_offer,
            warning=warning,
            lives=list(LIVES.items()),
            **_beginning(self._options),
            status=_seen(actions.status()),
            now=time.time(),
        )
        self.on_msg(self._take)

    @property
    def dolby(self) -> Dolby:
        """The log-in that was made here.

        Raises:
            NotLoggedIn: there is none yet.
        """
        if dolby := self._actions.dolby:
            return dolby
        raise NotLoggedIn("There is no log-in.", "The form is waiting to be filled in.", "Log in there.")

    def offer(self, options: LoginOptions, *, found: str = "", warning: str = "") -> None:
        """Begin anew in every view: with these options, and with what is found now."""
        self._options = options
        self._set(found=found, warning=warning, **_beginning(options))
        self.show(self._actions.status())

    def show(self, status: LoginStatus) -> None:
        """Show how the log-in stands now, in place of what was said before; any thread may call this."""
        self._set(status=_seen(status), error="", done="")

    def close(self) -> None:
        """Empty the panel, in every tab that shows it, and let go of it."""
        if not self.closed:
            self._set(status={}, error="", done="", doing="", found="", warning="")
        self.closed = True
        super().close()

    def _set(self, **traits: object) -> None:
        with self._speaking, self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)
            self.now = time.time()

    def _take(self, _panel: object, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Take one message from the browser: acknowledge it at once, and work in a thread."""
        try:
            secret = bytes(buffers[0]).decode() if buffers else ""
            if content["kind"] == "hello":
                self._set(status=_seen(self._actions.status()))
            else:
                self._begin(content["kind"], self._order(content, secret))
        except BaseException as problem:
            self._set(error=_words(problem))

    def _order(self, content: Mapping[str, Any], secret: str) -> Callable[[], object]:
        actions = self._actions
        options = replace(
            self._options,
            expires_in=int(content.get("expires_in", self.expires_in)),
            save=bool(content.get("save", self.save)) and (self._options.save or True),
        )
        handlers: dict[str, Callable[[], object]] = {
            "login": lambda: actions.login(AppCredentials(content["app_key"], secret, "the form"), options),
            "use_found": lambda: actions.use_found(options),
            "use_sandbox": lambda: actions.use_sandbox(options),
            "refresh": actions.refresh,
            "logout": actions.logout,
        }
        return handlers[content["kind"]]

    def _begin(self, kind: str, order: Callable[[], object]) -> None:
        with self._speaking:
            busy = bool(self.doing)
            self._set(**({} if busy else {"doing": kind, "error": "", "done": ""}))
        if not busy:
            work = partial(self._work, order)
            if not start_thread(work, "dolbyio-panel"):  # its context is what lets updates reach the browser
                work()

    def _work(self, order: Callable[[], object]) -> None:
        error = done = ""
        try:
            answer = order()
            done = answer if type(answer) is str else ""  # a token is a str too, but not this very type
        except BaseException as problem:
            error = _words(problem)
        try:
            self._set(doing="", error=error, done=done, status=_seen(self._actions.status()))
        except BaseException as problem:
            self._set(doing="", error=error or _words(problem))

    def __repr__(self) -> str:
        """Say in words how things stand at this moment, for whatever shows no widget."""
        status = self._actions.status()
        if status.state == "logged out":
            other = login_words("--prompt") if has_magics() else login_words()
            return f"{status_text(status)}\n{NO_FORM.format(other)}"
        return f"{status_text(status)}\n{NOT_LIVE.format(time.strftime('%H:%M:%S'))}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        words = repr(self)
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in words.splitlines())
        twin = {"text/plain": words, "text/html": f'<div dir="ltr" lang="en">{lines}</div>'}
        return {**data, **twin}, metadata


def login_panel(
    *,
    env_file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    expires_in: int = DEFAULT_LIFE,
) -> Panel:
    """Make the panel for a place without magics, such as `mo.ui.anywidget(login_panel())` in marimo.

    Its `dolby` is the log-in, once there is one. Where the extension is loaded, it is the one panel that the
    magics show too, and the names are bound.

    Args:
        env_file, profile, expires_in: what the form begins with, as in `login()`.
    """
    options = LoginOptions(env_file=env_file, profile=profile, expires_in=expires_in, typed=False)
    magics = shell().magics_manager.registry.get("DolbyMagics") if shell() else None
    if magics:
        return cast(Panel, magics.panel_for(options))
    controller = LoginController(NamespaceBinding({}, "dolby", "dolby_token"))
    panel = Panel(controller, options, found=controller.source_of(options), warning=warning_of_place())
    controller.watch = panel.show
    return panel


def _beginning(options: LoginOptions) -> dict[str, Any]:
    """What the form begins with."""
    return {"expires_in": options.expires_in, "save": bool(options.save), "save_to": options.saves_to}


def _seen(status: LoginStatus) -> dict[str, Any]:
    return {name: getattr(status, name, None) for name in SHOWN}


def _words(problem: BaseException) -> str:
    """Only the texts of our own errors are shown: any other may quote what was typed."""
    if isinstance(problem, DolbyError):
        return str(problem)
    return (
        "The panel could not do this.\n"
        f"Something unexpected went wrong: {type(problem).__name__}.\n"
        f"To see where: {login_words()}"
    )
