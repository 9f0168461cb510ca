"""Options of a log-in: made once, from a line or a call, and handed whole to whoever logs in."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from dolbyio_nb._util.place import PANEL, PROMPT
from dolbyio_nb.auth.access_token import DEFAULT_LIFE, check_life
from dolbyio_nb.config import sandbox_mode
from dolbyio_nb.errors import InvalidOption

LIVES = {600: "10 minutes", 1800: "30 minutes", 3600: "1 hour", 28800: "8 hours", 86400: "24 hours"}
"""Usual lives of a token, in seconds, and what people call them."""


@dataclass(frozen=True)
class Option:
    """An option of the magic as a person types it; one that takes no value has no `metavar`.

    The value of an `optional` one may be left out.
    """

    flag: str
    help: str
    metavar: str = ""
    reads: Callable[[str], object] = str
    optional: bool = False


KEYRING = "keyring"


def _save(place: str) -> str:
    if place != KEYRING:
        raise ValueError(place)
    return place


OPTIONS = (
    Option("--form", "show the form, also when credentials are found"),
    Option("--prompt", "ask at a masked prompt"),
    Option("--sandbox", "log in to the sandbox on this computer"),
    Option("--env-file", "look in this file before the environment", "PATH"),
    Option("--profile", "look in the file .env.NAME before the environment", "NAME"),
    Option("--expires-in", f"life of each token, 1 to 86400; {DEFAULT_LIFE} if not set", "SECONDS", int),
    Option(
        "--save",
        "write the key and secret to .env, for this user alone; with keyring, to the system's",
        "keyring",
        _save,
        optional=True,
    ),
    Option("--explain", "only show where credentials are looked for, and found"),
    Option("--debug", "show the whole traceback of an error"),
)
"""The options of `%dolby_login`; its parser, its help and its completion are made from them."""


@dataclass(frozen=True)
class LoginOptions:
    """What a log-in was told besides a key and a secret.

    Attributes:
        env_file: a file in `.env` format to look in before the environment.
        profile: the same for the file `.env.<profile>`.
        expires_in: seconds of life to ask for each token.
        save: whether to write the credentials to `.env`; "keyring" for the system's keyring.
        sandbox: True, or a running sandbox, to log in to it; False for never; None where
            `DOLBYIO_SANDBOX` decides.
        ui: how to ask a person in any case: `panel` or `prompt`; "" to ask only when nothing is found.
        typed: whether they were typed behind the magic; the arguments of a call have other names.
        explain: whether only to show where credentials are looked for.

    Raises:
        InvalidOption: two of them exclude one another, or the life is out of range.
    """

    env_file: str | os.PathLike[str] | None = None
    profile: str | None = None
    expires_in: int = DEFAULT_LIFE
    save: bool | str = False
    sandbox: object = None
    ui: str = ""
    explain: bool = False
    typed: bool = True

    def __post_init__(self) -> None:
        check_life(self.expires_in)
        asked = self._asked()
        for one, other, why in EXCLUSIVE:
            if asked[one] and asked[other]:
                raise exclusive(asked[one], asked[other], why)

    @property
    def saves_to(self) -> str:
        """Where credentials are saved, should they be."""
        return "the system's keyring" if self.save == KEYRING else ".env"

    @property
    def sandbox_mode(self) -> str:
        """When to use the sandbox: `1` always, `auto` when nothing is found, `0` never."""
        if self.sandbox is None:
            return sandbox_mode()
        return "1" if self.sandbox else "0"

    def refuse_given(self) -> None:
        """Refuse a key and a secret that were given in a call, where the sandbox is used in any case.

        Raises:
            InvalidOption: it is, and would ignore them.
        """
        if asked := self._asked()["sandbox"]:
            raise exclusive("app_key with app_secret", asked, OWN_KEY)

    def _asked(self) -> dict[str, str]:
        """Write down what was asked for, by options or by the environment; "" for what was not."""
        by_environment = self.sandbox is None and sandbox_mode() == "1"
        asked = {
            "sandbox": "DOLBYIO_SANDBOX=1" if by_environment else "--sandbox" * bool(self.sandbox),
            "env_file": "--env-file" * (self.env_file is not None),
            "profile": "--profile" * (self.profile is not None),
            "save": "--save" * bool(self.save),
            "form": "--form" * (self.ui == PANEL),
            "prompt": "--prompt" * (self.ui == PROMPT),
            "explain": "--explain" * self.explain,
        }
        return asked if self.typed else {name: _as_argument(flag) for name, flag in asked.items()}


def _as_argument(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_") if flag.startswith("--") else flag


OWN_KEY = "the sandbox has a key and a secret of its own"
TYPED = "what is typed at the prompt is used, and no file is read"
EXCLUSIVE = (
    ("env_file", "profile", "each names the file to look in"),
    ("env_file", "sandbox", OWN_KEY),
    ("profile", "sandbox", OWN_KEY),
    ("form", "sandbox", OWN_KEY),
    ("prompt", "sandbox", OWN_KEY),
    ("save", "sandbox", "the sandbox's key and secret end with it, so there is nothing to keep"),
    ("prompt", "env_file", TYPED),
    ("prompt", "profile", TYPED),
    ("explain", "form", "--explain asks for nothing"),
    ("explain", "prompt", "--explain asks for nothing"),
    ("explain", "save", "--explain writes nothing"),
)
"""Pairs of options that cannot both be meant, and why."""


def exclusive(one: str, other: str, why: str) -> InvalidOption:
    """Make the error for two options that cannot both be meant."""
    variable = other.removesuffix("=1")
    next_step = (
        f"Leave out {one}, or unset {variable}." if variable != other else f"Leave out {one} or {other}."
    )
    return InvalidOption(f"{one} and {other} exclude one another.", f"The reason: {why}.", next_step)
