"""Secret stores, a row each: found, refused, nothing, and silent; and the keyring as a place to save."""

import importlib.machinery
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from dolbyio_nb.auth import secret_stores
from dolbyio_nb.auth.credentials import AppCredentials, find_credentials, look_everywhere, save_credentials
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound

KEY, SECRET = "a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0LW5lZWRsZS1zZWNyZXQtbmVlZGxlLTEyMzQ="
PAIR = {"DOLBYIO_APP_KEY": KEY, "DOLBYIO_APP_SECRET": SECRET}


Put = Callable[[str, object], None]


class NotebookAccessError(Exception):
    """As Colab's."""


class SecretNotFoundError(Exception):
    """As Colab's."""


class BackendError(Exception):
    """As Kaggle's."""


class KeyringLocked(Exception):
    """As keyring's."""


class Vault:
    """A store in memory, behind each front that the real ones have."""

    name = "of the test"

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.asked: list[str] = []
        self.missing: Exception = SecretNotFoundError("no")
        self.fault: Exception | None = None
        self.silent_until: threading.Event | None = None

    def _answer(self) -> None:
        if self.silent_until:
            self.silent_until.wait(20)
        if self.fault:
            raise self.fault

    def get(self, name: str) -> str:
        self.asked.append(name)
        self._answer()
        if name not in self.values:
            raise self.missing
        return self.values[name]

    def get_or_none(self, service: str, name: str) -> str | None:
        assert service == "dolbyio_nb"
        self._answer()
        return self.values.get(name)


def colab(vault: Vault, put: Put) -> None:
    put("google", ModuleType("google"))
    put("google.colab", SimpleNamespace(userdata=SimpleNamespace(get=vault.get)))


def kaggle(vault: Vault, put: Put) -> None:
    vault.missing = BackendError("{'errors': ['No user secrets exist for kernel id 1 and label x.']}")
    client = SimpleNamespace(get_secret=vault.get)
    put("kaggle_secrets", SimpleNamespace(UserSecretsClient=lambda: client))


def databricks(vault: Vault, put: Put) -> None:
    vault.missing = ValueError("Secret does not exist with scope: dolbyio and key: x")

    def get(scope: str, key: str) -> str:
        assert scope == "dolbyio"
        return vault.get(key)

    names = {"dbutils": SimpleNamespace(secrets=SimpleNamespace(get=get))}
    running = SimpleNamespace(user_ns=names)
    put("IPython", SimpleNamespace(get_ipython=lambda: running))


def keyring(vault: Vault, put: Put) -> None:
    def put_value(service: str, name: str, value: str) -> None:
        vault.values[name] = value

    put(
        "keyring",
        SimpleNamespace(
            __spec__=importlib.machinery.ModuleSpec("keyring", None),
            get_password=vault.get_or_none,
            set_password=put_value,
            get_keyring=lambda: vault,
        ),
    )


# store -> how it is put there, the variable of its place, its label, a refusal, its advice, is it sure
ROWS: dict[str, tuple[Callable[[Vault, Put], None], str, str, Exception, str, bool]] = {
    "Colab": (colab, "", "Colab's secrets", NotebookAccessError("quoted"), "Notebook access", True),
    "Kaggle": (
        kaggle, "KAGGLE_KERNEL_RUN_TYPE", "Kaggle's secrets", ConnectionError("quoted"), "Internet", False,
    ),
    "Databricks": (
        databricks, "DATABRICKS_RUNTIME_VERSION", "Databricks' secrets",
        RuntimeError("PERMISSION_DENIED: quoted"), "put-acl dolbyio", True,
    ),
    "keyring": (keyring, "", "the system's keyring", KeyringLocked("quoted"), "Unlock it", False),
}  # fmt: skip


@pytest.fixture(params=ROWS)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A vault in its place, with the row's label, refusal and advice."""
    put_there, variable, label, refusal, advice, sure = ROWS[request.param]
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    vault = Vault()
    put_there(vault, lambda name, module: monkeypatch.setitem(sys.modules, name, module))
    if variable:
        monkeypatch.setenv(variable, "x")
    return SimpleNamespace(vault=vault, label=label, refusal=refusal, advice=advice, sure=sure)


def test_every_store_has_a_row() -> None:
    """A new store in the registry needs a row here."""
    assert [store.name for store in secret_stores.STORES] == list(ROWS)


def test_a_store_that_holds_both_is_used(store: SimpleNamespace) -> None:
    """Its label is the source, and what it does not need it is not asked for."""
    store.vault.values = PAIR
    found = find_credentials()
    assert (found.app_key, found.app_secret, found.source) == (KEY, SECRET, store.label)
    assert "APP_KEY" not in store.vault.asked


def test_a_store_with_nothing_is_no_error(store: SimpleNamespace) -> None:
    """It stands in the ladder, and a person is asked next."""
    with pytest.raises(CredentialsNotFound):
        find_credentials()
    assert [finding.place for finding in look_everywhere()][-1] == store.label


def test_a_store_that_refuses_is_not_nothing(store: SimpleNamespace) -> None:
    """The error names it, why it gave nothing, and how to allow it; no text of its own is quoted."""
    store.vault.fault = store.refusal
    with pytest.raises(CredentialsError, match=store.advice) as caught:
        find_credentials()
    assert store.label in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
    assert str(store.refusal) not in str(caught.value)


def test_only_a_secret_that_is_there_for_sure_stops_a_log_in(store: SimpleNamespace) -> None:
    """A store that is locked or out of order may hold nothing: a person, or the sandbox, comes next."""
    store.vault.fault = store.refusal
    with pytest.raises(CredentialsError) as caught:
        find_credentials()
    assert isinstance(caught.value, CredentialsNotFound) is not store.sure


def test_half_a_pair_in_a_store(store: SimpleNamespace) -> None:
    """Half of ours is an error; half of the guide's names is another program's."""
    store.vault.values = {"APP_KEY": "abcdefgh"}
    with pytest.raises(CredentialsNotFound):
        find_credentials()
    store.vault.values = {"DOLBYIO_APP_KEY": KEY}
    with pytest.raises(CredentialsError, match="DOLBYIO_APP_SECRET is missing"):
        find_credentials()


def test_a_store_that_does_not_answer_is_left(
    store: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its names together have the time limit, and the error says that it ran out."""
    monkeypatch.setattr(secret_stores, "STORE_LIMIT", 0.05)
    store.vault.silent_until = threading.Event()
    with pytest.raises(CredentialsError, match=r"no answer within 0\.05 s"):
        find_credentials()
    store.vault.silent_until.set()


def test_what_comes_first_asks_no_store(store: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair in the environment is enough: nobody waits for a store, and none asks to be unlocked."""
    for name, value in PAIR.items():
        monkeypatch.setenv(name, value)
    store.vault.fault = AssertionError("asked")
    assert find_credentials().source == "the environment"
    assert store.vault.asked == []


def test_a_store_of_another_place_is_not_in_the_ladder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The ladder lists what exists here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "keyring", None)
    labels = {store.label for store in secret_stores.STORES}
    assert not labels & {finding.place for finding in look_everywhere()}


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    """A keyring in memory."""
    made = Vault()
    keyring(made, lambda name, module: monkeypatch.setitem(sys.modules, name, module))
    return made


def test_saved_to_the_keyring_it_is_found_from_everywhere(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One log-in serves all projects of a user; the answer names the keyring, and no value."""
    said = save_credentials(AppCredentials(KEY, SECRET), None)
    assert "keyring (of the test)" in said
    assert SECRET not in said
    monkeypatch.chdir(tmp_path)
    assert find_credentials() == AppCredentials(KEY, SECRET, "the system's keyring")


@pytest.mark.parametrize("fault", ["locked", "forgets", "missing"])
def test_a_keyring_that_keeps_nothing_is_an_error(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It is read back before "Saved", and the error says what to do."""
    if fault == "locked":
        vault.fault = KeyringLocked(SECRET)
    elif fault == "forgets":
        monkeypatch.setattr(sys.modules["keyring"], "set_password", lambda *_: None)
    else:
        monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(CredentialsError, match="not saved") as caught:
        save_credentials(AppCredentials(KEY, SECRET), None)
    assert SECRET not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
