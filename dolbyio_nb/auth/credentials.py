"""Credentials (App key and App secret), and where they are looked for."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from dolbyio_nb._util.paths import expanded, here, is_there, short
from dolbyio_nb._util.place import login_words
from dolbyio_nb.auth.access_token import MaskedText
from dolbyio_nb.auth.credential_checks import looks_wrong
from dolbyio_nb.auth.env_file import (
    WRITE_PLAINLY,
    EnvFile,
    EnvFileError,
    env_files,
    profile_file,
    read_env_file,
)
from dolbyio_nb.auth.env_save import write_env_file
from dolbyio_nb.auth.secret_stores import SecretStore, read_store, save_to_keyring, stores_here
from dolbyio_nb.config import local_origins
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, InvalidOption
from dolbyio_nb.http import redact

# Our own names first, then those of Dolby's authentication guide.
NAMES = (("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET"), ("APP_KEY", "APP_SECRET"))
RETIRED = "DOLBYIO_API_KEY"  # what the header x-api-key was filled with
EVERY_NAME = tuple(name for pair in NAMES for name in pair)


@dataclass(frozen=True)
class AppCredentials:
    """An App key, its App secret, and the name of the place they came from.

    `names` are those they had there; `caution` is what their owner should know of that place.
    `origins` are those of a sandbox on this computer that the same file names.
    Surrounding white space is removed. The repr shows neither in full, and pickling is refused.
    """

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    source: str = "arguments"
    origins: tuple[str, str] | None = field(default=None, repr=False, compare=False)
    names: tuple[str, str] = field(default=NAMES[0], repr=False, compare=False)
    caution: str = field(default="", repr=False, compare=False)

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
        return [*looks_wrong(self.app_key, self.app_secret), *[MAY_BE_ANOTHERS] * (self.names != NAMES[0])]


MAY_BE_ANOTHERS = (
    f"{NAMES[1][0]} and {NAMES[1][1]} may be another program's (Laravel, Symfony, Dropbox use these names): "
    f"{NAMES[0][0]} and {NAMES[0][1]} come before them."
)


@dataclass(frozen=True)
class Finding:
    """What one place held: `credentials` when it had both values, else `outcome` says why not."""

    place: str
    outcome: str
    credentials: AppCredentials | None = None
    incomplete: bool = False
    unreadable: bool = False
    advice: str = ""

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
    findings = []
    for finding in _search(given or read_arguments(), env_file, profile):
        if finding.credentials:
            return finding.credentials
        findings.append(finding)
    for finding in findings:
        if finding.incomplete or finding.unreadable:
            raise _unusable(finding)
    raise CredentialsNotFound(
        "No App key and App secret were found in the environment or in a .env file.",
        next(filter(None, map(_hint, findings)), LOOKED_FOR),
        "Set them, write them to .env, or try the sandbox: "
        f"{login_words('--sandbox')}, or DOLBYIO_SANDBOX=auto.",
    )


LOOKED_FOR = f"Looked for {NAMES[0][0]} and {NAMES[0][1]}, then {NAMES[1][0]} and {NAMES[1][1]}."


def _hint(finding: Finding) -> str:
    """Say what may explain that nothing was found; "" for nothing."""
    if RETIRED in finding.outcome:
        return f"{RETIRED} is in {finding.place}, but Dolby.io has retired API keys (x-api-key)."
    return f"Not known: {finding.place}, for {finding.outcome}. {finding.advice}" if finding.advice else ""


def _unusable(finding: Finding) -> CredentialsError:
    why = f"{finding.outcome[0].upper()}{finding.outcome[1:]}."
    if finding.unreadable:
        return CredentialsError(
            f"There may be a log-in that cannot be read: {finding.place}.",
            why,
            finding.advice or "Correct it, or remove it.",
        )
    return CredentialsError(
        f"The log-in is incomplete: only one of the two values is in {finding.place}.",
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
    environment; the nearest `.env` with these names, in the working directory or above it, up to the
    repository's root or the home directory; the secret stores of this place. A place counts only with both
    values, and half a pair of the guide's names is nothing: other programs use them too.

    Raises:
        InvalidOption: the named file or profile does not exist.
    """
    findings = list(_search(given or read_arguments(), env_file, profile))
    winner = next((f for f in findings if f.credentials), None)
    return [
        replace(f, outcome=f"shadowed by {winner.place}")
        if winner and f.credentials and f is not winner
        else f
        for f in findings
    ]


def _search(
    given: Finding, env_file: str | os.PathLike[str] | None, profile: str | None
) -> Iterator[Finding]:
    named = list(_named_files(env_file, profile))
    yield given
    for path in named:
        yield _read_file(path, named=env_file is not None)
    yield _read(os.environ, "the environment")
    yield from _read_env_files()
    for store in stores_here():
        yield _read_store(store)


def _read_env_files() -> Iterator[Finding]:
    """Look upwards, past each `.env` that holds nothing of ours: it is another program's."""
    findings = []
    for path in env_files(here()):
        findings.append(_read_file(path))
        if findings[-1].holds_something:
            break
    return iter(findings or [Finding(".env", f"no such file from {short(here())} upwards")])


def _named_files(env_file: str | os.PathLike[str] | None, profile: str | None) -> Iterator[Path]:
    if env_file is not None:
        path = expanded(Path(env_file))
        if not is_there(path):
            raise InvalidOption(
                f"There is no file {short(path)}.", "It was named as env_file.", "Check its path."
            )
        yield path
    if profile is not None:
        yield profile_file(profile)


def _read_file(path: Path, *, named: bool = False) -> Finding:
    place = short(path)
    if path.is_dir():  # such as a virtual environment called .env
        return Finding(place, "it is a folder, not a file", unreadable=named)
    try:
        file = read_env_file(path, EVERY_NAME, named=named)
    except EnvFileError as trouble:
        return Finding(place, trouble.why, unreadable=True, advice=trouble.advice)
    finding = _read(file.values, place, caution=file.caution)
    if not finding.credentials:
        return _with_unread_lines(finding, file)
    return replace(finding, credentials=replace(finding.credentials, origins=local_origins(file.values)))


def _with_unread_lines(finding: Finding, file: EnvFile) -> Finding:
    """Name the line that cannot be read, where it may be what is missing."""
    lines = [file.unread[name] for name in _missed(file.unread, file.values)]
    if lines:
        advice = f"Write it as NAME=value, such as {NAMES[0][0]}=…, without `set`, `$env:` or a colon."
        outcome = f"line {min(lines)} of {finding.place} cannot be read: {WRITE_PLAINLY}"
        return replace(finding, outcome=outcome, unreadable=True, advice=advice)
    if file.first_unread and not finding.holds_something:
        return replace(finding, outcome=f"{finding.outcome}; line {file.first_unread} cannot be read")
    return finding


def _missed(unread: Collection[str], values: Collection[str]) -> list[str]:
    """Choose the unread names that matter: our own, and the guide's where they would make a whole pair."""
    return [
        name
        for pair in NAMES
        for name in pair
        if name in unread and (pair == NAMES[0] or set(pair) <= {*unread, *values})
    ]


def _read_store(store: SecretStore) -> Finding:
    content = read_store(store, NAMES)
    finding = _read(content.values, store.label)
    missed = sorted(_missed(content.refused, content.values), key=lambda name: not content.refused[name].sure)
    if missed and not finding.credentials:
        refused = content.refused[missed[0]]
        return replace(finding, outcome=refused.why, unreadable=refused.sure, advice=refused.advice)
    if store.hint and not finding.holds_something:
        return replace(finding, outcome=f"{finding.outcome} ({store.hint})")
    return finding


def _read(
    values: Mapping[str, str | None],
    place: str,
    labels: tuple[str, str] | None = None,
    caution: str = "",
) -> Finding:
    for names in NAMES:
        key, secret = _pair(values, names)
        if key and secret:
            source = place if names == NAMES[0] else f"{place} ({names[0]} and {names[1]})"
            return Finding(place, "found", AppCredentials(key, secret, source, names=names, caution=caution))
    key, secret = _pair(values, NAMES[0])
    if key or secret:
        present, absent = (labels or NAMES[0]) if key else reversed(labels or NAMES[0])
        return Finding(place, f"{present} is there, {absent} is missing", incomplete=True)
    if values.get(RETIRED):
        return Finding(place, f"only {RETIRED}, which is retired: an App key and an App secret are needed")
    return Finding(place, "nothing")


def _pair(values: Mapping[str, str | None], names: tuple[str, str]) -> tuple[str, str]:
    key, secret = ((values.get(name) or "").strip() for name in names)
    return key, secret


def save_credentials(credentials: AppCredentials, path: Path | None) -> str:
    """Write both values to the file `path`, or to the system's keyring for None; return what was done."""
    values = dict(zip(NAMES[0], (credentials.app_key, credentials.app_secret), strict=True))
    return save_to_keyring(values) if path is None else write_env_file(path, values)
