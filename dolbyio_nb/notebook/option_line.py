"""Option line of %dolby_login: its parser, and what a line that cannot be read is told."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from dolbyio_nb._util.place import PANEL, PROMPT
from dolbyio_nb.auth.login_options import OPTIONS, LoginOptions, Option, exclusive
from dolbyio_nb.errors import InvalidOption

Magic = Callable[..., Any]
HELP = "%dolby_login? lists them."
A_FLAG = re.compile(r"--?[a-z]+(-[a-z]+)*")
LONGEST_FLAG = 20  # characters; what is longer may be something else than a name


def login_arguments(magic: Magic) -> Magic:
    """Give a magic the options of a log-in."""
    described = magic
    for option in reversed(OPTIONS):
        described = _argument(option)(described)
    decorator: Magic = magic_arguments()(described)
    return decorator


def _argument(option: Option) -> Callable[[Magic], Magic]:
    if not option.metavar:
        decorator = argument(option.flag, action="store_true", help=option.help)
    elif option.optional:
        decorator = argument(
            option.flag,
            metavar=option.metavar,
            type=option.reads,
            nargs="?",
            const=True,
            default=False,
            help=option.help,
        )
    else:
        decorator = argument(option.flag, metavar=option.metavar, type=option.reads, help=option.help)
    return decorator


def read_line(magic: Magic, line: str) -> Namespace:
    """Read the options of a line.

    Raises:
        InvalidOption: they cannot be read. Nothing that may be a secret is quoted.
    """
    try:
        options: Namespace = parse_argstring(magic, line)
    except UsageError as trouble:
        why = str(trouble)
    except ValueError as trouble:  # of shlex, which IPython lets through
        raise InvalidOption(f"The options cannot be read: {trouble}.", "", HELP) from None
    else:
        return options
    raise _unreadable(why, line.split())


def _unreadable(why: str, words: list[str]) -> InvalidOption:
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    known = {option.flag for option in OPTIONS}
    strange = [flag for flag in flags if flag not in known]
    if "unrecognized" in why:
        named = [flag for flag in strange if A_FLAG.fullmatch(flag) and len(flag) <= LONGEST_FLAG]
        return InvalidOption(
            f"%dolby_login has no option {named[0]}." if named else "%dolby_login takes no such words.",
            "No option takes a key, a secret or a token: the notebook and the history would keep it.",
            f"If there was one in the line, delete it from the cell. {HELP}",
        )
    unquoted = re.sub("'.*'", "…", why)
    return InvalidOption(f"The options cannot be read: {unquoted}.", "", HELP)


def login_options(parsed: Namespace, expires_in: int) -> LoginOptions:
    """Make the options of a log-in from those of a line; `expires_in` is the life if the line has none.

    Raises:
        InvalidOption: two of them exclude one another, or the life is out of range.
    """
    if parsed.form and parsed.prompt:
        raise exclusive("--form", "--prompt", "each is a way to ask")
    return LoginOptions(
        env_file=parsed.env_file,
        profile=parsed.profile,
        expires_in=expires_in if parsed.expires_in is None else parsed.expires_in,
        save=parsed.save,
        sandbox=parsed.sandbox or None,
        ui=PANEL if parsed.form else PROMPT if parsed.prompt else "",
        explain=parsed.explain,
    )
