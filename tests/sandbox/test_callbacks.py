"""Who is told that a job ended: the webhook of the app, and `on_complete` of the job."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from dolbyio_nb.sandbox import Sandbox

from .conftest import Caller, FileServer


def webhook(url: Any, **headers: Any) -> dict[Any, Any]:
    return {"callback": {"url": url, "headers": headers}}


def test_a_webhook_has_a_life(caller: Caller, server: FileServer) -> None:
    """Made once, read as object and as list, changed, removed."""
    made = caller.post("/media/webhooks", webhook(server.url, a="1")).json()
    hook_id = made["webhook_id"]
    assert made == {"webhook_id": hook_id}
    assert len(hook_id) == len("webhook-") + 32
    assert caller.post("/media/webhooks", webhook(server.url)).status_code == 409
    shown = {"webhook_id": hook_id, "callback": {"url": server.url, "headers": {"a": "1"}}}
    assert caller.get("/media/webhooks", id=hook_id).json() == shown
    assert caller.get("/media/webhooks").json() == [shown]
    changed = caller.call("PUT", "/media/webhooks", webhook(f"{server.url}/b"), id=hook_id)
    assert changed.json() == {"webhook_id": hook_id}
    assert caller.get("/media/webhooks").json()[0]["callback"] == {"url": f"{server.url}/b", "headers": {}}
    assert caller.call("DELETE", "/media/webhooks", id=hook_id).json() == {"webhook_id": hook_id}
    assert caller.get("/media/webhooks").json() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_apps_webhook_is_not_found(
    caller: Caller, other: Caller, server: FileServer, method: str
) -> None:
    """404 by the right id of the wrong app, and by any unknown one."""
    hook_id = caller.post("/media/webhooks", webhook(server.url)).json()["webhook_id"]
    assert other.call(method, "/media/webhooks", webhook(server.url), id=hook_id).status_code == 404
    assert caller.call(method, "/media/webhooks", webhook(server.url), id="webhook-0").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"callback": {}}, {"callback": "x"}, webhook(3), webhook("https://example.com")]
)
def test_a_webhook_needs_a_url_of_this_machine(caller: Caller, body: Any) -> None:
    """400, and the field is named."""
    answer = caller.post("/media/webhooks", body)
    assert answer.status_code == 400
    assert "callback" in answer.json()["detail"]


def test_a_webhook_is_called_at_the_end_of_every_job(
    caller: Caller, server: FileServer, make_tone: Callable[..., bytes]
) -> None:
    """Success and failure alike: the polling answer with the job's id, and the registered headers."""
    caller.post("/media/webhooks", webhook(f"{server.url}/hook", **{"X-Mine": "yes", "Authorization": "no"}))
    caller.upload("dlb://x.wav", make_tone())
    for url, status in (("dlb://x.wav", "Success"), ("dlb://none", "Failed")):
        job_id = caller.start("/media/diagnose", {"input": url})
        method, path, headers, body = server.wait(1)[-1]
        assert (method, path, headers["X-Mine"]) == ("POST", "/hook", "yes")
        assert "Authorization" not in headers
        event = json.loads(body)
        assert (event["job_id"], event["status"], event["path"]) == (job_id, status, "/media/diagnose")
        server.seen.clear()


def test_on_complete_passes_named_headers_along(
    caller: Caller, server: FileServer, make_tone: Callable[..., bytes]
) -> None:
    """A list names headers of the starting request; `x-job-id` is the job's own; no token is passed on."""
    body = {
        "input": "dlb://none",
        "on_complete": {
            "url": f"{server.url}/done",
            "headers": ["x-job-id", "X-Mine", "Authorization", "x-absent", 3],
        },
    }
    headers = {"Authorization": f"Bearer {caller.token}", "X-Job-Id": "7", "x-mine": "8"}
    url = f"{caller.sandbox.media_url}/media/diagnose"
    job_id = requests.post(url, json=body, headers=headers, timeout=10).json()["job_id"]
    _, path, headers, _ = server.wait(1)[0]
    assert (path, headers["x-job-id"], headers["X-Mine"]) == ("/done", job_id, "8")
    assert "Authorization" not in headers


def test_on_complete_takes_a_map_of_headers_and_a_body_of_its_own(caller: Caller, server: FileServer) -> None:
    """The other spelling: a map gives the headers whole, `body` is what is sent."""
    done = {"url": f"{server.url}/done", "headers": {"X-A": "1"}, "body": "ready"}
    caller.start("/media/diagnose", {"input": "dlb://none", "on_complete": done})
    _, _, headers, body = server.wait(1)[0]
    assert (headers["X-A"], body) == ("1", b"ready")


@pytest.mark.parametrize(
    "headers", [{"X-A": "1\r\nX-B: 2"}, {"X A": "1"}, {"X-A": "\ud800"}, [["x"]], "x", 7]
)
def test_headers_that_are_none_send_nothing_twice(
    sandbox: Sandbox, caller: Caller, server: FileServer, headers: Any
) -> None:
    """A header with a line break in it is not sent, and the next job's callback still comes."""
    url = f"{server.url}/done"
    caller.run("/media/diagnose", {"input": "dlb://none", "on_complete": {"url": url, "headers": headers}})
    caller.run("/media/diagnose", {"input": "dlb://none", "on_complete": {"url": f"{url}/2"}})
    seen = server.wait(1)
    while seen[-1][1] != "/done/2":
        seen = server.wait(len(seen) + 1)
    assert not [head for _, _, head, _ in seen if "X-B" in head]


def test_an_address_with_a_zone_is_refused(sandbox: Sandbox, caller: Caller, server: FileServer) -> None:
    """What may follow an IPv6 address is anything at all; the next job's callback still comes."""
    assert caller.post("/media/webhooks", webhook("http://[::1%a b]/")).status_code == 400
    done = {"url": "http://[::1%a b]/"}
    caller.run("/media/diagnose", {"input": "dlb://none", "on_complete": done})
    caller.run("/media/diagnose", {"input": "dlb://none", "on_complete": {"url": f"{server.url}/done"}})
    assert server.wait(1)[-1][1] == "/done"
