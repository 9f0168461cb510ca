"""Credentials (App key and App secret), and where they are looked for."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from dolbyio_nb._util.paths import expanded, here, is_file, short
from dolbyio_nb.auth.access_token import MaskedText
from dolbyio_nb.auth.env_file import find_env_file, profiles, write_env_file
from dolbyio_nb.config import is_local_origin
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, InvalidOption
from dolbyio_nb.http import redact

# Our own names first, then those of Dolby's authentication guide.
NAMES = (("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET"), ("APP_KEY", "APP_SECRET"))
ORIGIN_NAMES = ("DOLBYIO_AUTH_URL", "DOLBYIO_MEDIA_URL")
# Seen in public examples, promised nowhere: so they only ever warn.
KEY_LENGTH, SECRET_LENGTH = 24, 44
LARGEST_ENV_FILE = 256 * 1024  # bytes; a larger file takes seconds to read, and is something else


@dataclass(frozen=True)
class AppCredentials:
    """An App key, its App secret, and the name of the place they came from.

    `origins` are those of a sandbox on this computer that the same file names.
    Surrounding white space is removed. The repr shows neither in full, and pickling is refused.
    """

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    source: str = "arguments"
    origins: tuple[str, str] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "app_key", self.app_key.strip())
        object.__setattr__(self, "app_secret", MaskedText(self.app_secret.strip()))
        if not (self.app_key and self.app_secret):
            raise CredentialsError(
                "The App key or the App secret is empty.",
                f"They came from {self.source}.",
                "Copy both from the Dolby.io dashboard.",
            )
        redact.register(self.app_secret, owner=self)

    def __repr__(self) -> str:
        return f"<App key {self.key_hint} from {self.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An App secret is not pickled. Send a token instead: dolby.delegate().")

    @property
    def key_hint(self) -> str:
        """The first four characters of the App key, enough to tell two apps apart."""
        return f"{self.app_key[:4]}…"

    def warnings(self) -> list[str]:
        """Say what looks wrong about the values, in sentences without the values."""
        return [sentence for looks_wrong, sentence in _CHECKS if looks_wrong(self)]


_CHECKS: tuple[tuple[Callable[[AppCredentials], bool], str], ...] = (
    (
        lambda c: len(c.app_key) == SECRET_LENGTH and len(c.app_secret) == KEY_LENGTH,
        "The App key and the App secret look swapped.",
    ),
    (
        lambda c: any(value[:1] in "'\"" or value[-1:] in "'\"" for value in (c.app_key, c.app_secret)),
        "There are quotes around the App key or the App secret.",
    ),
    (
        lambda c: c.app_secret.count(".") == 2 and c.app_secret.startswith("eyJ"),
        "The App secret looks like a token (a JWT); the dashboard's token is not the secret.",
    ),
    (
        lambda c: bool(re.search(r"\s", c.app_key + c.app_secret)),
        "There is white space inside the App key or the App secret.",
    ),
    (
        lambda c: not (c.app_key + c.app_secret).isascii(),
        "There are characters in the App key or the App secret that no key of Dolby.io has.",
    ),
)


@dataclass(frozen=True)
class Finding:
    """What one place held: `credentials` when it had both values, else `outcome` says why not."""

    place: str
    outcome: str
    credentials: AppCredentials | None = None
    incomplete: bool = False
    unreadable: bool = False

    @property
    def holds_something(self) -> bool:
        """Whether anything was there, of use or not."""
        return bool(self.credentials or self.incomplete or self.unreadable)


def read_arguments(app_key: str | None = None, app_secret: str | None = None) -> Finding:
    """Look at the two values of a call. Never raises, so that no traceback can show them."""
    place, labels = "the arguments", ("app_key", "app_secret")
    if not all(value is None or isinstance(value, str) for value in (app_key, app_secret)):
        return Finding(place, "app_key and app_secret have to be strings", unreadable=True)
    return _read(dict(zip(NAMES[0], (app_key, app_secret), strict=True)), place, labels)


def find_credentials(
    given: Finding | None = None,
    *,
    env_file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
) -> AppCredentials:
    """Return the credentials of the first place that has both values; see `look_everywhere` for the order.

    Raises:
        CredentialsError: a place has only one of the two values or cannot be read, and no other has both.
        CredentialsNotFound: no place has any.
    """
    findings = look_everywhere(given, env_file=env_file, profile=profile)
    for finding in findings:
        if finding.credentials:
            return finding.credentials
    for finding in findings:
        if finding.incomplete or finding.unreadable:
            raise _unusable(finding)
    raise CredentialsNotFound(
        "No App key and App secret were found in the environment or in a .env file.",
        f"Looked for {NAMES[0][0]} and {NAMES[0][1]}, then {NAMES[1][0]} and {NAMES[1][1]}.",
        "Set them, write them to .env, or try the sandbox: %dolby_login --sandbox, or DOLBYIO_SANDBOX=auto.",
    )


def _unusable(finding: Finding) -> CredentialsError:
    why = f"{finding.outcome[0].upper()}{finding.outcome[1:]}."
    if finding.unreadable:
        return CredentialsError(
            f"There may be a log-in that cannot be read: {finding.place}.", why, "Correct it, or remove it."
        )
    return CredentialsError(
        f"The log-in is incomplete: {finding.place} has only one of the two values.",
        why,
        "Add the missing one there, or remove the other.",
    )


def look_everywhere(
    given: Finding | None = None,
    *,
    env_file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
) -> list[Finding]:
    """Look for credentials in every place, in the order in which they count.

    What was given in a call (`read_arguments`); the named file (`profile` means `.env.<profile>`); the
    environment; `.env` in the working directory or above it, up to the repository's root or the home
    directory; Colab's secrets. A place counts only with both values.

    Raises:
        InvalidOption: the named file or profile does not exist.
    """
    findings = list(_search(given or read_arguments(), env_file, profile))
    winner = next((f.place for f in findings if f.credentials), None)
    return [
        replace(f, outcome=f"shadowed by {winner}") if f.credentials and f.place != winner else f
        for f in findings
    ]


def _search(
    given: Finding, env_file: str | os.PathLike[str] | None, profile: str | None
) -> Iterator[Finding]:
    yield given
    for path in _named_files(env_file, profile):
        yield _read_file(path)
    yield _read(os.environ, "the environment")
    found = find_env_file(here())
    yield _read_file(found) if found else Finding(".env", f"no such file from {short(here())} upwards")
    yield _read_colab()


def _named_files(env_file: str | os.PathLike[str] | None, profile: str | None) -> Iterator[Path]:
    if env_file is not None:
        path = expanded(Path(env_file))
        if not is_file(path):
            raise InvalidOption(
                f"There is no file {short(path)}.", "It was named as env_file.", "Check its path."
            )
        yield path
    if profile is not None:
        yield _profile_file(profile)


def _profile_file(profile: str) -> Path:
    path = find_env_file(here(), f".env.{profile}")
    if path:
        return path
    known = ", ".join(profiles(here())) or "none"
    raise InvalidOption(
        f"There is no profile {profile!r}: no file .env.{profile} from {short(here())} upwards.",
        f"Profiles found: {known}.",
        f"Write {NAMES[0][0]} and {NAMES[0][1]} to .env.{profile}, or choose another.",
    )


def _read_file(path: Path) -> Finding:
    from dotenv import dotenv_values

    try:
        if path.stat().st_size > LARGEST_ENV_FILE:
            return Finding(short(path), "it is too large for a .env file", unreadable=True)
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except OSError as trouble:
        return Finding(short(path), f"it cannot be opened: {trouble.strerror}", unreadable=True)
    except UnicodeError:
        return Finding(short(path), "it is not text in UTF-8", unreadable=True)
    finding = _read(values, short(path))
    origins = _local_origins(values)
    if finding.credentials and origins:
        return replace(finding, credentials=replace(finding.credentials, origins=origins))
    return finding


def _local_origins(values: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The two origins of a sandbox on this computer; a file sends nobody's secret anywhere else."""
    auth, media = ((values.get(name) or "").strip().rstrip("/") for name in ORIGIN_NAMES)
    return (auth, media) if is_local_origin(auth) and is_local_origin(media) else None


def _read_colab() -> Finding:
    if "google.colab" not in sys.modules:
        return Finding("Colab's secrets", "not in Colab")
    from google.colab import userdata

    def secret(name: str) -> str | None:
        try:
            return str(userdata.get(name))
        except Exception:  # Colab raises errors of its own for a missing secret and for one not shared
            return None

    return _read({name: secret(name) for pair in NAMES for name in pair}, "Colab's secrets")


def _read(values: Mapping[str, str | None], place: str, labels: tuple[str, str] | None = None) -> Finding:
    half = None
    for names in NAMES:
        key, secret = ((values.get(name) or "").strip() for name in names)
        if key and secret:
            return Finding(place, "found", AppCredentials(key, secret, place))
        if key or secret:
            present, absent = (labels or names) if key else reversed(labels or names)
            half = half or Finding(place, f"{present} is there, {absent} is missing", incomplete=True)
    return half or Finding(place, "nothing")


def save_credentials(credentials: AppCredentials, path: Path) -> str:
    """Write both values to `path`, as `write_env_file` does; return what was done."""
    return write_env_file(
        path, dict(zip(NAMES[0], (credentials.app_key, credentials.app_secret), strict=True))
    )
