"""The panel's module alone, on a bare page with a fake model."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .bare import open_panel, themes
from .scenes import LOGGED_OUT, REFUSED, UNREACHABLE, logged_in, scenes, traits

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
SECRET = "s3cr3t-NEEDLE-42"
SIZE: Any = {"width": 800, "height": 900}
NEXT_SENT = "() => model.sent.filter((m) => m.kind !== 'hello').at(-1)"
HELLOS = "() => model.sent.filter((m) => m.kind === 'hello').length"
RUN_AXE = """async () => {
  const { violations, incomplete, passes } = await axe.run();
  const contrast = (list) => list.find((rule) => rule.id === "color-contrast")?.nodes ?? [];
  return {
    violations: violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + n.any[0]?.message)),
    unsure: contrast(incomplete).map((n) => n.html),
    checked: contrast(passes).flatMap((n) => n.target),
  };
}"""
COUNT_TEXTS = """() => [...document.querySelectorAll(".dolby-panel *")].filter((node) =>
  [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) &&
  node.checkVisibility() && !node.closest(":disabled, [aria-disabled=true], option")).length"""
WIDE = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def browser(chromium: "Browser") -> Iterator[BrowserContext]:
    """One browser for the module; what a test changes, it changes in its own page."""
    with chromium.new_context(viewport=SIZE) as context:
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Any]:
    """A fresh page whose errors fail the test."""
    yield from watched(browser.new_page())


@pytest.fixture
def still(chromium: "Browser") -> Iterator[Any]:
    """The same with a clock that the test moves, which is a whole browser's clock."""
    with chromium.new_context(viewport=SIZE) as context:
        context.clock.install()
        yield from watched(context.new_page())


def watched(page: Page) -> Iterator[Page]:
    """Lend a page, and fail when its scripts did."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


@pytest.mark.parametrize("theme", themes())
def test_every_face_is_accessible_in_every_theme(page: Any, theme: str, record_property: Any) -> None:
    """axe finds nothing, and it looked at the contrast of every text that can be seen."""
    open_panel(page, *scenes().values(), theme=theme)
    page.evaluate("() => document.querySelectorAll('details').forEach((node) => (node.open = true))")
    page.add_script_tag(path=AXE)
    seen = page.evaluate(RUN_AXE)
    texts = page.evaluate(COUNT_TEXTS)
    record_property("texts", texts)
    print(f"{theme}: {len(scenes())} faces, {texts} texts, contrast checked of {len(seen['checked'])}")
    assert (seen["violations"], seen["unsure"]) == ([], [])
    assert len(seen["checked"]) >= texts > 10 * len(scenes())


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (640, 2), (320, 1.25)])
def test_nothing_is_cut_off_on_a_small_screen(page: Any, width: int, zoom: float) -> None:
    """At 320 px, and at 200 % zoom, nothing needs sideways scrolling."""
    page.set_viewport_size({"width": width, "height": 900})
    open_panel(page, *scenes().values())
    page.evaluate(f"() => {{ document.body.style.zoom = {zoom} }}")
    needed, there = page.evaluate(WIDE)
    assert needed <= there


def test_enter_sends_the_secret_once_and_empties_the_field(page: Any) -> None:
    """Enter logs in; the secret goes out once, beside the message, and the page keeps nothing of it."""
    open_panel(page, traits())
    page.get_by_label("App key").fill(" KEY-123 ")
    page.get_by_label("App secret").press_sequentially(SECRET)
    page.keyboard.press("Enter")
    sent = page.evaluate("() => model.sent")
    assert sent[-1] == {
        "kind": "login",
        "app_key": "KEY-123",
        "expires_in": 1800,
        "save": False,
    }
    assert SECRET not in str(sent)
    assert page.evaluate("() => model.beside") == [SECRET]
    assert page.get_by_label("App secret").input_value() == ""
    assert SECRET not in page.content()


def test_a_secret_that_cannot_be_sent_is_not_kept(page: Any) -> None:
    """Where the kernel is gone when Enter is pressed, the field is emptied all the same."""
    open_panel(page, traits())
    page.evaluate("() => { model.send = () => { throw new Error('Cannot send') } }")
    page.get_by_label("App key").fill("KEY")
    page.get_by_label("App secret").fill(SECRET)
    page.keyboard.press("Enter")
    page.get_by_text("Kernel gone").wait_for()
    assert page.get_by_label("App secret").input_value() == ""


@pytest.mark.parametrize(
    ("chosen", "typed", "expected"), [("1 hour", None, 3600), ("24 hours", None, 86400), ("Custom…", "3", 3)]
)
def test_the_life_of_the_token_can_be_chosen(page: Any, chosen: str, typed: None, expected: int) -> None:
    """A usual life is one choice; any other is typed in seconds."""
    open_panel(page, traits())
    page.get_by_label("Token lives").select_option(chosen)
    if typed:
        page.get_by_label("Seconds").fill(typed)
    page.get_by_role("button", name="Use the local sandbox").click()
    assert page.evaluate(NEXT_SENT) == {"kind": "use_sandbox", "expires_in": expected, "save": False}


def test_a_life_out_of_range_is_not_sent(page: Any) -> None:
    """The service gives 1 to 86400 seconds; the form asks for nothing else, by any of its buttons."""
    open_panel(page, traits(found=".env"))
    page.get_by_label("Token lives").select_option("Custom…")
    page.get_by_label("Seconds").fill("86401")
    page.get_by_role("button", name="Use the local sandbox").click()
    page.get_by_role("button", name="Use them").click()
    page.get_by_label("App key").fill("KEY")
    page.get_by_label("App secret").fill(SECRET)
    page.keyboard.press("Enter")
    assert page.evaluate(NEXT_SENT) is None


@pytest.mark.parametrize(
    ("button", "scene", "kind"),
    [
        ("Use them", traits(found=".env at ~/work/.env"), "use_found"),
        ("Use the local sandbox", traits(), "use_sandbox"),
        ("Use the local sandbox", traits(warning="Other people's servers."), "use_sandbox"),
        ("Renew now", traits(status=logged_in()), "refresh"),
        ("Log out", traits(status=logged_in()), "logout"),
    ],
)
def test_each_button_gives_one_order(page: Any, button: str, scene: dict[str, Any], kind: str) -> None:
    """A button sends its one word; credentials that were found never come to the browser."""
    open_panel(page, scene)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=button).click(force=True)  # at work, it takes no second order
    assert [m["kind"] for m in page.evaluate("() => model.sent") if m["kind"] != "hello"] == [kind]


def test_no_sandbox_button_where_none_is_offered(page: Any) -> None:
    """Without the offer there is no button."""
    open_panel(page, traits(sandbox_offer=False), traits(sandbox_offer=False, warning="Careful."))
    assert page.get_by_role("button", name="Use the local sandbox").count() == 0


def test_the_focus_goes_to_the_error(page: Any) -> None:
    """After a failure of one's own order the error has the focus; the key is still there to be mended."""
    open_panel(page, traits())
    page.get_by_label("App key").fill("KEY")
    page.get_by_label("App secret").fill("wrong")
    page.keyboard.press("Enter")
    page.evaluate("() => model.hear({ doing: 'login' })")
    assert page.get_by_text("Logging in…").is_visible()
    page.evaluate("(error) => model.hear({ doing: '', error })", REFUSED)
    assert page.evaluate("() => document.activeElement.innerText").startswith("The service refuses")
    assert page.get_by_label("App key").input_value() == "KEY"


def test_the_focus_goes_to_the_status_after_a_log_in(page: Any) -> None:
    """After one's own log-in the focus is on the panel's head, and the form is empty."""
    open_panel(page, traits())
    page.get_by_label("App key").fill("KEY")
    page.get_by_label("App secret").fill(SECRET)
    page.keyboard.press("Enter")
    page.evaluate("() => model.hear()")  # the answer to an earlier hello ends nothing
    assert page.get_by_label("App key").input_value() == "KEY"
    page.evaluate("() => model.hear({ doing: 'login' })")
    page.evaluate("(status) => model.hear({ doing: '', status })", logged_in())
    assert page.evaluate("() => document.activeElement.innerText") == "Dolby.io"
    assert page.locator("[name=dolby-app-key]").input_value() == ""


def test_the_focus_stays_where_it_is_when_others_act(page: Any) -> None:
    """A log-in from another tab, or by a magic, takes the focus from nobody."""
    open_panel(page, traits())
    page.evaluate("() => model.hear({ doing: 'login' })")
    page.evaluate("(status) => model.hear({ doing: '', status })", logged_in())
    assert page.evaluate("() => document.activeElement === document.body")


def test_keys_stay_in_the_panel(page: Any) -> None:
    """A key pressed in the panel is no command of the notebook: `dd` would delete the cell."""
    open_panel(page, traits(status=logged_in()))
    page.evaluate("() => { window.keys = 0; document.addEventListener('keydown', () => keys++) }")
    page.get_by_role("button", name="Renew now").focus()
    page.keyboard.press("d")
    page.keyboard.press("Shift+D")
    assert page.evaluate("() => keys") == 0


SUPPRESSED = "() => document.querySelector('.dolby-panel').dataset.lmSuppressShortcuts"


@pytest.mark.parametrize("held", ["Control", "Meta"])
def test_chords_reach_the_notebook(page: Any, held: str) -> None:
    """Paste, copy and save belong to the place around the panel; VS Code on macOS pastes by its own Cmd+V."""
    open_panel(page, traits())
    page.evaluate("() => { window.keys = []; document.addEventListener('keydown', (e) => keys.push(e.key)) }")
    page.get_by_label("App secret").focus()
    page.keyboard.down(held)
    assert page.evaluate(SUPPRESSED) == "false"
    page.keyboard.press("v")
    page.keyboard.up(held)
    page.keyboard.press("d")
    assert page.evaluate("() => keys") == [held, "v"]
    assert page.evaluate(SUPPRESSED) == "true"


def test_its_language_and_direction_are_its_own(page: Any) -> None:
    """On an Arabic page English is still read from the left, by a voice that speaks it."""
    open_panel(page, traits())
    page.evaluate("() => Object.assign(document.documentElement, { dir: 'rtl', lang: 'ar' })")
    panel = page.locator(".dolby-panel")
    assert (panel.get_attribute("dir"), panel.get_attribute("lang")) == ("ltr", "en")
    assert panel.evaluate("(node) => getComputedStyle(node).direction") == "ltr"


def test_the_keyboard_alone_logs_in_renews_and_logs_out(page: Any) -> None:
    """Tab, type, choose, tick, Enter: no step needs a mouse."""
    open_panel(page, traits())
    press = page.keyboard.press
    press("Tab")
    page.keyboard.type("KEY-123")
    press("Tab")
    page.keyboard.type(SECRET)
    press("Tab")
    press("Enter")
    assert page.get_by_text("Sign in at dashboard.dolby.io").is_visible()
    press("Tab")
    page.keyboard.type("1 h")
    press("Tab")
    press("Space")
    press("Tab")
    press("Enter")
    assert page.evaluate(NEXT_SENT) == {
        "kind": "login", "app_key": "KEY-123", "expires_in": 3600, "save": True,
    }  # fmt: skip
    page.evaluate("() => model.hear({ doing: 'login' })")
    page.evaluate("(status) => model.hear({ doing: '', status })", logged_in())
    for kind in ("refresh", "logout"):
        press("Tab")
        press("Space")
        assert page.evaluate(NEXT_SENT) == {"kind": kind, "expires_in": 1800, "save": False}
        page.evaluate("(doing) => model.hear({ doing })", kind)
        page.evaluate("() => model.hear({ doing: '' })")
        if kind == "refresh":  # the focus is on the head again
            press("Tab")


def test_forced_colours_keep_edges_and_states(page: Any) -> None:
    """Where the system paints, buttons have an edge, the bar is seen, and the state is still a word."""
    open_panel(page, traits(status=logged_in(sandbox=True)), theme="forced colours")
    look = "(node) => [getComputedStyle(node).borderTopWidth, getComputedStyle(node).backgroundColor]"
    assert page.get_by_role("button", name="Renew now").evaluate(look)[0] == "1px"
    ground = page.locator(".bar").evaluate(look)[1]
    assert page.locator(".bar i").evaluate(look)[1] != ground
    assert page.get_by_text("Fresh", exact=True).is_visible()


def test_tab_goes_through_the_form_in_reading_order(page: Any) -> None:
    """The keyboard meets the fields and buttons in the order in which they are read."""
    open_panel(page, traits(found=".env"))
    met = []
    for _ in range(8):
        page.keyboard.press("Tab")
        met.append(page.evaluate("() => document.activeElement.name || document.activeElement.innerText"))
    assert met == [
        "use_found",
        "dolby-app-key",
        "dolby-app-secret",
        "Where do I find these?",
        "life",
        "save",
        "Log in",
        "use_sandbox",
    ]


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ("form", ["Logged out"]),
        ("fresh", ["Fresh", "27:4", "dGVz…", ".env at ~/work/.env", "service", "by itself at"]),
        ("sandbox", ["SANDBOX", "the sandbox"]),
        ("renewing", ["Renewing…"]),
        ("due", ["Due for renewal", "when next used"]),
        ("failing", ["Renewal is failing", "did not answer within 10 s", "Next try", "in 0:2", "5:1"]),
        ("failing early", ["Renewal is failing", "did not answer within 10 s", "still works"]),
        ("refused", ["Refused", "answered 401", "until it expires", "not by itself"]),
        ("expired", ["Expired", "0:00", "expired at"]),
        ("with a note", ["left alone"]),
    ],
)
def test_the_state_is_said_in_words(page: Any, scene: str, words: list[str]) -> None:
    """What a person needs to know is there as text."""
    open_panel(page, scenes()[scene])
    text = page.locator(".dolby-panel").inner_text()
    assert [word for word in words if word not in text] == []


def test_an_error_that_the_state_tells_already_is_not_told_twice(page: Any) -> None:
    """A renewal by hand that fails makes the state say why; once is enough."""
    failing = logged_in(state="stale", next_try=time.time() + 9, last_error=UNREACHABLE)
    open_panel(page, traits(status=failing, error=UNREACHABLE))
    assert page.locator(".dolby-panel").inner_text().count("did not answer within 10 s") == 1


@pytest.mark.parametrize("skew", [-600, 600])
def test_a_wrong_clock_does_not_matter(page: Any, skew: int) -> None:
    """The countdown follows the kernel's clock, not the browser's; times of day are the reader's."""
    now = time.time()
    until = (now + 1661) // 60 * 60 + 30  # half a minute from where the shown time would change
    open_panel(page, traits(status=logged_in(expires_at=until + skew), now=now + skew) | {"skew": skew})
    minutes, seconds = map(int, page.get_by_role("timer").inner_text().split(":"))
    assert abs(until - now - (60 * minutes + seconds)) < 30
    clock = page.evaluate(
        "(t) => new Date(t).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })", until * 1000
    )
    assert clock in page.locator(".until").inner_text()


def test_the_countdown_runs_without_a_message(still: Any) -> None:
    """Time passes on the screen and the kernel hears nothing of it."""
    open_panel(still, traits(status=logged_in()))
    before = still.evaluate(HELLOS)
    still.clock.run_for(600_000)
    assert still.get_by_role("timer").inner_text().startswith("17:")
    assert still.evaluate(HELLOS) == before == 1


def test_a_kernel_that_has_just_spoken_is_not_asked(page: Any) -> None:
    """A new panel costs no message more than its opening; one that is opened again asks how things stand."""
    open_panel(page, traits(now=time.time()), traits())
    page.wait_for_function("() => models[1].sent.length")
    assert page.evaluate("() => models.map((model) => model.sent.length)") == [0, 1]


def test_the_live_region_does_not_chatter(still: Any) -> None:
    """A screen reader hears the state when it changes, not every second."""
    open_panel(still, scenes()["failing"])
    still.evaluate(
        """() => { window.said = 0; const spy = new MutationObserver((list) => (said += list.length));
        document.querySelectorAll("[role=status]").forEach((node) =>
          spy.observe(node, { childList: true, characterData: true, subtree: true })) }"""
    )
    still.clock.run_for(10_000)
    assert still.evaluate("() => said") == 0


def test_an_overdue_renewal_is_asked_about_ever_more_rarely(still: Any) -> None:
    """Once when it is 5 s late, and again after 20, 40, 80 … seconds while nothing changes."""
    now = time.time()
    open_panel(still, traits(status=logged_in(renews_at=now + 60, expires_at=now + 3600)))
    asked = []
    for _ in range(5):
        still.clock.run_for(60_000)
        asked.append(still.evaluate(HELLOS))
    assert asked == [1, 3, 4, 5, 5]


def test_silence_is_called_silence(still: Any) -> None:
    """After four seconds without an answer the panel says so, until it hears the kernel again."""
    open_panel(still, traits(status=logged_in()) | {"link": "silent"})
    still.clock.run_for(4500)
    assert still.get_by_text("No answer", exact=True).is_visible()
    still.evaluate("() => model.hear()")
    assert still.get_by_text("Fresh", exact=True).is_visible()


def test_a_log_in_that_waits_for_a_busy_kernel_says_so(still: Any) -> None:
    """The form tells that the kernel is busy, and shows the log-in when it comes."""
    open_panel(still, traits() | {"link": "silent"})
    still.get_by_label("App key").fill("KEY")
    still.get_by_label("App secret").fill(SECRET)
    still.keyboard.press("Enter")
    assert still.get_by_text("Logging in…").is_visible()
    still.clock.run_for(4500)
    assert still.get_by_text("It is busy with a cell").is_visible()
    still.evaluate("(status) => model.hear({ status })", logged_in())
    assert still.get_by_role("timer").is_visible()


@pytest.mark.parametrize(
    "cut",
    [
        "model.send = () => { throw new Error('Cannot send') }; model.fire('comm_live_update')",
        "document.querySelector('main').classList.add('jupyter-widgets-disconnected')",
        "model.widget_manager = { kernel: null }",
        "model.widget_manager = { kernel: { status: 'dead' } }",
        "model.widget_manager = { kernel: { isDisposed: true } }",
    ],
)
def test_a_lost_kernel_is_seen(still: Any, cut: str) -> None:
    """However the kernel went, the countdown stops, the buttons rest, and the panel says what to do."""
    open_panel(still, traits(status=logged_in()))
    still.evaluate(f"() => {{ {cut} }}")
    still.clock.run_for(1500)
    assert still.get_by_text("Kernel gone", exact=True).is_visible()
    assert still.get_by_text("Run the cell again").is_visible()
    assert still.get_by_role("timer").inner_text() == "–"
    assert all(button.is_disabled() for button in still.get_by_role("button").all())


def test_a_lost_connection_is_not_a_lost_kernel(still: Any) -> None:
    """While the server is out of reach nothing is claimed; when it is back, the kernel is asked."""
    open_panel(still, traits(status=logged_in()))
    still.evaluate("() => { model.widget_manager = { kernel: { connectionStatus: 'connecting' } } }")
    still.clock.run_for(1500)
    assert still.get_by_text("Connection lost", exact=True).is_visible()
    still.evaluate("() => { model.widget_manager.kernel.connectionStatus = 'connected' }")
    still.clock.run_for(1500)
    assert still.get_by_text("Fresh", exact=True).is_visible()


def test_what_an_order_did_besides_is_told(page: Any) -> None:
    """A file that was written is named."""
    open_panel(page, traits(status=logged_in(), done="Saved to ~/work/.env."))
    assert page.get_by_text("Saved to ~/work/.env.").is_visible()


def test_two_views_of_one_model_agree(page: Any) -> None:
    """Shown twice, both show the same, and neither is confused by the other."""
    open_panel(page, traits())
    page.evaluate("() => show(model)")
    page.evaluate("(status) => model.hear({ status })", logged_in())
    assert [timer.inner_text()[:3] for timer in page.get_by_role("timer").all()] == ["27:", "27:"]
    assert page.evaluate("() => document.querySelectorAll('[id]').length") == 0


def test_a_removed_view_leaves_nothing_behind(still: Any) -> None:
    """After clean-up no listener and no timer is left."""
    open_panel(still, traits(status=logged_in()))
    still.evaluate("() => leave()")
    assert still.evaluate("() => model.listeners()") == 0
    before = still.get_by_role("timer").inner_text()
    still.clock.run_for(5000)
    assert still.get_by_role("timer").inner_text() == before


def test_nothing_comes_from_elsewhere(page: Any) -> None:
    """The panel loads no script, font or picture."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_panel(page, *scenes().values())
    assert [url for url in asked if not url.startswith(("blob:", "about:"))] == []


def test_less_motion_for_those_who_want_it(page: Any) -> None:
    """With reduced motion the progress line jumps instead of gliding."""
    open_panel(page, traits(status=logged_in()))
    glide = "() => getComputedStyle(document.querySelector('.bar i')).transitionDuration"
    assert page.evaluate(glide) == "1s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(glide) == "0s"


def test_a_closed_panel_shows_no_old_status(page: Any) -> None:
    """When the kernel clears the panel before it closes it, what was there is gone."""
    open_panel(page, traits(status=logged_in()))
    page.evaluate("() => model.hear({ status: {} })")
    assert "dGVz" not in page.locator(".dolby-panel").inner_text()
    assert LOGGED_OUT["state"] == "logged out"
