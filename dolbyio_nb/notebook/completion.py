"""TAB completes the options of the magics, and their values."""

from collections.abc import Callable, Iterable
from pathlib import Path

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from dolbyio_nb._util.paths import here
from dolbyio_nb.auth.env_file import profiles
from dolbyio_nb.auth.login_options import KEYRING, LIVES, OPTIONS

Complete = Callable[[str], Iterable[str]]


def _files(start: str) -> list[str]:
    folder = Path(start).parent if "/" in start else Path()
    return [f"{path}/" if path.is_dir() else str(path) for path in sorted(folder.glob("*"))]


def _unused(words: list[str]) -> list[str]:
    return [option.flag for option in OPTIONS if option.flag not in words]


VALUES: dict[str, Complete] = {
    "--env-file": _files,
    "--expires-in": lambda start: map(str, LIVES),
    "--profile": lambda start: profiles(here()),
    "--save": lambda start: [KEYRING],
}
OPTIONAL = {option.flag for option in OPTIONS if option.optional}


@context_matcher()
def complete_login(context: CompletionContext) -> SimpleMatcherResult:
    """Complete `%dolby_login`, and keep all other names out of the list."""
    words = context.text_until_cursor.lstrip().removeprefix("%").split()
    if not words or words[0] != "dolby_login" or context.text_until_cursor.endswith("dolby_login"):
        return {"completions": []}
    start = "" if context.text_until_cursor.endswith(" ") else words.pop()
    offers = [*(VALUES[words[-1]](start) if words[-1] in VALUES else ())]
    offers += [] if words[-1] in VALUES and words[-1] not in OPTIONAL else _unused(words)
    fitting = [SimpleCompletion(offer) for offer in offers if offer.startswith(start)]
    return {"completions": fitting, "suppress": True, "matched_fragment": start}
