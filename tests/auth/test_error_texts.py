"""Errors of a log-in, whole, a row each: what failed, why with the name of the source, what to do next."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dolbyio_nb.auth import secret_stores
from dolbyio_nb.auth.credential_checks import looks_wrong
from dolbyio_nb.auth.credentials import (
    AppCredentials,
    Finding,
    find_credentials,
    look_everywhere,
    read_arguments,
    save_credentials,
)
from dolbyio_nb.auth.env_file import LARGEST_ENV_FILE, PIPE_LIMIT
from dolbyio_nb.auth.secret_stores import SERVICE, STORE_LIMIT, STORES, SecretStore, read_store
from dolbyio_nb.errors import DolbyError

KEY, SECRET = "a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0LW5lZWRsZS1zZWNyZXQtbmVlZGxlLTEyMzQ="
K, S = f"DOLBYIO_APP_KEY={KEY}", f"DOLBYIO_APP_SECRET={SECRET}"
HERE = "~/repo/notebooks"

pytestmark = pytest.mark.usefixtures("repo")

NOT_FOUND = "No App key and App secret were found in the environment or in a .env file."
LOOKED = "Looked for DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET, then APP_KEY and APP_SECRET."
SANDBOX = "dolbyio_nb.login(sandbox=True), or DOLBYIO_SANDBOX=auto."
SET_THEM = f"Set them, write them to .env, or try the sandbox: {SANDBOX}"
HALF = f"The log-in is incomplete: only one of the two values is in {HERE}/.env."
ADD = "Add the missing one there, or remove the other."
UNREADABLE = f"There may be a log-in that cannot be read: {HERE}/.env."
PLAINLY = "Write it as NAME=value, such as DOLBYIO_APP_KEY=…, without `set`, `$env:` or a colon."
CORRECT = "Correct it, or remove it."


def nothing(repo: Path) -> object:
    return find_credentials()


def with_env(text: str | bytes) -> Callable[[Path], object]:
    def find(repo: Path) -> object:
        (repo / ".env").write_bytes(text.encode() if isinstance(text, str) else text)
        return find_credentials()

    return find


def with_link(repo: Path) -> object:
    (repo / ".env").symlink_to("/vault/of/mine/.env")
    return find_credentials()


def with_circle(repo: Path) -> object:
    (repo / ".env").symlink_to(".env")
    return find_credentials()


def with_mode(mode: int) -> Callable[[Path], object]:
    def find(repo: Path) -> object:
        (repo / ".env").write_text(f"{K}\n{S}\n")
        (repo / ".env").chmod(mode)
        return find_credentials()

    return find


def with_open_folder(repo: Path) -> object:
    (repo / ".env").write_text(f"{K}\n{S}\n")
    (repo / ".env").chmod(0o600)
    repo.chmod(0o777)
    return find_credentials()


def with_profiles(*names: str) -> Callable[[Path], object]:
    def find(repo: Path) -> object:
        for name in names:
            (repo / f".env.{name}").write_text("")
        return find_credentials(profile="live")

    return find


def with_folder(repo: Path) -> object:
    (repo / "venv").mkdir()
    return find_credentials(env_file="venv")


ERRORS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing anywhere": (nothing, [NOT_FOUND, LOOKED, SET_THEM]),
    "a retired key": (
        with_env("DOLBYIO_API_KEY=x\n"),
        [
            NOT_FOUND,
            f"DOLBYIO_API_KEY is in {HERE}/.env, but Dolby.io has retired API keys (x-api-key).",
            SET_THEM,
        ],
    ),
    "no secret": (with_env(K), [HALF, "DOLBYIO_APP_KEY is there, DOLBYIO_APP_SECRET is missing.", ADD]),
    "no key": (with_env(S), [HALF, "DOLBYIO_APP_SECRET is there, DOLBYIO_APP_KEY is missing.", ADD]),
    "a colon": (
        with_env(f"# a\nDOLBYIO_APP_KEY: {KEY}\n{S}\n"),
        [UNREADABLE, f"Line 2 of {HERE}/.env cannot be read: write NAME=value.", PLAINLY],
    ),
    "no text": (
        with_env(b"\xff\xfe\x00\x01"),
        [UNREADABLE, "It is not text in UTF-8.", "Save it as UTF-8, with one NAME=value in a line."],
    ),
    "too large": (
        with_env("A=1\n" * LARGEST_ENV_FILE),
        [UNREADABLE, "It is too large for a .env file.", CORRECT],
    ),
    "a link to nothing": (
        with_link,
        [UNREADABLE, "It is a link to /vault/of/mine/.env, which is not there.", CORRECT],
    ),
    "a link to itself": (
        with_circle,
        [UNREADABLE, f"It is a link to {HERE}/.env, which is not there.", CORRECT],
    ),
    "open to others": (
        with_mode(0o606),
        [UNREADABLE, "Other users may write to it.", f"Look at its lines, then: chmod 600 {HERE}/.env"],
    ),
    "a folder open to others": (
        with_open_folder,
        [UNREADABLE, "Other users may write to its folder.", f"Look at its lines, then: chmod o-w {HERE}"],
    ),
    "a folder": (
        with_folder,
        [f"There may be a log-in that cannot be read: {HERE}/venv.", "It is a folder, not a file.", CORRECT],
    ),
    "no such file": (
        lambda repo: find_credentials(env_file="no.env"),
        [f"There is no file {HERE}/no.env.", "It was named as env_file.", "Check its path."],
    ),
    "no such profile": (
        with_profiles(),
        [
            f"There is no profile 'live': no file .env.live from {HERE} upwards.",
            "Profiles found: none.",
            "Write DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET to .env.live, or choose another.",
        ],
    ),
    "other profiles": (
        with_profiles("studio", "home", "dist", "example", "sample", "template"),
        [
            f"There is no profile 'live': no file .env.live from {HERE} upwards.",
            "Profiles found: home, studio.",
            "Write DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET to .env.live, or choose another.",
        ],
    ),
    "no strings": (
        lambda repo: find_credentials(read_arguments(KEY, 7)),  # type: ignore[arg-type]
        [
            "There may be a log-in that cannot be read: the arguments.",
            "App_key and app_secret have to be strings.",
            CORRECT,
        ],
    ),
    "half an argument": (
        lambda repo: find_credentials(read_arguments(app_secret=SECRET)),
        [
            "The log-in is incomplete: only one of the two values is in the arguments.",
            "App_secret is there, app_key is missing.",
            ADD,
        ],
    ),
    "empty": (
        lambda repo: AppCredentials(KEY, " ", "the form"),
        [
            "The App key or the App secret is empty.",
            "They came from the form.",
            "Copy both from the Dolby.io dashboard.",
        ],
    ),
    "not saved": (
        lambda repo: save_credentials(AppCredentials(KEY, SECRET), repo / "no" / ".env"),
        [
            f"The App key and secret were not saved to {HERE}/no/.env.",
            "The reason: the file cannot be written: No such file or directory.",
            "Save them by hand, or leave out --save.",
        ],
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_told_whole(kind: str, repo: Path) -> None:
    """Every word of it."""
    raised, lines = ERRORS[kind]
    with pytest.raises(DolbyError) as caught:
        raised(repo)
    assert str(caught.value).splitlines() == lines


K_IS, S_IS = "The App key", "The App secret"
FOREIGN = "There are characters in the App key or the App secret that no key of Dolby.io has."
PLACEHOLDER, REFERENCE = "is a placeholder of an example.", "not filled in here: write the value itself."
LONG = "n" * 30 + "9"
CHECKS: list[tuple[str, str, list[str]]] = [
    (KEY, SECRET, []),
    (LONG, LONG + "8", []),
    (SECRET, KEY, ["The App key and the App secret look swapped."]),
    (LONG, LONG, ["The App key and the App secret are the same."]),
    (f"APP_KEY={KEY}", SECRET, [f"{K_IS} begins with a name (APP_KEY); only what follows it is the value."]),
    (
        f"export X_SECRET:{KEY}",
        SECRET,
        [f"{K_IS} begins with a name (X_SECRET); only what follows it is the value."],
    ),
    (f"set KEY = {KEY}", SECRET, [f"{K_IS} begins with a name (KEY); only what follows it is the value."]),
    (KEY, "`pass x`", [f"{S_IS} stands in backticks, and no command in it is run: write the value itself."]),
    (KEY, "${X}", [f"{S_IS} is a reference (such as ${{NAME}}), {REFERENCE}"]),
    (KEY, f"{LONG}${{X}}{LONG}", [f"{S_IS} is a reference (such as ${{NAME}}), {REFERENCE}"]),
    (KEY, "'op://vault/x'", [f"{S_IS} is a reference (op://), {REFERENCE}"]),
    (KEY, f"Bearer {LONG}", [f"{S_IS} begins with Bearer, as a header does."]),
    (KEY, f"authorization: basic {LONG}", [f"{S_IS} begins with Basic, as a header does."]),
    (KEY, "eyJ.x.y", [f"{S_IS} looks like a token (a JWT); the dashboard's token is no App secret."]),
    (KEY, f"eyJ{LONG}.x", []),
    (f'"{KEY}', SECRET, [f"There are quotes around {K_IS[0].lower()}{K_IS[1:]}."]),
    (f"{KEY}’", SECRET, ["There are quotes around the App key."]),
    ("YOUR_KEY", SECRET, [f"{K_IS} {PLACEHOLDER}"]),
    ("k" * 24, SECRET, [f"{K_IS} {PLACEHOLDER}"]),
    ("=", SECRET, [f"{K_IS} {PLACEHOLDER}"]),
    ("YourAppKeyYourAppKeyAA==", SECRET, []),
    (KEY, f"{LONG} {LONG}", ["There is white space inside the App secret."]),
    (KEY, f"{LONG}é", [FOREIGN]),
    (KEY, f"{LONG}\x07", [FOREIGN]),
    (KEY, f"{LONG},", [f"{S_IS} ends with ,, which belongs to the text around it."]),
    (f"{LONG};", SECRET, [f"{K_IS} ends with ;, which belongs to the text around it."]),
    (KEY[:-1], SECRET, [f"{K_IS} is one character shorter than usual: copy it to its end, with every =."]),
    (KEY[:-2], SECRET, [f"{K_IS} is 2 characters shorter than usual: copy it to its end, with every =."]),
    (KEY[:-3], SECRET, []),
    (KEY, SECRET + "x", [f"{S_IS} is one character longer than usual: copy it alone."]),
    (KEY, SECRET + "xy", [f"{S_IS} is 2 characters longer than usual: copy it alone."]),
    (KEY, SECRET + "xyz", []),
    (
        KEY[:-1],
        SECRET + "x",
        [
            f"{K_IS} is one character shorter than usual: copy it to its end, with every =.",
            f"{S_IS} is one character longer than usual: copy it alone.",
        ],
    ),
]


@pytest.mark.parametrize(("key", "secret", "sentences"), CHECKS)
def test_what_looks_wrong_is_told_whole(key: str, secret: str, sentences: list[str]) -> None:
    """Both values together, then each; nothing about what may be a new kind."""
    assert list(looks_wrong(key, secret)) == sentences


def test_names_of_others_are_told_whole(repo: Path) -> None:
    """The guide's names are known elsewhere."""
    (repo / ".env").write_text(f"APP_KEY={KEY}\nAPP_SECRET={SECRET}\n")
    assert find_credentials().warnings() == [
        "APP_KEY and APP_SECRET may be another program's (Laravel, Symfony, Dropbox use these names): "
        "DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET come before them."
    ]


def test_credentials_tell_where_they_come_from(repo: Path) -> None:
    """And four letters of the key."""
    (repo / ".env").write_text(f"{K}\n{S}\n")
    (repo / ".env").chmod(0o640)
    found = find_credentials()
    assert repr(found) == f"<App key a2V5… from {HERE}/.env>"
    assert (found.key_hint, found.names) == ("a2V5…", ("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET"))
    assert found.caution == f"other users may read {HERE}/.env: chmod 600 {HERE}/.env"
    assert AppCredentials(KEY, SECRET).source == "arguments"
    assert read_arguments().place == "the arguments"


def test_the_ladder_is_told_whole(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place with what it held, in the order in which they count."""
    ladder = [("the arguments", "nothing"), ("the environment", "nothing")]
    assert outcomes() == [*ladder, (".env", f"no such file from {HERE} upwards")]
    (repo / ".env").write_text("set -a\n")
    assert outcomes() == [*ladder, (f"{HERE}/.env", "nothing; line 1 cannot be read")]
    monkeypatch.setenv("DOLBYIO_API_KEY", "x")
    retired = "only DOLBYIO_API_KEY, which is retired: an App key and an App secret are needed"
    assert outcomes()[1] == ("the environment", retired)


def outcomes() -> list[tuple[str, str]]:
    return [(finding.place, finding.outcome) for finding in look_everywhere()]


def test_a_finding_holds_what_is_there() -> None:
    """Of use or not."""
    assert not Finding("x", "nothing").holds_something
    assert Finding("x", "half", incomplete=True).holds_something
    assert Finding("x", "odd", unreadable=True).holds_something
    assert Finding("x", "found", AppCredentials(KEY, SECRET)).holds_something


NOT_SAVED = "The App key and secret were not saved to the system's keyring."


@pytest.mark.parametrize(
    ("fault", "lines"),
    [
        ("missing", ["The package keyring is not installed.", "Run: pip install keyring"]),
        ("forgets", ["The keyring did not keep what was written to it.", "Use --save without keyring."]),
        ("locked", ["The keyring gives an error: PermissionError.", "Use --save without keyring."]),
    ],
)
def test_a_keyring_that_does_not_keep_is_told_whole(
    fault: str, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is missing, forgets or refuses."""

    def put(service: str, name: str, value: str) -> None:
        assert service == SERVICE == "dolbyio_nb"
        if fault == "locked":
            raise PermissionError("quoted")

    made: Any = SimpleNamespace(set_password=put, get_password=lambda service, name: "")
    monkeypatch.setitem(sys.modules, "keyring", None if fault == "missing" else made)
    with pytest.raises(DolbyError) as caught:
        save_credentials(AppCredentials(KEY, SECRET), None)
    assert str(caught.value).splitlines() == [NOT_SAVED, *lines]


REFUSALS = {
    "Colab": [
        (type("NotebookAccessError", (Exception,), {})(), "DOLBYIO_APP_KEY is not shared with this notebook",
         'Allow it: the key at the left, then "Notebook access" beside DOLBYIO_APP_KEY.', True),
        (OSError("quoted"), "it gives an error (OSError)",
         "Open the notebook in Colab's own page, or: dolbyio_nb.login_panel()", False),
    ],
    "Kaggle": [
        (OSError("quoted"), "it gives an error (OSError)",
         'Switch on "Internet" in the notebook\'s settings, then try again.', False),
    ],
    "Databricks": [
        (OSError("No PERMISSION"), "the scope dolbyio may not be read by you",
         "Allow it: databricks secrets put-acl dolbyio YOU READ", True),
        (OSError("quoted"), "it gives an error (OSError)",
         "Allow it: databricks secrets put-acl dolbyio YOU READ", False),
    ],
    "keyring": [(OSError("quoted"), "it gives an error (OSError)", "Unlock it, then try again.", False)],
}  # fmt: skip
NOTHING = {
    "Colab": [type("SecretNotFoundError", (Exception,), {})(), KeyError("x")],
    "Kaggle": [OSError("No user secrets exist for kernel id 1"), KeyError("x")],
    "Databricks": [OSError("Secret does not exist"), OSError("RESOURCE_DOES_NOT_EXIST"), KeyError("x")],
    "keyring": [type("NoKeyringError", (Exception,), {})(), LookupError("x")],
}


@pytest.fixture(params=[store.name for store in STORES])
def store(request: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A store that raises what it is told to, in its place."""
    made = SimpleNamespace(name=request.param, error=OSError("x"))

    def get(*args: object, **options: object) -> str:
        raise made.error

    secrets = SimpleNamespace(secrets=SimpleNamespace(get=get))
    modules = {
        "google.colab": SimpleNamespace(userdata=SimpleNamespace(get=get)),
        "kaggle_secrets": SimpleNamespace(UserSecretsClient=lambda: SimpleNamespace(get_secret=get)),
        "keyring": SimpleNamespace(get_password=get),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(secret_stores, "shell", lambda: SimpleNamespace(user_ns={"dbutils": secrets}))
    return made


def test_a_store_that_refuses_is_told_whole(store: SimpleNamespace) -> None:
    """Why it gave nothing, what mends it, and whether something is there for sure."""
    kind = next(one for one in STORES if one.name == store.name)
    for error, why, advice, sure in REFUSALS[store.name]:
        store.error = error
        refused = read_store(kind, [("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET")]).refused["DOLBYIO_APP_KEY"]
        assert (refused.why, refused.advice, refused.sure) == (why, advice, sure)
    for error in NOTHING[store.name]:
        store.error = error
        content = read_store(kind, [("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET")])
        assert (content.values, content.refused) == ({}, {})


def test_a_store_that_cannot_be_opened_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its names is refused, none for sure."""

    def reader() -> Any:
        raise RuntimeError("quoted")

    content = read_store(SecretStore("x", "X", reader), [("A", "B")])
    assert [(name, one.why, one.advice, one.sure) for name, one in content.refused.items()] == [
        (name, "it cannot be opened (RuntimeError)", "Set the environment variables.", False) for name in "AB"
    ]


def test_limits_are_what_the_documents_say() -> None:
    """In seconds and bytes."""
    assert (PIPE_LIMIT, STORE_LIMIT, LARGEST_ENV_FILE) == (5.0, 2.0, 262144)
    assert [(store.name, store.hint) for store in STORES] == [
        ("Colab", ""),
        ("Kaggle", "a secret has to be attached: Add-ons > Secrets"),
        ("Databricks", "looked in the scope dolbyio"),
        ("keyring", ""),
    ]


def test_a_saved_file_is_told_whole(repo: Path) -> None:
    """Where it is, who can read it, and what git still has to know."""
    said = save_credentials(AppCredentials(KEY, SECRET), repo / ".env")
    assert said == f"Saved to {HERE}/.env, readable by you alone."
    assert (repo / ".env").read_text() == f"{K}\n{S}\n"
    assert stat.S_IMODE((repo / ".env").stat().st_mode) == 0o600 or os.name == "nt"
