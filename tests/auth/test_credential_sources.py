"""Kinds of sources, a row each: odd files, files of others, pairs of others, values that are none."""

import os
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import config
from dolbyio_nb.auth import env_file
from dolbyio_nb.auth.credentials import AppCredentials, find_credentials, look_everywhere, save_credentials
from dolbyio_nb.auth.env_file import read_env_file
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import CredentialsError, CredentialsNotFound, TokenRefused
from dolbyio_nb.sandbox import Sandbox

KEY, SECRET = "a2V5LW5lZWRsZS0xMjM0NQ==", "c2VjcmV0LW5lZWRsZS1zZWNyZXQtbmVlZGxlLTEyMzQ="
K, S = f"DOLBYIO_APP_KEY={KEY}", f"DOLBYIO_APP_SECRET={SECRET}"
PAIR = f"{K}\n{S}\n"

pytestmark = pytest.mark.usefixtures("repo")

READ = {
    "UTF-8 with a mark": b"\xef\xbb\xbf" + PAIR.encode(),
    "UTF-16 LE with a mark": PAIR.encode("utf-16"),
    "UTF-16 LE without": PAIR.encode("utf-16-le"),
    "UTF-16 BE with a mark": b"\xfe\xff" + PAIR.encode("utf-16-be"),
    "UTF-16 BE without": PAIR.encode("utf-16-be"),
    "UTF-16 with comments of many letters": f"# 鍵 ключ é 一\n{PAIR}# 一".encode("utf-16"),
    "UTF-8, then UTF-16 appended": f"{K}\n".encode() + f"{S}\r\n".encode("utf-16-le"),
    "UTF-8, then UTF-16 with a mark": f"{K}\n".encode() + f"{S}\r\n".encode("utf-16"),
    "UTF-16, then UTF-8 appended": f"{K}\r\n".encode("utf-16") + f"{S}\n".encode(),
    "a comment in an older encoding": "# clé\n".encode("cp1252") + PAIR.encode(),
    "old Mac's line ends": PAIR.replace("\n", "\r").encode(),
    "export, spaces and a comment": f"export {K}  # mine\n  DOLBYIO_APP_SECRET = '{SECRET}'\n".encode(),
    "an open quote above": b'A="x\nB=2\n' + PAIR.encode(),
    "a line above that cannot be read": b"set -a\n" + PAIR.encode(),
    "the value twice": f"DOLBYIO_APP_KEY: {KEY}\n{PAIR}".encode(),
}


@pytest.mark.parametrize("data", READ.values(), ids=READ)
def test_what_can_be_read_is_read(repo: Path, data: Any) -> None:
    """Every encoding and way to write a line that other programs produce."""
    (repo / ".env").write_bytes(data)
    found = find_credentials()
    assert (found.app_key, found.app_secret) == (KEY, SECRET)


UNREAD = {
    "colon": (f"# a\nDOLBYIO_APP_KEY: {KEY}\nDOLBYIO_APP_SECRET: {SECRET}\n", 2),
    "colon without a space": (f"{K}\nDOLBYIO_APP_SECRET:{SECRET}\n", 2),
    "set of Windows": (f"set {K}\nset {S}\n", 1),
    "PowerShell": (f'\n\n$env:DOLBYIO_APP_KEY="{KEY}"\n$env:DOLBYIO_APP_SECRET="{SECRET}"\n', 3),
    "C shell": (f"setenv DOLBYIO_APP_KEY {KEY}\nsetenv DOLBYIO_APP_SECRET {SECRET}\n", 1),
    "JSON": (f'{{\n"DOLBYIO_APP_KEY": "{KEY}",\n"DOLBYIO_APP_SECRET": "{SECRET}"\n}}\n', 2),
    "a name alone": (f"DOLBYIO_APP_KEY\n{S}\n", 1),
    "an open quote": (f'DOLBYIO_APP_KEY="{KEY}\n{S}\n', 1),
    "the guide's names, both": (f"APP_KEY: {KEY}\nAPP_SECRET: {SECRET}\n", 1),
}


@pytest.mark.parametrize(("text", "line"), UNREAD.values(), ids=UNREAD)
def test_a_line_that_cannot_be_read_is_named(repo: Path, text: Any, line: Any) -> None:
    """File and line are named, and how to write it; no value is."""
    (repo / ".env").write_text(text)
    with pytest.raises(CredentialsError) as caught:
        find_credentials()
    said = str(caught.value)
    assert f"Line {line} of ~/repo/notebooks/.env cannot be read: write NAME=value" in said
    assert len(said.splitlines()) == 3
    assert KEY not in said
    assert SECRET not in said


NOBODYS = {
    "Laravel": "APP_NAME=Laravel\nAPP_KEY=base64:abcdefgh\n",
    "Symfony": "APP_ENV=dev\nAPP_SECRET=0123456789abcdef\n",
    "a YAML file of another program": "APP_KEY: abcdefgh\nname: x\n",
    "no names": "DATABASE_URL=x\n",
    "empty": "",
    "a line that cannot be read": "set -a\n",
    "empty values": "DOLBYIO_APP_KEY=\nDOLBYIO_APP_SECRET=''\n",
}


@pytest.mark.parametrize("text", NOBODYS.values(), ids=NOBODYS)
def test_another_programs_file_is_nothing_at_all(repo: Path, text: str) -> None:
    """It is no error and gives no advice, and the walk goes on above it."""
    (repo / ".env").write_text(text)
    with pytest.raises(CredentialsNotFound):
        find_credentials()
    (repo.parent / ".env").write_text(PAIR)
    assert find_credentials().source == "~/repo/.env"


@pytest.mark.parametrize("name", ["APP_KEY", "APP_SECRET"])
def test_half_a_pair_of_another_program_in_the_environment(
    repo: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It does not stop the search either, and is no half of ours."""
    monkeypatch.setenv(name, "abcdefgh")
    (repo / ".env").write_text(PAIR)
    assert find_credentials().source == "~/repo/notebooks/.env"


def test_a_pair_in_the_guides_names_is_named(repo: Path, sandbox: Sandbox) -> None:
    """It is used; its names stand wherever its source does, and a refusal says whose they may be."""
    (repo / ".env").write_text(f"APP_KEY={KEY}\nAPP_SECRET={SECRET}\n")
    found = find_credentials()
    assert found.source == "~/repo/notebooks/.env (APP_KEY and APP_SECRET)"
    with pytest.raises(TokenRefused, match="may be another program's"):
        TokenRequest(found, sandbox.auth_url)()


def test_a_folder_called_env_is_passed_by(repo: Path) -> None:
    """A virtual environment may be called that; the walk goes on, and --explain tells."""
    (repo / ".env").mkdir()
    with pytest.raises(CredentialsNotFound):
        find_credentials()
    assert "it is a folder, not a file" in [finding.outcome for finding in look_everywhere()]
    with pytest.raises(CredentialsError, match="a folder"):
        find_credentials(env_file=".env")


def test_a_link_to_nothing_is_named(repo: Path) -> None:
    """Somebody meant it to hold a log-in: the error says where it leads."""
    (repo / ".env").symlink_to("/vault/of/mine/.env")
    with pytest.raises(CredentialsError, match=r"a link to /vault/of/mine/\.env, which is not there"):
        find_credentials()


def test_a_link_in_a_circle_is_named(repo: Path) -> None:
    """It is an error in words too."""
    (repo / ".env").symlink_to(".env")
    with pytest.raises(CredentialsError, match="link"):
        find_credentials()


as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away"
)


@as_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_another_users_file_is_not_read(repo: Path, what: str) -> None:
    """Neither where it is found nor where it is named; the error says whose it is, never what it says."""
    (repo.parent / ".env").write_text(PAIR)
    os.chown(repo.parent / ".env" if what == "file" else repo.parent, 65534, -1)
    questions: tuple[dict[str, str], ...] = ({}, {"env_file": "../.env"})
    for question in questions:
        with pytest.raises(CredentialsError, match="belongs to another user") as caught:
            find_credentials(env_file=question.get("env_file"))
        assert KEY not in str(caught.value)


def test_a_file_that_is_not_mine_is_not_read(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where nobody can give files away: I am somebody else."""
    (repo / ".env").write_text(PAIR)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(CredentialsError, match="belongs to another user"):
        find_credentials()


MODES = {0o602: "may write to it", 0o666: "may write to it", 0o622: "may write to it"}


@pytest.mark.parametrize(("mode", "why"), MODES.items())
def test_a_file_that_others_may_write_is_not_read(repo: Path, mode: Any, why: Any) -> None:
    """The error names it, and the command that mends it."""
    (repo / ".env").write_text(PAIR)
    (repo / ".env").chmod(mode)
    with pytest.raises(CredentialsError, match=f"(?s){why}.*chmod 600"):
        find_credentials()


def test_a_file_in_a_folder_that_others_may_write_is_not_read(repo: Path) -> None:
    """Whoever may write to the folder can put a file there; in one like /tmp, only their own."""
    (repo / ".env").write_text(PAIR)
    (repo / ".env").chmod(0o600)
    repo.chmod(0o777)
    with pytest.raises(CredentialsError, match="may write to its folder"):
        find_credentials()
    repo.chmod(0o1777)
    assert find_credentials().app_key == KEY


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o644, True), (0o640, True)])
def test_a_file_that_others_may_read_gets_a_warning(repo: Path, mode: int, warned: bool) -> None:
    """It is read; the ladder and the status say what mends it."""
    (repo / ".env").write_text(PAIR)
    (repo / ".env").chmod(mode)
    assert ("chmod 600" in find_credentials().caution) is warned


@pytest.fixture
def pipe(repo: Path) -> Path:
    """A named pipe called .env."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(repo / ".env", 0o600)
    return repo / ".env"


def test_a_named_pipe_is_read(pipe: Path) -> None:
    """As a password manager offers it: whoever writes comes when somebody reads."""
    writer = threading.Thread(target=pipe.write_text, args=(PAIR,))
    writer.start()
    try:
        assert find_credentials().app_secret == SECRET
    finally:
        writer.join(10)


def test_a_pipe_that_gives_nothing_is_an_error(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr(env_file, "PIPE_LIMIT", 0.05)
    with pytest.raises(CredentialsError, match=r"nothing came out of it within 0\.05 s"):
        find_credentials()


def test_a_pipe_without_an_end_is_an_error(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never closes it is left."""
    monkeypatch.setattr(env_file, "PIPE_LIMIT", 0.05)
    held = os.open(pipe, os.O_RDWR)
    os.write(held, K.encode())
    with pytest.raises(CredentialsError, match="no end came out of it"):
        find_credentials()
    os.close(held)


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no /dev/fd here")
def test_a_descriptor_is_read() -> None:
    """As a shell's <(command) gives it."""
    out, into = os.pipe()
    os.write(into, PAIR.encode())
    os.close(into)
    assert find_credentials(env_file=f"/dev/fd/{out}").app_key == KEY
    os.close(out)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="no /dev/null here")
def test_no_file_is_no_credentials() -> None:
    """/dev/null is what one names for "none"; a device without an end is refused."""
    assert look_everywhere(env_file="/dev/null")[1].outcome == "nothing"
    with pytest.raises(CredentialsError, match="too large"):
        find_credentials(env_file="/dev/zero")


WRONG = [
    ("YOUR_APP_KEY", SECRET, "App key is a placeholder"),
    (KEY, "<your-app-secret>", "App secret is a placeholder"),
    (KEY, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "App secret is a placeholder"),
    ("changeme", SECRET, "App key is a placeholder"),
    (KEY, "app_secret", "App secret is a placeholder"),
    ("${K}", SECRET, "App key is a reference"),
    (KEY, "$(pass dolby)", "App secret is a reference"),
    (KEY, "$DOLBY_SECRET", "App secret is a reference"),
    (KEY, "%DOLBY_SECRET%", "App secret is a reference"),
    (KEY, "{{ secrets.DOLBY }}", "App secret is a reference"),
    ("op://vault/dolby/key", SECRET, r"App key is a reference \(op://\)"),
    (KEY, "vault://secret/dolby", "App secret is a reference"),
    (KEY, "`pass dolby`", "backticks"),
    (f"DOLBYIO_APP_KEY={KEY}", SECRET, r"begins with a name \(DOLBYIO_APP_KEY\)"),
    (KEY, f"APP_SECRET: {SECRET}", r"begins with a name \(APP_SECRET\)"),
    (KEY[:-1], SECRET, "App key is one character shorter"),
    (KEY, SECRET[:-1], "App secret is one character shorter"),
    (KEY, SECRET + "x", "App secret is one character longer"),
    (KEY, f"Basic {SECRET}", "begins with Basic"),
    (KEY, f"“{SECRET}”", "quotes"),
    (KEY, KEY, "are the same"),
    (SECRET, KEY, "swapped"),
]


@pytest.mark.parametrize(("key", "secret", "sentence"), WRONG)
def test_what_is_no_key_is_recognised_when_it_is_refused(
    sandbox: Sandbox, key: str, secret: str, sentence: str
) -> None:
    """The service refuses first; then the error says what looks wrong, without the value."""
    with pytest.raises(TokenRefused, match=sentence) as caught:
        TokenRequest(AppCredentials(key, secret), sandbox.auth_url)()
    assert SECRET not in str(caught.value)
    assert KEY not in str(caught.value)


GOOD = ["MyKeyIsTheOneAndOnly+w==", "YourAppKeyYourAppKeyAA==", "0123456789abcdef01234567", "k" * 30 + "9"]


@pytest.mark.parametrize("key", GOOD)
def test_what_may_be_a_key_is_not_doubted(key: str) -> None:
    """No usual shape, and no new one, is called wrong."""
    assert AppCredentials(key, SECRET).warnings() == []


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_retired_key_is_recognised(repo: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Whoever follows an old sample is told that the way is closed, without the value."""
    if place == "environment":
        monkeypatch.setenv("DOLBYIO_API_KEY", "old-needle-1234567890")
    else:
        (repo / ".env").write_text("DOLBYIO_API_KEY=old-needle-1234567890\n")
    with pytest.raises(CredentialsNotFound, match=r"retired API keys \(x-api-key\)") as caught:
        find_credentials()
    assert "needle" not in str(caught.value)


FOUND = AppCredentials(KEY, SECRET)
ABOVE = {
    "nothing": "",
    "no line end": "A=1",
    "an open quote": "A='x\nB=2\n",
    "an open double quote": 'A="x\nB=2',
    "Windows' line ends": "A=1\r\nB=2\r\n",
    "old values": f"DOLBYIO_APP_KEY=old\nA=1\n{K}\n",
}


@pytest.mark.parametrize("text", ABOVE.values(), ids=ABOVE)
def test_what_is_saved_can_be_read(repo: Path, text: str) -> None:
    """Whatever stands above, the next log-in finds it, and the other lines are the same bytes."""
    (repo / ".env").write_bytes(text.encode())
    save_credentials(FOUND, repo / ".env")
    assert find_credentials() == find_credentials(env_file=".env")
    assert find_credentials().app_secret == SECRET
    others = [line for line in text.splitlines() if not line.startswith("DOLBYIO")]
    now = (repo / ".env").read_bytes().decode()
    assert [line for line in now.splitlines() if not line.startswith("DOLBYIO")] == others
    assert now.count("\r") == text.count("\r")


@pytest.mark.parametrize("secret", ["a'b\\c d#e$f\"g", "ünïcode-secret-value", "x" * 44, "back`tick\\"])
def test_any_value_comes_back(repo: Path, secret: str) -> None:
    """What is saved is what is read."""
    save_credentials(AppCredentials(KEY, secret), repo / ".env")
    assert find_credentials().app_secret == secret


def test_what_cannot_be_read_back_is_not_saved(repo: Path) -> None:
    """An open quote that swallows all below it keeps its file as it is, and the error names the line."""
    text = "B=2\nA='x\n"
    (repo / ".env").write_text(text)
    with pytest.raises(CredentialsError, match="line 2"):
        save_credentials(AppCredentials(KEY, "it's"), repo / ".env")
    assert (repo / ".env").read_text() == text
    assert [path.name for path in repo.iterdir()] == [".env"]


def test_a_link_stays_a_link(repo: Path, tmp_path: Path) -> None:
    """What it leads to is written and closed; the answer names it."""
    target = tmp_path / "shared.env"
    target.write_text("A=1\n")
    (repo / ".env").symlink_to(target)
    assert "~/shared.env" in save_credentials(FOUND, repo / ".env")
    assert (repo / ".env").is_symlink()
    assert read_env_file(target).values == {
        "A": "1",
        "DOLBYIO_APP_KEY": KEY,
        "DOLBYIO_APP_SECRET": SECRET,
    }
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_to_what_git_tracks_is_refused(repo: Path, tmp_path: Path) -> None:
    """The target is looked at, not the link alone."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "env").write_text("A=1\n")
    for words in (["init"], ["add", "env"]):
        subprocess.run(["git", *words], cwd=store, check=True, capture_output=True)
    (repo / ".env").symlink_to(store / "env")
    with pytest.raises(CredentialsError, match="Git tracks"):
        save_credentials(FOUND, repo / ".env")
    assert (store / "env").read_text() == "A=1\n"


@as_root
def test_another_users_file_is_not_written(repo: Path) -> None:
    """Its owner could read what is saved."""
    (repo / ".env").write_text("A=1\n")
    os.chown(repo / ".env", 65534, -1)
    with pytest.raises(CredentialsError, match="belongs to another user"):
        save_credentials(FOUND, repo / ".env")


def test_origins_of_strangers_are_not_taken(repo: Path) -> None:
    """A file sends nobody's secret to another host."""
    (repo / ".env").write_text(
        f"{PAIR}DOLBYIO_AUTH_URL=https://evil.example\nDOLBYIO_MEDIA_URL=https://x.y\n"
    )
    assert find_credentials().origins is None
    assert config.auth_url() == config.AUTH_ORIGIN
