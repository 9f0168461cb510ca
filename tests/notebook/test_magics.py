"""The magics log in, show and log out, and leave nothing behind."""

import queue
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets import TraitError

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.login_options import LIVES, OPTIONS, LoginOptions
from dolbyio_nb.errors import CredentialsNotFound, DolbyError, InvalidOption, TokenRefused, TokenUnavailable
from dolbyio_nb.notebook.extension import HAS_MATCHERS, complete_command, complete_login
from dolbyio_nb.sandbox import Sandbox


def magic(shell: InteractiveShell, line: str) -> Any:
    """Run `%line` and let its errors through."""
    name, _, rest = line.partition(" ")
    return shell.run_line_magic(name, rest)


def complete(line: str) -> tuple[list[str], bool]:
    """Complete at the end of a line, as this IPython asks; return the texts, and whether they are all."""
    if not HAS_MATCHERS:
        found = complete_command(None, SimpleNamespace(text_until_cursor=line))
        return found, bool(found)
    from IPython.core.completer import CompletionContext

    context = CompletionContext(
        token=line.split(" ")[-1], full_text=line, cursor_position=len(line), cursor_line=0, limit=None
    )
    result = complete_login(context)
    return [completion.text for completion in result["completions"]], bool(result.get("suppress", False))


def completers(shell: InteractiveShell) -> int:
    """Count how often TAB asks us."""
    if HAS_MATCHERS:
        return int(shell.Completer.custom_matchers.count(complete_login))
    return sum(name == "%dolby_login" for name in shell.strdispatchers["complete_command"].strs)


def test_log_in_from_the_environment(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With credentials in the environment the names are bound and the text says whose they are."""
    magic(shell, "dolby_login")
    assert isinstance(shell.user_ns["dolby_token"], AccessToken)
    assert "from the environment" in capsys.readouterr().out
    assert shell.user_ns["dolby"].session.get(f"{shell.user_ns['dolby'].media_url}/media/jobs").ok


def test_log_in_to_the_sandbox(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded sandbox needs nothing, and says that it is one."""
    magic(shell, "dolby_login --sandbox")
    assert "SANDBOX" in capsys.readouterr().out
    magic(shell, "dolby_status")
    assert "SANDBOX" in capsys.readouterr().out


def test_sandbox_stands_in_automatically(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With DOLBYIO_SANDBOX=auto and no credentials, the sandbox stands in."""
    monkeypatch.setenv("DOLBYIO_SANDBOX", "auto")
    magic(shell, "dolby_login")
    assert "SANDBOX" in capsys.readouterr().out


def test_log_out_forgets(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logging out removes the names, ends the old log-in, and says what would log in again."""
    magic(shell, "dolby_login")
    dolby = shell.user_ns["dolby"]
    magic(shell, "dolby_logout")
    assert "dolby" not in shell.user_ns
    assert "dolby_token" not in shell.user_ns
    assert "the environment" in capsys.readouterr().out
    with pytest.raises(DolbyError, match="logged in"):
        _ = dolby.token


def test_failed_log_in_keeps_the_old_one(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """A log-in that fails changes nothing."""
    magic(shell, "dolby_login")
    before = shell.user_ns["dolby"]
    environment.setenv("DOLBYIO_APP_SECRET", "wrong")
    with pytest.raises(TokenRefused):
        magic(shell, "dolby_login")
    assert shell.user_ns["dolby"] is before
    assert before.token


def test_nobody_to_ask(shell: InteractiveShell) -> None:
    """Without credentials and without anybody to ask, the error names variables, file and sandbox."""
    with pytest.raises(CredentialsNotFound) as caught:
        magic(shell, "dolby_login")
    assert len(str(caught.value).splitlines()) == 3
    for word in ("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET", ".env", "DOLBYIO_SANDBOX=auto"):
        assert word in str(caught.value)


def test_unreachable_host(shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A host that does not answer is named."""
    sandbox.stop()
    with pytest.raises(TokenUnavailable, match="cannot be reached"):
        magic(shell, "dolby_login")


def test_swapped_key_and_secret(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """Swapped values are refused by the service, and the error says that they look swapped."""
    environment.setenv("DOLBYIO_APP_KEY", sandbox.app_secret)
    environment.setenv("DOLBYIO_APP_SECRET", sandbox.app_key)
    with pytest.raises(TokenRefused, match="swapped") as caught:
        magic(shell, "dolby_login")
    assert sandbox.app_secret not in str(caught.value)


@pytest.mark.parametrize("life", ["0", "-1", "86401", "90000"])
def test_life_out_of_range(shell: InteractiveShell, environment: pytest.MonkeyPatch, life: str) -> None:
    """A life outside 1 to 86400 s is refused with the limit in the text."""
    with pytest.raises(InvalidOption, match="86400"):
        magic(shell, f"dolby_login --expires-in {life}")


def test_life_is_asked_for(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """The life that is asked for is the life of the token; a trait holds the default."""
    magic(shell, "dolby_login --expires-in 120")
    assert shell.user_ns["dolby_token"].lifetime == 120
    magic(shell, "config DolbyMagics.expires_in = 240")
    magic(shell, "dolby_login")
    assert shell.user_ns["dolby_token"].lifetime == 240


def test_names_can_be_changed(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """Both names are traits, and changing one moves what is there."""
    magic(shell, "dolby_login")
    magic(shell, "config DolbyMagics.client_name = 'audio'")
    magic(shell, "config DolbyMagics.token_name = 'audio_token'")
    assert shell.user_ns["audio"].token == shell.user_ns["audio_token"]
    assert "dolby" not in shell.user_ns


def test_explain_shows_every_place(
    shell: InteractiveShell,
    environment: pytest.MonkeyPatch,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--explain names every place and what was found there, logs in nowhere, and shows no value."""
    magic(shell, "dolby_login --explain")
    text = capsys.readouterr().out
    for place in ("the arguments", "the environment", ".env", "would log in with App key"):
        assert place in text
    assert "Colab" not in text
    assert sandbox.app_secret not in text
    assert sandbox.app_key not in text
    assert "dolby" not in shell.user_ns


NEXT = [
    ({}, "", "auto", "stop with an error (nobody is here to type)"),
    ({}, "", "panel", "show the form"),
    ({}, "", "prompt", "ask at a masked prompt"),
    (
        {"DOLBYIO_SANDBOX": "auto"},
        "",
        "panel",
        "log in to the sandbox on this computer (DOLBYIO_SANDBOX=auto)",
    ),
    ({"DOLBYIO_SANDBOX": "1"}, "", "auto", "log in to the sandbox on this computer, whatever is found"),
    ({}, "--sandbox", "auto", "log in to the sandbox on this computer, whatever is found"),
    (
        {"DOLBYIO_APP_KEY": "a"},
        "",
        "panel",
        "stop with an error (the environment: DOLBYIO_APP_KEY is there, ",
    ),
    (
        {"APP_KEY": "abcd", "APP_SECRET": "b"},
        "",
        "auto",
        "log in with App key abcd… from the environment (APP",
    ),
]


@pytest.mark.parametrize(("variables", "option", "ui", "would"), NEXT)
def test_explain_says_what_comes_next(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    option: str,
    ui: str,
    would: str,
) -> None:
    """The last line is what %dolby_login would do, the sandbox included."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    magic(shell, f"config DolbyMagics.login_ui = {ui!r}")
    magic(shell, f"dolby_login --explain {option}")
    assert f"%dolby_login would {would}" in capsys.readouterr().out.splitlines()[-1]


def test_save_keyring_writes_to_the_keyring(
    shell: InteractiveShell,
    environment: pytest.MonkeyPatch,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--save keyring takes the system's keyring in place of the file, from the line and from the form."""
    kept: dict[str, str] = {}
    module = SimpleNamespace(
        set_password=lambda service, name, value: kept.__setitem__(name, value),
        get_password=lambda service, name: kept.get(name),
        get_keyring=lambda: SimpleNamespace(name="of the test"),
        __spec__=None,
    )
    monkeypatch.setitem(sys.modules, "keyring", module)
    magic(shell, "dolby_login --save keyring")
    assert "keyring (of the test)" in capsys.readouterr().out
    assert kept["DOLBYIO_APP_SECRET"] == sandbox.app_secret
    assert not (tmp_path / ".env").exists()
    magic(shell, "dolby_login --form --save keyring")
    panel = shell.magics_manager.registry["DolbyMagics"].panel
    assert (panel.save, panel.save_to) == (True, "the system's keyring")


def test_save_takes_no_other_word(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """What may be a secret is not quoted."""
    with pytest.raises(InvalidOption) as caught:
        magic(shell, "dolby_login --save NEEDLE-1234567890")
    assert "NEEDLE" not in str(caught.value)


def test_reset_says_how_the_names_come_back(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """%reset takes the names, not the log-in: once it says so, and %dolby_status puts them back."""
    shell.run_cell("%dolby_login")
    token = shell.user_ns["dolby_token"]
    capsys.readouterr()
    shell.run_cell("%reset -f")
    assert "dolby and dolby_token: gone, but still logged in. %dolby_status" in capsys.readouterr().out
    shell.run_cell("1")
    assert "gone" not in capsys.readouterr().out
    shell.run_cell("%dolby_status")
    assert shell.user_ns["dolby_token"] == token
    assert shell.user_ns["dolby"].token == token
    shell.run_cell("del dolby")
    assert "dolby: gone" in capsys.readouterr().out


def test_reload_says_how_the_names_come_back(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """%reload_ext logs out; where there was no log-in it says nothing."""
    magic(shell, "reload_ext dolbyio_nb")
    assert capsys.readouterr().out == ""
    magic(shell, "dolby_login")
    capsys.readouterr()
    magic(shell, "reload_ext dolbyio_nb")
    assert "%dolby_login would log in again, with what it finds in the environment" in capsys.readouterr().out


@pytest.mark.parametrize("fault", ["refused", "half", "unreachable"])
def test_a_failed_log_in_says_that_the_earlier_one_goes_on(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox, fault: str
) -> None:
    """Whoever is told no is told what is still in use; without an earlier one there is nothing to say."""
    spoil = {
        "refused": lambda: environment.setenv("DOLBYIO_APP_SECRET", "wrong-secret"),
        "half": lambda: environment.delenv("DOLBYIO_APP_SECRET"),
        "unreachable": lambda: environment.setenv("DOLBYIO_AUTH_URL", "http://127.0.0.1:9"),
    }
    magic(shell, "dolby_login")
    spoil[fault]()
    with pytest.raises(DolbyError) as caught:
        magic(shell, "dolby_login")
    kept = f"The earlier log-in is still in use (App key {sandbox.app_key[:4]}… from the environment)."
    assert kept in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
    magic(shell, "dolby_logout")
    with pytest.raises(DolbyError) as caught:
        magic(shell, "dolby_login")
    assert "earlier" not in str(caught.value)


def test_save_writes_the_env_file(
    shell: InteractiveShell,
    environment: pytest.MonkeyPatch,
    sandbox: Sandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--save writes what was used to .env; the next log-in finds it there."""
    magic(shell, "dolby_login --save")
    assert "readable by you alone" in capsys.readouterr().out
    environment.delenv("DOLBYIO_APP_KEY")
    environment.delenv("DOLBYIO_APP_SECRET")
    magic(shell, "dolby_login")
    assert ".env" in capsys.readouterr().out


def test_debug_shows_the_whole_traceback(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """--debug shows where an error came from, still without the secret."""
    secret = "d3Jvbmctd3JvbmctbmVlZGxlLXdyb25nLXdyb25nLTEyMzQ="
    environment.setenv("DOLBYIO_APP_SECRET", secret)
    for option, whole in (("", False), ("--debug", True)):
        with pytest.raises(TokenRefused) as caught:
            magic(shell, f"dolby_login {option}")
        text = "\n".join(caught.value._render_traceback_())
        assert ("Traceback" in text) is whole
        assert secret not in text


def test_no_option_takes_a_secret(shell: InteractiveShell) -> None:
    """There is no way to write a secret into the line, where history would keep it."""
    help_text = shell.magics_manager.magics["line"]["dolby_login"].__doc__
    assert "secret" not in [word.strip("-") for word in help_text.split() if word.startswith("--")]


def test_twenty_reloads_leave_one_of_each(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """Reloading leaves one magic, one configurable, one matcher and one worker thread."""
    bystanders = set(threading.enumerate())
    for _ in range(20):
        magic(shell, "reload_ext dolbyio_nb")
        magic(shell, "dolby_login")
    names = [type(one).__name__ for one in shell.configurables]
    assert names.count("DolbyMagics") == 1
    assert completers(shell) == 1
    mine = set(threading.enumerate()) - bystanders
    assert sum(thread.name.startswith("dolbyio") for thread in mine) <= 1


def test_unload_takes_everything_back(shell: InteractiveShell, environment: pytest.MonkeyPatch) -> None:
    """After %unload_ext there is no magic, no name, no configurable, no matcher and no thread."""
    magic(shell, "dolby_login")
    magic(shell, "unload_ext dolbyio_nb")
    assert "dolby_login" not in shell.magics_manager.magics["line"]
    assert "dolby" not in shell.user_ns
    assert "DolbyMagics" not in [type(one).__name__ for one in shell.configurables]
    assert completers(shell) == 0
    magic(shell, "load_ext dolbyio_nb")
    magic(shell, "dolby_login")


def test_completion_offers_exactly_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TAB offers the options not yet used, then the values of the last one, and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for name in ("studio", "sample", "template", "example"):
        (tmp_path / f".env.{name}").touch()
    assert complete("%dolby_login --s") == (["--sandbox", "--save"], True)
    assert complete("%dolby_login ") == (EVERY_OPTION, True)
    assert complete("%dolby_login --save ") == (
        ["keyring", *(o for o in EVERY_OPTION if o != "--save")],
        True,
    )
    assert complete("%dolby_login --form ") == ([o for o in EVERY_OPTION if o != "--form"], True)
    assert complete("%dolby_login --profile ") == (["studio"], True)
    assert complete("%dolby_login --expires-in ") == (["600", "1800", "3600", "28800", "86400"], True)
    assert complete("%dolby_login --expires-in 18") == (["1800"], True)
    assert ".env.studio" in complete("%dolby_login --env-file .")[0]
    assert complete("dolby.me") == ([], False)


EVERY_OPTION = [
    "--form", "--prompt", "--sandbox", "--env-file", "--profile", "--expires-in", "--save", "--explain",
    "--debug",
]  # fmt: skip


def test_every_option_is_parsed_helped_completed_and_documented(shell: InteractiveShell) -> None:
    """Parser, help, completion and README have the same options, and no other."""
    assert [option.flag for option in OPTIONS] == EVERY_OPTION
    help_text = shell.magics_manager.magics["line"]["dolby_login"].__doc__
    assert set(re.findall(r"--[a-z-]+", help_text)) == set(EVERY_OPTION)
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    rows = readme.partition("| option of `%dolby_login` | |\n| --- | --- |\n")[2].partition("\n\n")[0]
    named = [row.split("|")[1] for row in rows.splitlines()]
    assert set(re.findall(r"--[a-z-]+", " ".join(named))) == set(EVERY_OPTION)


EXCLUDING = [
    "--env-file a --profile b", "--sandbox --env-file a", "--sandbox --profile a", "--sandbox --save",
    "--sandbox --form", "--sandbox --prompt", "--form --prompt", "--prompt --env-file a",
    "--prompt --profile a", "--explain --form", "--explain --prompt", "--explain --save",
]  # fmt: skip


@pytest.mark.parametrize("line", EXCLUDING)
def test_options_that_exclude_one_another_are_refused(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, line: str
) -> None:
    """None of the two is dropped: the error names both, and nothing was done."""
    with pytest.raises(InvalidOption, match="exclude one another") as caught:
        magic(shell, f"dolby_login {line}")
    for flag in re.findall(r"--[a-z-]+", line):
        assert flag in str(caught.value)
    assert "dolby" not in shell.user_ns


@pytest.mark.parametrize("line", ["--profile a", "--env-file a", "--save", "--form", "--prompt"])
def test_the_sandbox_of_the_environment_ignores_no_option(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, line: str
) -> None:
    """DOLBYIO_SANDBOX=1 excludes what --sandbox does, and the error names the variable."""
    environment.setenv("DOLBYIO_SANDBOX", "1")
    with pytest.raises(InvalidOption, match="unset DOLBYIO_SANDBOX"):
        magic(shell, f"dolby_login {line}")


def test_a_sandbox_that_stands_in_saves_nothing_and_says_so(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--save with DOLBYIO_SANDBOX=auto is not dropped without a word."""
    monkeypatch.setenv("DOLBYIO_SANDBOX", "auto")
    magic(shell, "dolby_login --save")
    assert "Nothing was saved" in capsys.readouterr().out
    assert not (tmp_path / ".env").exists()


def test_options_and_settings_reach_the_form(
    shell: InteractiveShell, environment: pytest.MonkeyPatch
) -> None:
    """What the line and %config say is what the form begins with."""
    magic(shell, "config DolbyMagics.expires_in = 240")
    magic(shell, "dolby_login --form --save")
    magics = shell.magics_manager.registry["DolbyMagics"]
    assert (magics.panel.expires_in, magics.panel.save) == (240, True)
    assert dict(magics.panel.lives) == LIVES
    magic(shell, "dolby_login --form --expires-in 120")
    assert (magics.panel.expires_in, magics.panel.save) == (120, False)


@pytest.mark.parametrize("ui", ["panel", "prompt"])
def test_how_to_ask_is_a_setting(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, ui: str) -> None:
    """%config DolbyMagics.login_ui decides how a person is asked."""
    asked = []
    monkeypatch.setattr(
        "dolbyio_nb.notebook.magics.ask",
        lambda: asked.append("prompt") or AppCredentials("a", "b"),  # type: ignore[func-returns-value]
    )
    magic(shell, f"config DolbyMagics.login_ui = {ui!r}")
    monkeypatch.setenv("DOLBYIO_AUTH_URL", "http://127.0.0.1:9")
    with suppress(TokenUnavailable):
        magic(shell, "dolby_login")
    panel = shell.magics_manager.registry["DolbyMagics"].panel
    assert (asked, panel is not None) == (["prompt"] if ui == "prompt" else [], ui == "panel")


TYPED_SECRETS = [
    *(f"--{name}{by}{{}}" for name in ("app-secret", "secret", "app_secret", "token") for by in (" ", "=")),
    *("--app-key {} --app-secret {}", "--app_key={} --app_secret={}", "-s {}", "-s{}", "-k {} -s={}"),
    *("{}", "{} {}", "app_secret={}", "key {}", "--form {}", "--sandbox {}", "--{}", "--debug --secret '{}'"),
]
IN_A_KNOWN_OPTION = [
    "--expires-in {}",
    "--expires-in={}",
    "--save {}",
    "--save={}",
    "--explain={}",
    "--form={}",
]


@pytest.mark.parametrize("line", [*TYPED_SECRETS, *IN_A_KNOWN_OPTION])
def test_a_secret_in_the_line_is_not_echoed(
    shell: InteractiveShell, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error does not repeat what may be a secret; it says where it has to be deleted."""
    with pytest.raises(InvalidOption) as caught:
        magic(shell, f"dolby_login {line.format('NEEDLE-a1b2c3d4e5', 'NEEDLE-f6g7h8i9j0')}")
    said = capsys.readouterr()
    assert "NEEDLE" not in str(caught.value) + repr(caught.value) + said.out + said.err
    if line in TYPED_SECRETS:
        assert "delete it from the cell" in str(caught.value)


def test_the_form_uses_the_file_that_was_named(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What the form offers is what it uses: the file named in the line."""
    environment.setenv("DOLBYIO_APP_SECRET", "wrong")
    (tmp_path / "other").write_text(f"APP_KEY={sandbox.app_key}\nAPP_SECRET={sandbox.app_secret}\n")
    magic(shell, "dolby_login --form --env-file other")
    magics = shell.magics_manager.registry["DolbyMagics"]
    assert "other (APP_KEY and APP_SECRET)" in magics.panel.found
    magics.controller.use_found(LoginOptions(env_file="other"))
    assert shell.user_ns["dolby"].status().source.endswith("other (APP_KEY and APP_SECRET)")


def test_an_open_quote_is_no_riddle(shell: InteractiveShell) -> None:
    """A line that cannot be split into words is an error that says so, and names the list of options."""
    with pytest.raises(InvalidOption, match=r"No closing quotation.*\n%dolby_login\? lists them"):
        magic(shell, "dolby_login --profile 'mine")


def test_a_name_has_to_be_a_name(shell: InteractiveShell) -> None:
    """What no cell could write is refused as a name for the log-in."""
    with pytest.raises(TraitError, match="client_name"):
        shell.find_line_magic("dolby_login").__self__.client_name = "not a name"


def test_whoever_watches_hears_of_renewals_and_of_trouble(
    shell: InteractiveShell, environment: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """The panel is told of each new token, and of each renewal that failed, without asking."""
    magic(shell, "dolby_login")
    controller = shell.magics_manager.registry["DolbyMagics"].controller
    seen: queue.Queue[Any] = queue.Queue()
    controller.watch = seen.put
    controller.refresh()
    assert seen.get(timeout=10).state == "fresh"
    sandbox.faults.disable_app()
    with pytest.raises(TokenRefused):
        controller.refresh()
    assert seen.get(timeout=10).state == "refused"
