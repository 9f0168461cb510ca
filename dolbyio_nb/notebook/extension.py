"""Extension of IPython: what %load_ext adds and %unload_ext takes back, completion by TAB included."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core import completer

from dolbyio_nb._util.paths import here
from dolbyio_nb.auth.login_options import KEYRING, LIVES, OPTIONS
from dolbyio_nb.notebook.magics import DolbyMagics

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell


Complete = Callable[[str], Iterable[str]]
HAS_MATCHERS = hasattr(completer, "context_matcher")  # from IPython 8.6 on: they can keep other names away


def _files(start: str) -> list[str]:
    folder = Path(start).parent if "/" in start else Path()
    return [f"{path}/" if path.is_dir() else str(path) for path in sorted(folder.glob("*"))]


def _profiles(start: str) -> list[str]:
    from dolbyio_nb.auth.env_file import profiles  # with the first TAB, not with the extension

    return profiles(here())


def _unused(words: list[str]) -> list[str]:
    return [option.flag for option in OPTIONS if option.flag not in words]


VALUES: dict[str, Complete] = {
    "--env-file": _files,
    "--expires-in": lambda start: map(str, LIVES),
    "--profile": _profiles,
    "--save": lambda start: [KEYRING],
}
OPTIONAL = {option.flag for option in OPTIONS if option.optional}


def offers(text: str) -> tuple[list[str], str] | None:
    """Give what fits at the end of a line, and the fragment it replaces; None for a line of somebody else."""
    words = text.lstrip().removeprefix("%").split()
    if not words or words[0] != "dolby_login" or text.endswith("dolby_login"):
        return None
    start = "" if text.endswith(" ") else words.pop()
    found = [*(VALUES[words[-1]](start) if words[-1] in VALUES else ())]
    found += [] if words[-1] in VALUES and words[-1] not in OPTIONAL else _unused(words)
    return [offer for offer in found if offer.startswith(start)], start


def complete_login(context: CompletionContext) -> SimpleMatcherResult:
    """Complete `%dolby_login`, and keep all other names out of the list."""
    fitting = offers(context.text_until_cursor)
    if fitting is None:
        return {"completions": []}
    completions = [completer.SimpleCompletion(offer) for offer in fitting[0]]
    return {"completions": completions, "suppress": True, "matched_fragment": fitting[1]}


def complete_command(shell: object, event: Any) -> list[str]:
    """Complete `%dolby_login` as IPython 7 asks for it."""
    return (offers(event.text_until_cursor) or ([], ""))[0]


COMMANDS = ("dolby_login", "%dolby_login")


def add_completion(shell: InteractiveShell) -> None:
    """Have TAB ask here."""
    if HAS_MATCHERS and shell.Completer is not None:
        shell.Completer.custom_matchers.append(completer.context_matcher()(complete_login))
    elif not HAS_MATCHERS:
        for name in COMMANDS:
            shell.set_hook("complete_command", complete_command, str_key=name)


def remove_completion(shell: InteractiveShell) -> None:
    """Have TAB no longer ask here."""
    if HAS_MATCHERS and shell.Completer is not None:
        shell.Completer.custom_matchers.remove(complete_login)
    elif not HAS_MATCHERS:
        for name in COMMANDS:
            shell.strdispatchers["complete_command"].strs.pop(name, None)


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion and the look at the token; begin to mask outputs."""
    magics = DolbyMagics(shell)
    shell.register_magics(magics)
    add_completion(shell)


def unload(shell: InteractiveShell) -> None:
    """Log out, and take back all that `load` added."""
    magics = shell.magics_manager.registry.pop(DolbyMagics.__name__)
    magics.close()
    for name in magics.magics["line"]:
        shell.magics_manager.magics["line"].pop(name)
    shell.configurables.remove(magics)
    remove_completion(shell)
