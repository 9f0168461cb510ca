"""Secret stores: Colab's, Kaggle's and Databricks' secrets and the system's keyring, under a time limit."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dolbyio_nb._util.place import current_place, login_words, shell
from dolbyio_nb.errors import CredentialsError
from dolbyio_nb.http import limits

STORE_LIMIT = 2.0  # seconds for all names of one store; Colab without its page would take 20 for each
SERVICE = "dolbyio_nb"  # what our entries of the keyring are filed under
SCOPE = "dolbyio"  # the scope of Databricks' secrets

Get = Callable[[str], str | None]


class Refused(Exception):
    """Raised when a secret is not given: `why`, `advice` that mends it, and if it is there for `sure`."""

    def __init__(self, why: str, advice: str, *, sure: bool = False) -> None:
        super().__init__(why)
        self.why, self.advice, self.sure = why, advice, sure


@dataclass(frozen=True)
class SecretStore:
    """One kind of store.

    Attributes:
        name: as the table of places has it; the keyring is in no row, since any place may have one.
        label: what people call it.
        reader: gives the function that reads one secret, None for one that is not there.
        hint: what is often forgotten, where a store cannot tell that from nothing.
    """

    name: str
    label: str
    reader: Callable[[], Get]
    hint: str = ""


@dataclass(frozen=True)
class StoreContent:
    """What a store holds of the wanted names: `values`, and the names it `refused`, each with the reason."""

    store: SecretStore
    values: Mapping[str, str] = field(repr=False)
    refused: Mapping[str, Refused]


def _colab() -> Get:
    from google.colab import userdata

    def get(name: str) -> str | None:
        try:
            return str(userdata.get(name))
        except Exception as problem:
            if type(problem).__name__ == "NotebookAccessError":
                advice = f'Allow it: the key at the left, then "Notebook access" beside {name}.'
                raise Refused(f"{name} is not shared with this notebook", advice, sure=True) from None
            return _none_or_refused(
                problem, f"Open the notebook in Colab's own page, or: {login_words('--form')}"
            )

    return get


def _kaggle() -> Get:
    from kaggle_secrets import UserSecretsClient

    client = UserSecretsClient()

    def get(name: str) -> str | None:
        try:
            return str(client.get_secret(name))
        except Exception as problem:
            if "No user secrets exist" in str(problem):
                return None
            return _none_or_refused(
                problem, 'Switch on "Internet" in the notebook\'s settings, then try again.'
            )

    return get


def _databricks() -> Get:
    secrets = shell().user_ns["dbutils"].secrets

    def get(name: str) -> str | None:
        try:
            return str(secrets.get(scope=SCOPE, key=name))
        except Exception as problem:
            if "does not exist" in str(problem) or "RESOURCE_DOES_NOT_EXIST" in str(problem):
                return None
            advice = f"Allow it: databricks secrets put-acl {SCOPE} YOU READ"
            if "permission" in str(problem).lower():
                raise Refused(f"the scope {SCOPE} may not be read by you", advice, sure=True) from None
            return _none_or_refused(problem, advice)

    return get


def _keyring() -> Get:
    import keyring

    def get(name: str) -> str | None:
        try:
            value: str | None = keyring.get_password(SERVICE, name)
        except Exception as problem:
            if type(problem).__name__ == "NoKeyringError":
                return None
            return _none_or_refused(problem, "Unlock it, then try again.")
        return value

    return get


def _none_or_refused(problem: Exception, advice: str) -> str | None:
    """Take an error for "not there" where it says so; any other is a refusal, known by its kind alone."""
    kind = type(problem).__name__
    if isinstance(problem, LookupError) or "NotFound" in kind:
        return None
    raise Refused(f"it gives an error ({kind})", advice) from None


STORES = (
    SecretStore("Colab", "Colab's secrets", _colab),
    SecretStore("Kaggle", "Kaggle's secrets", _kaggle, "a secret has to be attached: Add-ons > Secrets"),
    SecretStore("Databricks", "Databricks' secrets", _databricks, f"looked in the scope {SCOPE}"),
    SecretStore("keyring", "the system's keyring", _keyring),
)


def stores_here() -> list[SecretStore]:
    """Give the stores that exist in this place; none of them is asked anything."""
    names = {*current_place().stores, *(["keyring"] if _has_keyring() else [])}
    return [store for store in STORES if store.name in names]


def _has_keyring() -> bool:
    try:
        return importlib.util.find_spec("keyring") is not None
    except ValueError:  # a module without a spec, put there by hand
        return True


def read_store(store: SecretStore, pairs: Sequence[tuple[str, str]]) -> StoreContent:
    """Ask a store for the names of each pair, until one pair is whole or the time is up."""
    values: dict[str, str] = {}
    refused: dict[str, Refused] = {}

    def ask() -> None:
        get = store.reader()
        for pair in pairs:
            for name in pair:
                _ask(get, name, values, refused)
            if all(map(values.get, pair)):
                return

    try:
        limits.beside(STORE_LIMIT, ask)
    except limits.OutOfTime:
        advice = f"Unlock or allow it, then try again; or: {login_words('--form')}"
        late = Refused(f"it gave no answer within {STORE_LIMIT:g} s", advice)
        return StoreContent(store, {}, {name: late for pair in pairs for name in pair})
    except Exception as problem:
        broken = Refused(f"it cannot be opened ({type(problem).__name__})", "Set the environment variables.")
        return StoreContent(store, {}, {name: broken for pair in pairs for name in pair})
    return StoreContent(store, values, refused)


def _ask(get: Get, name: str, values: dict[str, str], refused: dict[str, Refused]) -> None:
    try:
        value = get(name)
    except Refused as trouble:
        refused[name] = trouble
    else:
        if value:
            values[name] = value


class Forgotten(Exception):
    """What was read back is something else."""


def save_to_keyring(values: Mapping[str, str]) -> str:
    """Write the values to the system's keyring and read them back; return what was done.

    Raises:
        CredentialsError: there is no keyring, or it did not keep them.
    """
    try:
        return limits.beside(30 * STORE_LIMIT, lambda: _save(values))  # a person may have to unlock it
    except ImportError:
        why, advice = "The package keyring is not installed.", "Run: pip install keyring"
    except limits.OutOfTime:
        why, advice = "The keyring gave no answer.", "Unlock it, then try again."
    except Forgotten:
        why, advice = "The keyring did not keep what was written to it.", "Use --save without keyring."
    except Exception as problem:
        why, advice = f"The keyring gives an error: {type(problem).__name__}.", "Use --save without keyring."
    raise CredentialsError("The App key and secret were not saved to the system's keyring.", why, advice)


def _save(values: Mapping[str, str]) -> str:
    import keyring

    for name, value in values.items():
        keyring.set_password(SERVICE, name, value)
    if any(keyring.get_password(SERVICE, name) != value for name, value in values.items()):
        raise Forgotten
    backend: Any = keyring.get_keyring()
    return f"Saved to the system's keyring ({backend.name}), for all notebooks of this user."
