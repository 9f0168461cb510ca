"""Credentials are found where the design says, both values or neither."""

import pickle
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.auth.credentials import (
    AppCredentials,
    find_credentials,
    look_everywhere,
    read_arguments,
)
from dolbyio_nb.auth.env_file import LARGEST_ENV_FILE, profiles
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, InvalidOption

KEY, SECRET = "a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0LW5lZWRsZS1zZWNyZXQtbmVlZGxlLTEyMzQ="


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository `work/repo` below a home directory, with nothing set."""
    repository = tmp_path / "work" / "repo" / "notebooks"
    repository.mkdir(parents=True)
    (tmp_path / "work" / "repo" / ".git").mkdir()
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(repository)
    for name in ("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET", "APP_KEY", "APP_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return repository


def write(path: Path, key: str = KEY, secret: str = SECRET, prefix: str = "DOLBYIO_") -> None:
    lines = [f"{prefix}APP_KEY={key}"] * bool(key) + [f"{prefix}APP_SECRET={secret}"] * bool(secret)
    path.write_text("\n".join(lines))


def test_arguments_come_first(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Values in the call win over everything."""
    monkeypatch.setenv("DOLBYIO_APP_KEY", "other")
    monkeypatch.setenv("DOLBYIO_APP_SECRET", "other")
    assert find_credentials(read_arguments(KEY, SECRET)).app_key == KEY


def test_order_of_places(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """The named file wins over the environment, and the environment over `.env`."""
    write(place / ".env", "from-dotenv")
    assert find_credentials().app_key == "from-dotenv"
    monkeypatch.setenv("APP_KEY", "from-environment")
    monkeypatch.setenv("APP_SECRET", SECRET)
    assert find_credentials().app_key == "from-environment"
    write(place / ".env.studio", "from-profile")
    assert find_credentials(profile="studio").app_key == "from-profile"
    write(place / "other", "from-file")
    assert find_credentials(env_file="other").app_key == "from-file"


def test_own_names_win_over_the_guides(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOLBYIO_APP_KEY counts before APP_KEY, and the two pairs are never mixed."""
    monkeypatch.setenv("APP_KEY", "guide")
    monkeypatch.setenv("APP_SECRET", "guide")
    monkeypatch.setenv("DOLBYIO_APP_KEY", "half")
    assert find_credentials().app_key == "guide"
    monkeypatch.setenv("DOLBYIO_APP_SECRET", "half")
    assert find_credentials().app_key == "half"


def test_env_file_is_found_upwards_to_the_repository(place: Path) -> None:
    """`.env` is looked for upwards, but not above the repository."""
    write(place.parent / ".env")
    assert find_credentials().source == "~/work/repo/.env"
    (place.parent / ".env").rename(place.parent.parent / ".env")
    with pytest.raises(CredentialsNotFound):
        find_credentials()


def test_env_file_never_reaches_the_environment(place: Path) -> None:
    """Reading `.env` changes no environment variable."""
    import os

    write(place / ".env")
    find_credentials()
    assert "DOLBYIO_APP_SECRET" not in os.environ


@pytest.mark.parametrize(("key", "secret", "missing"), [(KEY, "", "APP_SECRET"), ("", SECRET, "APP_KEY")])
def test_half_a_log_in_is_an_error(place: Path, key: str, secret: str, missing: str) -> None:
    """A file with one of the two values is an error that names the file and the missing name."""
    write(place / ".env", key, secret)
    with pytest.raises(CredentialsError) as caught:
        find_credentials()
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "~/work/repo/notebooks/.env" in lines[0]
    assert f"DOLBYIO_{missing} is missing" in lines[1]
    assert KEY not in str(caught.value)


def test_nothing_found_says_what_to_set() -> None:
    """Nothing anywhere is an error that names the variables, the file and the sandbox."""
    with pytest.raises(CredentialsNotFound, match="DOLBYIO_APP_KEY") as caught:
        find_credentials()
    assert ".env" in str(caught.value)
    assert "DOLBYIO_SANDBOX" in str(caught.value)


@pytest.mark.parametrize("question", [{"env_file": "missing"}, {"profile": "missing"}])
def test_a_named_file_must_exist(question: dict[str, Any], place: Path) -> None:
    """A file or profile asked for by name is never silently passed over."""
    write(place / ".env")
    with pytest.raises(InvalidOption, match="missing"):
        find_credentials(**question)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00\x01", "not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR=\0\0", "not text in UTF-8"),
        (b"A=1\n" * LARGEST_ENV_FILE, "too large"),
    ],
    ids=["binary", "picture", "huge"],
)
def test_unreadable_file_is_named(place: Path, content: bytes, why: str) -> None:
    """A file that is no text, or far too much of it, is an error that names it and says why."""
    (place / ".env").write_bytes(content)
    with pytest.raises(CredentialsError, match=rf"\.env\.\n.*{why}"):
        find_credentials()


@pytest.mark.parametrize(
    "question", [{"env_file": "x" * 5000}, {"env_file": "~nobody-of-this-name/x"}, {"profile": "x" * 5000}]
)
def test_a_name_that_no_file_can_have_is_no_riddle(question: dict[str, Any]) -> None:
    """A name that is too long, or a home of nobody, is a file that is not there."""
    with pytest.raises(InvalidOption, match="There is no"):
        find_credentials(**question)


def test_a_working_directory_that_is_gone_is_no_riddle(place: Path) -> None:
    """What was given counts all the same, and without it there is just no `.env`."""
    place.rmdir()
    assert find_credentials(read_arguments(KEY, SECRET)).app_secret == SECRET
    with pytest.raises(CredentialsNotFound):
        find_credentials()


def test_arguments_of_another_type_are_refused() -> None:
    """What is no string is refused in words, without a traceback through frames that hold the values."""
    with pytest.raises(CredentialsError, match="strings"):
        find_credentials(read_arguments(KEY, [SECRET]))  # type: ignore[arg-type]


def test_values_are_stripped_and_taken_as_they_are(place: Path) -> None:
    """White space around a value goes, a byte-order mark too, and `$` is no variable."""
    (place / ".env").write_text(
        f"\ufeffDOLBYIO_APP_KEY= {KEY} \r\nDOLBYIO_APP_SECRET='a${{HOME}}b'\n", "utf-8"
    )
    found = find_credentials()
    assert (found.app_key, found.app_secret) == (KEY, "a${HOME}b")


def test_the_ladder_explains_itself(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Every place says what it held; one that came too late says what shadows it; no value is shown."""
    write(place / ".env")
    monkeypatch.setenv("DOLBYIO_APP_KEY", KEY)
    monkeypatch.setenv("DOLBYIO_APP_SECRET", SECRET)
    findings = look_everywhere()
    assert [finding.outcome for finding in findings] == [
        "nothing",
        "found",
        "shadowed by the environment",
    ]
    assert KEY not in repr(findings)
    assert SECRET not in repr(findings)


def test_colab_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Colab its secrets are a place too, and a secret it does not share is no error."""
    values = {"DOLBYIO_APP_KEY": KEY, "DOLBYIO_APP_SECRET": SECRET}
    colab = types.ModuleType("google.colab")
    colab.userdata = types.SimpleNamespace(get=values.__getitem__)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert find_credentials().source == "Colab's secrets"


def test_profiles_are_listed(place: Path) -> None:
    """Each `.env.NAME` is a profile, but not an example file."""
    write(place / ".env.studio")
    write(place.parent / ".env.live")
    for name in ("example", "sample", "template"):
        write(place.parent / f".env.{name}")
    assert profiles(place) == ["live", "studio"]


@pytest.mark.parametrize(
    ("key", "secret", "word"),
    [
        (SECRET, KEY, "swapped"),
        (f'"{KEY}"', SECRET, "quotes"),
        (KEY, "eyJhbGciOiJIUzI1NiJ9.e30.abc", "JWT"),
        (KEY, f"{SECRET[:10]} {SECRET[10:]}", "white space"),
    ],
)
def test_usual_mistakes_are_named(key: str, secret: str, word: str) -> None:
    """A swapped pair, quotes, a pasted token and inner white space are named, without the values."""
    (sentence,) = AppCredentials(key, secret).warnings()
    assert word in sentence
    assert secret not in sentence


def test_good_credentials_raise_no_doubt() -> None:
    """Credentials of the usual shape are not warned about."""
    assert AppCredentials(KEY, SECRET).warnings() == []


def test_secret_is_in_no_repr_and_no_pickle() -> None:
    """The secret shows nowhere, and credentials are not pickled."""
    credentials = AppCredentials(KEY, SECRET)
    assert SECRET not in repr(credentials)
    assert KEY not in repr(credentials)
    with pytest.raises(TypeError, match="delegate"):
        pickle.dumps(credentials)


@pytest.mark.parametrize("pair", [("", SECRET), (KEY, " \n")])
def test_empty_values_are_refused(pair: tuple[str, str] | tuple[str, str]) -> None:
    """An empty value is refused before anything is sent."""
    with pytest.raises(CredentialsError, match="empty"):
        AppCredentials(*pair)


def test_a_view_of_all_attributes_shows_no_secret() -> None:
    """A debugger shows the repr of each attribute, properties too; machines still get the value."""
    credentials = AppCredentials(KEY, SECRET)
    shown = [repr(getattr(credentials, name)) for name in dir(credentials)] + [repr(vars(credentials))]
    assert not [text for text in shown if SECRET in text]
    assert credentials.app_secret == SECRET
    assert f"{credentials.app_secret}" == SECRET
