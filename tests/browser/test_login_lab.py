"""%dolby_login in JupyterLab, against the sandbox as the service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from dolbyio_nb.sandbox import Sandbox

from .conftest import SECRET
from .lab import Notebook, Server, fill, open_alone, word, write_notebook

FORM = "%load_ext dolbyio_nb\n%dolby_login --form"
ASK = "dolby.session.get(f'{dolby.media_url}/media/jobs').status_code"
WATCH = """() => { window.seen = []; const timer = document.querySelector("[role=timer]");
  const seconds = () => timer.innerText.split(":").reduce((all, part) => 60 * all + Number(part), 0);
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  new MutationObserver(() => seen.push([seconds(), kernel.status])).observe(timer, { childList: true }) }"""
RAISED = "() => seen.some(([left, status], i) => i && status === 'busy' && left > seen[i - 1][0] + 1)"


@pytest.fixture(autouse=True)
def well_behaved(sandbox: Sandbox) -> Iterator[None]:
    """The service is well before and after each test."""
    yield
    sandbox.faults.clear()


def test_from_the_form_to_an_answer_and_out_again(
    notebook: Callable[..., Notebook], sandbox: Sandbox, server: Server
) -> None:
    """A wrong secret is refused in words; the right one logs in; log-out forgets; nothing is written down."""
    it = notebook("%xmode Verbose\n" + FORM, ASK, "dolby, dolby_token", "dolby")
    it.run(0)
    fill(it.page, "x" + SECRET[1:], sandbox.app_key)
    it.page.locator(".dolby-panel .error").wait_for()
    assert it.page.get_by_label("App key").input_value() == sandbox.app_key
    it.page.get_by_label("App secret").fill(SECRET)
    it.page.keyboard.press("Enter")
    word(it.page, "Fresh")
    assert "SANDBOX" in it.text(0)
    assert sandbox.app_key not in it.text(0)
    it.run(1)
    assert "200" in it.text(1)
    it.run(2)
    it.save()
    it.page.get_by_role("button", name="Log out").click()
    it.page.get_by_label("App secret").wait_for()
    it.run(3)
    assert "NameError" in it.text(3)
    it.save()
    assert [f.kind for f in it.frames if SECRET.encode() in f.raw] == ["comm_msg"]
    assert server.holds(SECRET) == []
    assert "eyJ" not in it.path.read_text(), "a token is in the file"


def test_run_all_stops_where_the_log_in_is_needed(notebook: Callable[..., Notebook]) -> None:
    """Run All ends at the first use of the log-in with at most three lines, and runs nothing after it."""
    it = notebook(FORM, "jobs = dolby.media", "print('never')")
    it.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    it.page.get_by_text("NotLoggedIn").wait_for()
    it.page.get_by_label("App key").wait_for()
    lines = it.text(1).strip().splitlines()
    assert "NotLoggedIn" in lines[0]
    assert len(lines) <= 3
    assert it.text(2) == ""


def test_a_renewal_is_seen_while_a_cell_is_busy(notebook: Callable[..., Notebook], sandbox: Sandbox) -> None:
    """A cell that runs until the token has changed ends, and the countdown has gone up meanwhile."""
    sandbox.faults.token_life = 6
    it = notebook(FORM, "before = dolby_token\nwhile dolby_token is before: pass")
    it.run(0)
    fill(it.page, SECRET, sandbox.app_key)
    word(it.page, "Fresh")
    it.page.evaluate(WATCH)
    it.start(1)
    it.page.wait_for_function(RAISED)
    it.wait(1)


def test_a_renewal_that_fails_says_why(notebook: Callable[..., Notebook], sandbox: Sandbox) -> None:
    """When the service is down, the state says so, with the reason and the next try."""
    it = notebook(FORM)
    it.run(0)
    fill(it.page, SECRET, sandbox.app_key)
    word(it.page, "Fresh")
    sandbox.faults.fail(503, at="token", times=None)
    it.page.get_by_role("button", name="Renew now").click()
    word(it.page, "Renewal is failing")
    assert "Next try" in it.text(0)
    assert "The token still works." in it.text(0)


def test_the_magics_and_the_panel_tell_the_same(notebook: Callable[..., Notebook]) -> None:
    """%dolby_status is one more view of the panel, the older stays live; %dolby_logout is seen in both."""
    it = notebook("%load_ext dolbyio_nb\n%dolby_login --sandbox", "%dolby_status", "%dolby_logout")
    it.run(0)
    word(it.page, "Fresh")
    it.run(1)
    it.page.locator(".dolby-panel .state", has_text="Fresh").nth(1).wait_for()
    assert "SANDBOX" in it.text(0)
    assert "SANDBOX" in it.text(1)
    it.run(2)
    it.page.get_by_label("App key").nth(1).wait_for()


def test_the_sandbox_is_one_click_away(notebook: Callable[..., Notebook]) -> None:
    """The form's button logs in to the sandbox inside the kernel, for as long as was chosen."""
    it = notebook(FORM, ASK)
    it.run(0)
    it.page.get_by_label("Token lives").select_option("1 hour")
    it.page.get_by_role("button", name="Use the local sandbox").click()
    word(it.page, "Fresh")
    assert "SANDBOX" in it.text(0)
    assert it.page.get_by_role("timer").inner_text().startswith(("59:", "1:00:00"))
    it.run(1)
    assert "200" in it.text(1)


def test_what_is_remembered_is_found_again(
    notebook: Callable[..., Notebook], sandbox: Sandbox, server: Server
) -> None:
    """ "Remember" writes `.env` for this user alone; the next form offers it, and one click takes it."""
    it = notebook(FORM, "%dolby_logout\n%dolby_login --form")
    it.run(0)
    it.page.get_by_label("Remember in .env").check()
    fill(it.page, SECRET, sandbox.app_key)
    it.page.get_by_text("Saved to").wait_for()
    file = server.root / ".env"
    try:
        assert file.stat().st_mode & 0o777 == 0o600
        it.run(1)
        it.page.get_by_role("button", name="Use them").last.click()
        it.page.locator(".dolby-panel .state", has_text="Fresh").nth(1).wait_for()  # in both cells
        it.save()
        assert server.holds(SECRET) == ["work/.env"]
    finally:
        file.unlink()


def test_a_server_that_stops_is_seen(chromium: "Browser", context: "BrowserContext", tmp_path: Path) -> None:
    """When the server ends, the panel stops counting as if all were well."""
    server = Server(tmp_path / "lab")
    try:
        it = open_alone(
            server, context, write_notebook(server, "%load_ext dolbyio_nb\n%dolby_login --sandbox")
        )
        it.run(0)
        word(it.page, "Fresh")
    finally:
        server.stop()
    it.page.locator(".dolby-panel .state", has_text="Fresh").wait_for(state="detached")
    assert it.page.get_by_role("timer").inner_text() == "–"
