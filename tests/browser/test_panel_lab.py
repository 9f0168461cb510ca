"""The panel in JupyterLab, with an obliging stand-in behind it in the kernel."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from .lab import CURRENT, Notebook, Server, fill, open_alone, word

NEEDLE = "s3cr3t-NEEDLE-42"
SHOW = "import stand_in; actions, panel = stand_in.new(found='.env'); panel"
LOGGED_IN = SHOW.replace(
    "; panel", "; actions.use_found(stand_in.lives(1800)); panel.show(actions.status()); panel"
)
STORED = """async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage },
  await Promise.all((await indexedDB.databases()).map(({ name }) => new Promise((done) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const base = opening.result, stores = [...base.objectStoreNames], found = [];
      if (!stores.length) return done(found);
      const look = base.transaction(stores);
      look.oncomplete = () => done(found);
      const keep = ({ target }) => found.push(target.result);
      stores.forEach((store) => (look.objectStore(store).getAll().onsuccess = keep));
    };
  })))])"""


def test_a_log_in_leaves_the_secret_in_one_frame_only(
    alone: Callable[..., Notebook], server: Server, context: "BrowserContext"
) -> None:
    """Typed, saved, sent and saved again: the secret was in one message and is nowhere else."""
    it = alone(SHOW, "actions.lengths")
    it.run(0)
    it.page.get_by_label("App key").fill("KEY-1234567")
    it.page.get_by_label("App secret").press_sequentially(NEEDLE)
    it.save()  # as JupyterLab does by itself while one types
    other = open_alone(server, context, it.path)
    it.page.bring_to_front()
    it.page.get_by_label("App secret").press("Enter")
    word(it.page, "Fresh")
    other.page.get_by_role("timer").wait_for()
    it.run(1)
    assert f"[{len(NEEDLE)}]" in it.text(1)
    saved = it.save()
    assert saved["metadata"]["widgets"], "the state is saved, or this would prove nothing"

    needle = NEEDLE.encode()
    assert [(f.sent, f.kind) for f in it.frames if needle in f.raw] == [(True, "comm_msg")]
    assert [f.kind for f in other.frames if needle in f.raw] == []
    assert server.holds(NEEDLE) == []
    assert NEEDLE not in it.page.evaluate(STORED)
    assert NEEDLE not in json.dumps(context.storage_state())


def test_the_scan_would_see_a_secret_in_a_trait(notebook: Callable[..., Notebook], server: Server) -> None:
    """A secret planted in a trait is found in a frame and in the file, so the scan is worth something."""
    it = notebook(SHOW, "panel.error = 'planted' + '-NEEDLE-43'")
    it.run(0)
    it.run(1)
    it.page.get_by_text("planted-NEEDLE-43").wait_for()
    it.save()
    assert [f.kind for f in it.frames if b"planted-NEEDLE-43" in f.raw]
    assert it.path.name in str(server.holds("planted-NEEDLE-43"))


def test_an_unexpected_failure_publishes_nothing(notebook: Callable[..., Notebook], server: Server) -> None:
    """With Verbose tracebacks, an exception that quotes the secret is told by its kind alone."""
    it = notebook("%xmode Verbose\n" + SHOW)
    it.run(0)
    fill(it.page, "broken-" + NEEDLE)
    it.page.get_by_text("RuntimeError").wait_for()
    it.save()
    assert [f.sent for f in it.frames if NEEDLE.encode() in f.raw] == [True]
    assert [f.kind for f in it.frames if f.kind == "error"] == []
    assert server.holds(NEEDLE) == []


def test_a_refusal_gets_the_focus_and_can_be_mended(notebook: Callable[..., Notebook]) -> None:
    """A wrong secret shows why, keeps the key, and the next try goes through."""
    it = notebook(SHOW)
    it.run(0)
    fill(it.page, "wrong")
    it.page.get_by_text("The service refuses these credentials.").wait_for()
    it.page.wait_for_function("() => document.activeElement.innerText.includes('refuses')")
    it.page.get_by_label("App secret").fill("right")
    it.page.get_by_role("button", name="Log in").click()
    word(it.page, "Fresh")


def test_an_idle_panel_costs_no_frames(notebook: Callable[..., Notebook]) -> None:
    """The countdown runs for seconds, and the websocket carries nothing."""
    it = notebook(LOGGED_IN)
    it.run(0)
    timer = it.page.get_by_role("timer")
    it.page.wait_for_timeout(1500)  # the hello and its answer
    before, text = len(it.frames), timer.inner_text()
    it.page.wait_for_timeout(4000)  # this is the measurement: frames in four idle seconds
    assert timer.inner_text() != text
    assert len(it.frames) == before


def test_keys_do_not_reach_the_notebook(notebook: Callable[..., Notebook]) -> None:
    """`dd` on a button of the panel deletes no cell."""
    it = notebook(LOGGED_IN, "1")
    it.run(0)
    it.page.get_by_role("button", name="Renew now").focus()
    it.page.keyboard.press("d")
    it.page.keyboard.press("d")
    assert it.page.evaluate(f"() => {CURRENT}.content.widgets.length") == 2


def test_a_reload_and_a_second_view_tell_the_same(alone: Callable[..., Notebook]) -> None:
    """After a reload the panel is asked again and is as it was; shown twice, both views agree."""
    it = alone(LOGGED_IN, "panel")
    it.run(0)
    it.run(1)
    it.save()
    it.page.reload()
    it.ready()
    it.page.locator(".dolby-panel .state", has_text="Fresh").nth(1).wait_for()
    it.page.get_by_role("button", name="Log out").first.click()
    it.page.get_by_label("App key").nth(1).wait_for()


def test_a_busy_cell_delays_no_news_and_is_called_busy(notebook: Callable[..., Notebook]) -> None:
    """While a cell runs, a renewal moves the countdown, and an order that must wait says so or is done."""
    busy = "stand_in.renew_in_background(actions, panel, 7200)\nwhile not actions.go.wait(0.2): pass"
    it = notebook(LOGGED_IN, busy)
    it.run(0)
    it.start(1)
    it.page.wait_for_function("() => /^(2:|1:59)/.test(document.querySelector('[role=timer]').innerText)")
    it.page.get_by_role("button", name="Renew now").click()
    it.page.get_by_text("No answer").or_(it.page.locator(".time", has_text="30:00")).or_(
        it.page.locator(".time", has_text="29:")
    ).first.wait_for()
    it.kernel("interrupt")
    it.page.wait_for_function("() => /^(30|29):/.test(document.querySelector('[role=timer]').innerText)")
    word(it.page, "Fresh")


@pytest.mark.parametrize("end", ["restart", "shutdown"])
def test_a_kernel_that_went_is_seen(notebook: Callable[..., Notebook], end: str) -> None:
    """After a restart or shutdown the countdown stops and the panel says why."""
    it = notebook(LOGGED_IN)
    it.run(0)
    word(it.page, "Fresh")
    it.kernel(end)
    word(it.page, "Kernel gone")
    assert it.page.get_by_role("timer").inner_text() == "–"


def test_a_kernel_that_died_is_seen(notebook: Callable[..., Notebook]) -> None:
    """A kernel that is killed and started anew by the server is not the one that had the token."""
    it = notebook(LOGGED_IN, "import os; os._exit(1)")
    it.run(0)
    word(it.page, "Fresh")
    it.start(1)
    word(it.page, "Kernel gone")
    it.page.locator(".jp-Dialog button").click()  # JupyterLab says so too


def test_a_notebook_without_its_kernel_claims_nothing(
    alone: Callable[..., Notebook], server: Server, context: "BrowserContext"
) -> None:
    """Reopened later, with its state from the file, the panel says that its kernel is gone."""
    it = alone(LOGGED_IN)
    it.run(0)
    word(it.page, "Fresh")
    it.save()
    it.close()
    later = open_alone(server, context, it.path)
    unknown = later.page.get_by_text("model not found")  # ipywidgets 8.1.0 restores no widget here
    later.page.locator(".state", has_text="Kernel gone").or_(unknown).wait_for()
    assert later.page.locator(".time", has_text=":").count() == 0
    later.close()


def test_a_browser_clock_that_is_off_changes_nothing(alone: Callable[..., Notebook]) -> None:
    """With a clock ten minutes ahead, 30 minutes are still 30 minutes."""
    it = alone(LOGGED_IN)
    it.page.clock.install(time=int(it.page.evaluate("() => Date.now()")) / 1000 + 600)
    it.run(0)
    it.page.wait_for_function("() => /^(30:00|29:)/.test(document.querySelector('[role=timer]').innerText)")


def test_a_closed_panel_leaves_an_empty_place(notebook: Callable[..., Notebook]) -> None:
    """The old output of a closed panel shows nothing any more."""
    it = notebook(LOGGED_IN, "panel.close()")
    it.run(0)
    word(it.page, "Fresh")
    it.run(1)
    it.page.locator(".dolby-panel").wait_for(state="detached")


def test_jupyterlab_does_not_dress_the_panel(notebook: Callable[..., Notebook]) -> None:
    """JupyterLab's own style for lists and paragraphs does not reach in: a label stays on its line."""
    it = notebook(LOGGED_IN)
    it.run(0)
    word(it.page, "Fresh")
    lines = "() => [...document.querySelectorAll('.dolby-panel dt')].map((dt) => dt.getClientRects().length)"
    heights = "() => [...document.querySelectorAll('.dolby-panel dt')].map((dt) => dt.offsetHeight)"
    assert it.page.evaluate(lines) == [1, 1, 1]
    assert max(it.page.evaluate(heights)) < 25


def test_it_works_in_notebook_7_too(alone: Callable[..., Notebook]) -> None:
    """Notebook 7 shows the panel and takes a log-in."""
    it = alone(SHOW, app="notebook")
    it.run(0)
    fill(it.page, NEEDLE)
    word(it.page, "Fresh")
