"""%dolby_login, %dolby_status and %dolby_logout: each reads its line, and calls the desk."""

from argparse import Namespace
from typing import Any

import traitlets
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from dolbyio_nb._util.place import PANEL, PROMPT, door_of
from dolbyio_nb.auth.token_request import DEFAULT_LIFE, LONGEST_LIFE
from dolbyio_nb.config import sandbox_mode
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, DolbyError, InvalidOption
from dolbyio_nb.notebook import status_text as texts
from dolbyio_nb.notebook.login import Desk, ask, nobody_here, warning_of_place
from dolbyio_nb.notebook.namespace import Names


@magics_class
class DolbyMagics(Magics):
    """Log in to Dolby.io, see how the log-in stands, log out."""

    client_name = traitlets.ObjectName("dolby", help="The name that holds the log-in.").tag(config=True)
    token_name = traitlets.ObjectName("dolby_token", help="The name that holds the token.").tag(config=True)
    expires_in = traitlets.Int(
        DEFAULT_LIFE, min=1, max=LONGEST_LIFE, help="Seconds of life to ask for, for each token."
    ).tag(config=True)
    door = traitlets.Enum(
        ("auto", PANEL, PROMPT), "auto", help="How a person is asked: auto, panel or prompt."
    ).tag(config=True)

    shell: Any

    def __init__(self, shell: Any, **options: Any) -> None:
        super().__init__(shell=shell, **options)
        self.desk = Desk(Names(shell.user_ns, self.client_name, self.token_name))
        self.panel: Any = None
        self.observe(self._rename, ["client_name", "token_name"])

    def _rename(self, _change: object) -> None:
        self.desk.rename(Names(self.shell.user_ns, self.client_name, self.token_name))

    @magic_arguments()
    @argument("--form", action="store_true", help="show the form, also when credentials are found")
    @argument("--prompt", action="store_true", help="ask at a masked prompt")
    @argument("--sandbox", action="store_true", help="log in to the sandbox on this computer")
    @argument("--env-file", metavar="PATH", help="look in this file before the environment")
    @argument("--profile", metavar="NAME", help="look in the file .env.NAME before the environment")
    @argument(
        "--expires-in", metavar="SECONDS", type=int, help="life of each token, 1 to 86400; 1800 if not set"
    )
    @argument(
        "--save", action="store_true", help="write the key and secret to .env, for this user's eyes only"
    )
    @argument("--explain", action="store_true", help="only show where credentials are looked for, and found")
    @argument("--debug", action="store_true", help="show the whole traceback of an error")
    @line_magic
    def dolby_login(self, line: str) -> None:
        """Log in to Dolby.io, and keep `dolby` and `dolby_token` valid from then on.

        Credentials come from the named file, the environment, .env or Colab's secrets; else from you, in a
        form or at a masked prompt. No option takes a secret. The same in Python:

            from dolbyio_nb import login
            dolby = login()
        """
        options = self._options(line)
        try:
            self._log_in(options)
            self.desk.before_cell()  # the rest of this cell, however long, counts as use
        except DolbyError as error:
            error.whole_traceback = options.debug
            raise

    @line_magic
    def dolby_status(self, line: str = "") -> None:
        """Show how the log-in stands: whose it is, when the token expires, when it is renewed."""
        self._show_status()

    @line_magic
    def dolby_logout(self, line: str = "") -> None:
        """Forget the token and the App secret, stop renewing, and remove the names."""
        self.desk.logout()
        self._tell_panel()
        print(f"Logged out. {self._way_back()}")

    def close(self) -> None:
        """Log out, and empty the panel."""
        self.desk.logout()
        self._close_panel()

    def _options(self, line: str) -> Namespace:
        try:
            options: Namespace = parse_argstring(self.dolby_login, line)
        except ValueError as trouble:  # of shlex, which IPython lets through
            raise InvalidOption(
                f"The options cannot be read: {trouble}.", "", "%dolby_login? lists them."
            ) from None
        return options

    def _log_in(self, options: Namespace) -> None:
        life = self.expires_in if options.expires_in is None else options.expires_in
        self.desk.look_in(env_file=options.env_file, profile=options.profile)
        if options.explain:
            print(texts.ladder_text(self.desk.look_everywhere()))
        elif options.form:
            self._show_form()
        elif options.prompt:
            self._ask(life, save=options.save)
        elif options.sandbox or sandbox_mode() == "1":
            self._use_sandbox(life)
        else:
            self._use_found(life, save=options.save)

    def _use_sandbox(self, life: int) -> None:
        self.desk.use_sandbox(expires_in=life)
        self._show_status()

    def _use_found(self, life: int, *, save: bool) -> None:
        try:
            saved = self.desk.use_found(expires_in=life, save=save)
        except CredentialsNotFound:
            return self._without_credentials(life, save=save)
        if saved:
            print(saved)
        return self._show_status()

    def _without_credentials(self, life: int, *, save: bool) -> None:
        door = self._door()
        if sandbox_mode() == "auto":
            self._use_sandbox(life)
        elif door == PANEL:
            self._show_form()
        elif door == PROMPT:
            self._ask(life, save=save)
        else:
            raise nobody_here()

    def _ask(self, life: int, *, save: bool) -> None:
        credentials = ask()
        saved = self.desk.login(
            credentials.app_key, credentials.app_secret, expires_in=life, save=save, source=credentials.source
        )
        print(saved or texts.status_text(self.desk.status(), colour=self._is_terminal()))

    def _show_form(self) -> None:
        if not self.desk.dolby:
            self.desk.names.expect()
        self._show_panel(found=self._found())

    def _show_status(self) -> None:
        if self._door() == PANEL:
            self._show_panel()
        else:
            print(texts.status_text(self.desk.status(), colour=self._is_terminal()))

    def _show_panel(self, *, found: str = "") -> None:
        from dolbyio_nb.notebook.panel import Panel

        self._close_panel()
        self.panel = Panel(self.desk, found=found, warning=warning_of_place())
        self.desk.watch = self.panel.show
        display(self.panel)

    def _close_panel(self) -> None:
        self.desk.watch = lambda status: None
        if self.panel is not None:
            self.panel.close()
        self.panel = None

    def _tell_panel(self) -> None:
        if self.panel is not None:
            self.panel.show(self.desk.status())

    def _found(self) -> str:
        try:
            return self.desk.find().source
        except CredentialsError:
            return ""

    def _way_back(self) -> str:
        found = self._found()
        if found:
            return f"%dolby_login would log in again, with what it finds in {found}."
        return "%dolby_login would ask for the App key and secret."

    def _door(self) -> str:
        return door_of(self.shell) if self.door == "auto" else str(self.door)

    def _is_terminal(self) -> bool:
        return getattr(self.shell, "kernel", None) is None
