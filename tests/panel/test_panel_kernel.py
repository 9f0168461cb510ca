"""The panel in a real kernel: what it answers, and what it never says."""

import html
import json
import re
from copy import deepcopy
from typing import Any

import pytest

from dolbyio_nb.notebook.panel import STATIC

from .conftest import Kernel, traits_in

NEEDLE = "s3cr3t-NEEDLE-42"
VIEW = "application/vnd.jupyter.widget-view+json"


def login(secret: str, **changed: object) -> dict[str, object]:
    """The message of the form."""
    return {
        "kind": "login",
        "app_key": "KEY-1234",
        "app_secret": secret,
        "expires_in": 1800,
        "save": False,
    } | changed


def text_of(kernel: Kernel, code: str) -> str:
    """What an expression is, as the kernel shows it."""
    said = kernel.run(code)
    content = next(m["content"] for m in said if m["msg_type"] == "execute_result")
    return str(content["data"]["text/plain"])


def errors(kernel: Kernel) -> list[dict[str, object]]:
    """The errors that the kernel ever published."""
    return [m["content"] for m in kernel.said if m["msg_type"] == "error"]


def test_a_log_in_leaves_the_secret_nowhere(kernel: Kernel, panel: str) -> None:
    """The secret goes in by one message and is afterwards in no message, trait, variable, history or file."""
    kernel.send(panel, login(NEEDLE))
    kernel.until(lambda state: state.get("doing") == "login")
    seen = kernel.until(lambda state: state.get("status", {}).get("state") == "fresh")
    assert seen["status"]["key_hint"] == "KEY-…"
    assert text_of(kernel, "actions.lengths") == f"[{len(NEEDLE)}]"
    kernel.run("panel.get_state(), vars(panel), In, Out, panel, globals()")
    assert kernel.holds(NEEDLE) == []


def test_the_scan_would_see_a_secret_in_a_trait(kernel: Kernel, panel: str) -> None:
    """A secret planted in a trait is found, so the scan is worth something."""
    kernel.run("panel.error = 'planted-' + 'NEEDLE'")
    assert "iopub" in kernel.holds("planted-NEEDLE")


def test_a_refusal_is_shown_in_its_own_words(kernel: Kernel, panel: str) -> None:
    """The lines of a DolbyError arrive as they are, and the panel is ready again."""
    kernel.send(panel, login("wrong"))
    seen = kernel.until(lambda state: state.get("error"))
    assert seen["error"] == "The service refuses these credentials.\nIt answered 401.\nCheck both."
    assert seen["doing"] == ""


def test_an_unexpected_failure_says_its_kind_and_not_its_text(kernel: Kernel, panel: str) -> None:
    """Even with Verbose tracebacks nothing is published but the name of the exception."""
    before = len(errors(kernel))
    kernel.send(panel, login("broken-" + NEEDLE))
    seen = kernel.until(lambda state: state.get("error"))
    assert "RuntimeError" in seen["error"]
    assert kernel.holds(NEEDLE) == []
    assert len(errors(kernel)) == before


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "no such order"},
        {"kind": "login", "app_secret": NEEDLE},
        {"kind": "login", "app_key": "K", "app_secret": NEEDLE, "expires_in": "soon"},
        {"kind": ["login"], "app_secret": NEEDLE},
        {"kind": "login", "app_key": "K", "save": False, "app_secret": [b"\xff" + NEEDLE.encode()]},
        {"kind": "login", "app_key": {}, "save": False, "app_secret": NEEDLE},
        [NEEDLE],
        NEEDLE,
        None,
    ],
)
def test_a_message_of_no_sense_does_no_harm(kernel: Kernel, panel: str, content: Any) -> None:
    """Whatever is sent, the panel says that it failed, publishes no traceback, and goes on."""
    before = len(errors(kernel))
    kernel.send(panel, deepcopy(content))
    assert kernel.until(lambda state: state.get("error"))["error"].startswith("The panel could not")
    kernel.send(panel, {"kind": "use_sandbox", "expires_in": 60})
    kernel.until(lambda state: state.get("status", {}).get("sandbox"))
    assert len(errors(kernel)) == before
    assert kernel.holds(NEEDLE) == []


def test_a_hello_is_answered_with_the_status_and_the_clock(kernel: Kernel, panel: str) -> None:
    """The answer to a hello is how things stand now, and the kernel's time."""
    kernel.run("actions.use_found(stand_in.lives(60))")
    kernel.send(panel, {"kind": "hello"})
    seen = kernel.until(lambda state: "status" in state)
    assert seen["status"]["source"] == ".env"
    assert 0 < seen["status"]["expires_at"] - seen["now"] <= 60


def test_a_hello_does_not_wipe_the_error(kernel: Kernel, panel: str) -> None:
    """A reloaded page still sees why the last order failed; news from the kernel replaces it."""
    kernel.send(panel, login("wrong"))
    kernel.until(lambda state: state.get("error"))
    kernel.send(panel, {"kind": "hello"})
    kernel.until(lambda state: "now" in state)
    assert text_of(kernel, "bool(panel.error)") == "True"
    kernel.run("panel.show(actions.status())")
    assert text_of(kernel, "panel.error") == "''"


def test_one_order_at_a_time(kernel: Kernel, panel: str) -> None:
    """An order that comes while another is at work is acknowledged and dropped."""
    kernel.send(panel, login("slow"))
    kernel.until(lambda state: state.get("doing") == "login")
    kernel.send(panel, {"kind": "use_sandbox"})
    kernel.until(lambda state: "now" in state)
    kernel.run("actions.go.set()")
    assert text_of(kernel, "actions.asked") == "['login']"


def test_nonsense_does_not_end_an_order_at_work(kernel: Kernel, panel: str) -> None:
    """The panel stays busy with what it does, and takes no second order."""
    kernel.send(panel, login("slow"))
    kernel.until(lambda state: state.get("doing") == "login")
    kernel.send(panel, {"kind": "no such order"})
    kernel.until(lambda state: state.get("error"))
    kernel.send(panel, {"kind": "use_sandbox"})
    kernel.until(lambda state: "now" in state)
    kernel.run("actions.go.set()")
    assert text_of(kernel, "actions.asked") == "['login']"


def test_a_kernel_that_logs_its_messages_logs_no_secret(kernel: Kernel, panel: str) -> None:
    """With logging at DEBUG the kernel writes down each message; the key is there, the secret is not."""
    kernel.run(
        "import logging\nlogging.basicConfig(level='DEBUG', filename='debug.log', force=True)\n"
        "log = get_ipython().kernel.log; log.propagate = True; log.setLevel('DEBUG')"
    )
    kernel.send(panel, login(NEEDLE))
    kernel.until(lambda state: state.get("status", {}).get("state") == "fresh")
    kernel.run("logging.shutdown(); logging.basicConfig(level='WARNING', force=True)")
    assert "debug.log" in kernel.holds("KEY-1234")
    assert kernel.holds(NEEDLE) == []


def test_the_news_of_a_thread_arrive_during_a_busy_cell(kernel: Kernel, panel: str) -> None:
    """A renewal is seen at once, while the cell that runs is still at it."""
    said = kernel.run(
        "actions.use_found(stand_in.lives(60))\nstand_in.renew_in_background(actions, panel, 900).join()"
    )
    kinds = ["news" if traits_in(m).get("status") else m["content"].get("execution_state") for m in said]
    assert kinds.index("news") < kinds.index("idle")


@pytest.mark.parametrize(
    ("order", "state"), [({"kind": "use_found"}, "fresh"), ({"kind": "logout"}, "logged out")]
)
def test_each_order_ends_in_its_status(kernel: Kernel, panel: str, order: dict[str, str], state: str) -> None:
    """After an order the panel shows how things stand then."""
    kernel.send(panel, order)
    kernel.until(lambda seen: seen.get("doing") == "")
    assert text_of(kernel, "actions.asked, panel.status['state']") == f"(['{order['kind']}'], '{state}')"


def test_what_was_saved_is_told_and_a_token_is_not(kernel: Kernel, panel: str) -> None:
    """A text that an order gives back is shown; a token, which is a str too, is not."""
    kernel.send(panel, login("right", save=True))
    assert kernel.until(lambda state: state.get("done"))["done"] == "Saved to .env."
    kernel.send(panel, {"kind": "refresh"})
    kernel.until(lambda state: state.get("doing") == "refresh")
    kernel.until(lambda state: state.get("doing") == "")
    assert kernel.holds("a-token-NEEDLE") == []


def test_a_panel_is_emptied_before_it_closes(kernel: Kernel, panel: str) -> None:
    """The last thing other clients hear of a closed panel is nothing; later news are dropped in peace."""
    kernel.run("actions.use_found(stand_in.lives(60)); panel.show(actions.status())")
    said = kernel.run("panel.close(); panel.show(actions.status())")
    news = [m for m in said if m["msg_type"].startswith("comm_")]
    assert [m["msg_type"] for m in news] == ["comm_msg", "comm_close"]
    assert traits_in(news[0])["status"] == {}


def test_where_no_widget_lives_the_panel_is_its_status_in_words(kernel: Kernel, panel: str) -> None:
    """A console, an export or an untrusted notebook says how things stood, when, and what else to do."""
    out = twin(kernel, "panel")
    assert out["text/plain"].splitlines() == [
        "Not logged in to Dolby.io. dolbyio_nb.login() logs in.",
        "The form to log in is live only while its kernel runs. No form here? dolbyio_nb.login()",
    ]
    kernel.run("actions.use_found(stand_in.lives(60)); actions.seen = actions.seen.__class__("
               "**{**vars(actions.seen), 'source': '<b>.env'})")  # fmt: skip
    inside = twin(kernel, "panel")
    whose, token, when = inside["text/plain"].splitlines()
    assert whose == "Logged in to Dolby.io with App key dGVz… from <b>.env."
    assert token.startswith("Token fresh: expires at ")
    assert when.startswith("As it was at ")
    for text in (out, inside):
        assert "<b>" not in text["text/html"]
        assert re.findall("<p>(.*?)</p>", html.unescape(text["text/html"])) == text["text/plain"].splitlines()


def twin(kernel: Kernel, code: str) -> dict[str, str]:
    """All that is shown for an expression."""
    said = kernel.run(code)
    found: dict[str, str] = next(m["content"]["data"] for m in said if m["msg_type"] == "execute_result")
    return found


def test_module_and_style_are_sent_once_a_kernel(kernel: Kernel) -> None:
    """Each log-in and status is another view of one panel: a few bytes, and older cells stay live."""
    first = kernel.run("%load_ext dolbyio_nb\n%dolby_login --form")
    cells = ("%dolby_login --form", "%config DolbyMagics.login_ui = 'panel'\n%dolby_status")
    later = [kernel.run(cell) for cell in cells]
    shown = [
        [m for m in said if m["msg_type"] in ("comm_open", "comm_msg", "display_data")]
        for said in (first, *later)
    ]
    size = [len(json.dumps([m["content"] for m in said])) for said in shown]
    module = len(
        json.dumps([(STATIC / f"panel.{kind}").read_text() for kind in ("js", "css")])
    )  # what any other way to show it would send too
    assert [m["msg_type"] for m in shown[0]] == ["comm_open", "comm_open", "display_data"]
    assert size[0] - module < 10_000
    assert max(size[1:]) < 5_000
    views = {
        m["content"]["data"][VIEW]["model_id"]
        for said in shown
        for m in said
        if m["msg_type"] == "display_data"
    }
    assert len(views) == 1
    assert not [m for said in shown for m in said if m["msg_type"] == "comm_close"]
    kernel.run("%unload_ext dolbyio_nb")


def test_showing_it_takes_two_messages(kernel: Kernel) -> None:
    """A panel costs its opening and its display, and little data."""
    said = kernel.run("actions, panel = stand_in.new(); panel")
    assert [m["msg_type"] for m in said if m["msg_type"] in ("comm_open", "comm_msg", "execute_result")] == [
        "comm_open",  # the layout that every widget has
        "comm_open",
        "execute_result",
    ]


def test_what_the_form_was_told_reaches_the_log_in(kernel: Kernel, panel: str) -> None:
    """The life and the wish to save travel from the options to the form, and from the form to the log-in."""
    kernel.run("actions, panel = stand_in.new(expires_in=240, save=True, profile='studio'); panel")
    assert text_of(kernel, "panel.expires_in, panel.save") == "(240, True)"
    found = text_of(kernel, "panel.model_id").strip("'")
    kernel.send(found, login("right", expires_in=60, save=True))
    kernel.until(lambda state: state.get("done"))
    told = text_of(kernel, "actions.options.expires_in, actions.options.save, actions.options.profile")
    assert told == "(60, True, 'studio')"


def test_a_panel_of_its_own_gives_its_log_in(kernel: Kernel) -> None:
    """Without magics there is `login_panel()`, whose `dolby` is the log-in once there is one."""
    assert text_of(
        kernel,
        "from dolbyio_nb import login_panel, NotLoggedIn\nalone = login_panel(expires_in=60)\n"
        "try: alone.dolby\nexcept NotLoggedIn as error: said = str(error)\nsaid.splitlines()[0]",
    ).startswith("'There is no log-in")
    kernel.send(text_of(kernel, "alone.model_id").strip("'"), {"kind": "use_sandbox", "expires_in": 60})
    kernel.until(lambda state: state.get("status", {}).get("state") == "fresh")
    assert text_of(kernel, "alone.dolby.status().life, alone.dolby.logout()") == "(60.0, None)"
