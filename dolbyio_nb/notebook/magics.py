"""Magics %dolby_login, %dolby_status and %dolby_logout: each reads its line, and calls the controller."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

import traitlets
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from dolbyio_nb._util.place import NONE, PANEL, PROMPT, current_place, kernel
from dolbyio_nb.auth.access_token import DEFAULT_LIFE, LONGEST_LIFE
from dolbyio_nb.auth.login_options import LoginOptions
from dolbyio_nb.errors import CredentialsNotFound, DolbyError
from dolbyio_nb.notebook.masking import OutputMasking
from dolbyio_nb.notebook.option_line import login_arguments, login_options, read_line
from dolbyio_nb.notebook.prompt import ask, explain, nobody_here, status_text, unusable, warning_of_place

if TYPE_CHECKING:
    from dolbyio_nb.auth.credentials import Finding
    from dolbyio_nb.notebook.login_controller import LoginController
    from dolbyio_nb.notebook.namespace import NamespaceBinding

ASKS = {
    PANEL: "show the form",
    PROMPT: "ask at a masked prompt",
    NONE: "stop with an error (nobody is here to type)",
}


@magics_class
class DolbyMagics(Magics):
    """Log in to Dolby.io, see how the log-in stands, log out."""

    client_name = traitlets.ObjectName("dolby", help="The name that holds the log-in.").tag(config=True)
    token_name = traitlets.ObjectName("dolby_token", help="The name that holds the token.").tag(config=True)
    expires_in = traitlets.Int(
        DEFAULT_LIFE, min=1, max=LONGEST_LIFE, help="Seconds of life to ask for, for each token."
    ).tag(config=True)
    login_ui = traitlets.Enum(
        ("auto", PANEL, PROMPT), "auto", help="How a person is asked: auto, panel or prompt."
    ).tag(config=True)
    mask_outputs = traitlets.Bool(
        True, help="Whether the secrets and tokens of this kernel's log-ins are masked in its outputs."
    ).tag(config=True)

    shell: Any

    def __init__(self, shell: Any, **options: Any) -> None:
        super().__init__(shell=shell, **options)
        self._panel: Any = None
        self._at_close = ExitStack()
        self.masking = OutputMasking(shell)
        self.masking.switch(self.mask_outputs)
        self.observe(lambda change: self.masking.switch(change.new), "mask_outputs")

    @cached_property
    def controller(self) -> LoginController:
        """Logs in and out; it comes with the first magic, and only then are there cells to watch."""
        from dolbyio_nb.notebook.login_controller import LoginController

        controller = LoginController(self._names())
        self.observe(lambda change: controller.rename(self._names()), ["client_name", "token_name"])
        self._watch("pre_run_cell", controller.before_cell)
        self._watch("post_run_cell", controller.after_cell)
        self._watch("post_run_cell", self._after_cell)
        self._at_close.callback(self._leave)
        return controller

    def _names(self) -> NamespaceBinding:
        from dolbyio_nb.notebook.namespace import NamespaceBinding

        return NamespaceBinding(self.shell.user_ns, self.client_name, self.token_name)

    def _watch(self, event: str, hook: Callable[..., object]) -> None:
        self.shell.events.register(event, hook)
        self._at_close.callback(self.shell.events.unregister, event, hook)

    @login_arguments
    @line_magic
    def dolby_login(self, line: str) -> None:
        """Log in to Dolby.io, and keep `dolby` and `dolby_token` valid from then on.

        Credentials come from the named file, the environment, .env, this place's secrets or the keyring; else
        from you, in a form or at a masked prompt. No option takes a secret. The same in Python:

            from dolbyio_nb import login
            dolby = login()
        """
        parsed = read_line(self.dolby_login, line)
        try:
            self._log_in(login_options(parsed, self.expires_in))
            self.controller.before_cell()  # the rest of this cell, however long, counts as use
        except DolbyError as error:
            error.whole_traceback = parsed.debug
            raise

    @line_magic
    def dolby_status(self, line: str = "") -> None:
        """Show how the log-in stands: whose it is, when the token expires, when it is renewed."""
        self.controller.bind_names()
        self._show_status()

    @line_magic
    def dolby_logout(self, line: str = "") -> None:
        """Forget the token and the App secret, stop renewing, and remove the names."""
        self.controller.logout()
        self._tell_panel()
        print(f"Logged out. {self._way_back()}")

    def close(self) -> None:
        """Log out, empty the panel, watch no more cells, and stop masking."""
        self._at_close.close()
        self.masking.remove()

    def _leave(self) -> None:
        was_in = self.controller.dolby
        self.controller.logout()
        self._close_panel()
        if was_in:
            print(f"Logged out, and its names are gone. After %load_ext dolbyio_nb, {self._way_back()}")

    def _after_cell(self, *_: object) -> None:
        """Say how the names come back, once, when a cell such as %reset took them away."""
        if names := self.controller.names_lost():
            print(f"{names}: gone, but still logged in. %dolby_status brings back what is missing.")

    def _log_in(self, options: LoginOptions) -> None:
        if options.explain:
            findings = self.controller.look_everywhere(options)
            print(explain(findings, self._next_step(options, findings)))
        elif options.ui == PANEL:
            self._show_form(options)
        elif options.ui == PROMPT:
            self._ask(options)
        elif options.sandbox_mode == "1":
            self._use_sandbox(options)
        else:
            self._use_found(options)

    def _use_sandbox(self, options: LoginOptions) -> None:
        self._say(self.controller.use_sandbox(options))
        self._show_status()

    def _use_found(self, options: LoginOptions) -> None:
        try:
            done = self.controller.use_found(options)
        except CredentialsNotFound as missing:
            return self._without_credentials(options, missing.why)
        self._say(done)
        return self._show_status()

    def _without_credentials(self, options: LoginOptions, why: str) -> None:
        ui = self._ui()
        if options.sandbox_mode == "auto":
            self._use_sandbox(options)
        elif ui == PANEL:
            self._show_form(options)
        elif ui == PROMPT:
            self._ask(options)
        else:
            raise nobody_here(why)

    def _next_step(self, options: LoginOptions, findings: list[Finding]) -> str:
        """Say what a log-in would do; `_log_in` and `_without_credentials` do it."""
        used = next((f.credentials for f in findings if f.credentials), None)
        if options.sandbox_mode == "1":
            return "log in to the sandbox on this computer, whatever is found"
        if used:
            return f"log in with App key {used.key_hint} from {used.source}"
        if stop := unusable(findings):
            return stop
        if options.sandbox_mode == "auto":
            return "log in to the sandbox on this computer (DOLBYIO_SANDBOX=auto)"
        return ASKS[self._ui()]

    def _ask(self, options: LoginOptions) -> None:
        self._say(self.controller.login(ask(), options))
        self._print_status()

    def _show_form(self, options: LoginOptions) -> None:
        if not self.controller.dolby:
            self.controller.names.expect()
        display(self.panel_for(options))

    def _show_status(self) -> None:
        if self._ui() == PANEL:
            self._tell_panel()
            display(self.panel or self.panel_for(self._defaults()))
        else:
            self._print_status()

    def _print_status(self) -> None:
        print(status_text(self.controller.status(), colour=self._is_terminal()))

    def _say(self, done: str) -> None:
        if done:
            print(done)

    def panel_for(self, options: LoginOptions) -> Any:
        """Give the one panel of this kernel, made when first asked for; each cell has a view of it."""
        from dolbyio_nb.notebook.panel import Panel

        found = "" if self.controller.dolby else self.controller.source_of(options)
        if self.panel:
            self.panel.offer(options, found=found, warning=warning_of_place())
        else:
            self._panel = Panel(self.controller, options, found=found, warning=warning_of_place())
            self.controller.watch = self._panel.show
        return self._panel

    @property
    def panel(self) -> Any:
        """The panel, None while there is none that lives."""
        return None if self._panel is None or self._panel.closed else self._panel

    def _close_panel(self) -> None:
        self.controller.watch = lambda status: None
        if self.panel:
            self.panel.close()
        self._panel = None

    def _tell_panel(self) -> None:
        if self.panel:
            self.panel.show(self.controller.status())

    def _defaults(self) -> LoginOptions:
        return LoginOptions(expires_in=self.expires_in)

    def _way_back(self) -> str:
        found = self.controller.source_of(LoginOptions())
        if found:
            return f"%dolby_login would log in again, with what it finds in {found}."
        return "%dolby_login would ask for the App key and secret."

    def _ui(self) -> str:
        return current_place().ui if self.login_ui == "auto" else str(self.login_ui)

    def _is_terminal(self) -> bool:
        return kernel() is None
