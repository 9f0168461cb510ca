"""What the sandbox was asked: enough for tests to count on, and no secret in it."""

import requests

from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox.http_messages import digest

from .conftest import Caller, Clock


def test_requests_are_counted_by_place(sandbox: Sandbox, caller: Caller) -> None:
    """Token requests, Media calls and storage transfers apart."""
    caller.upload("dlb://x", b"1")
    assert (sandbox.requests.count("token"), sandbox.requests.count("media")) == (1, 1)
    assert sandbox.requests.count("storage") == 1
    assert sandbox.requests.count() == len(sandbox.requests) == 3
    assert [seen.at for seen in sandbox.requests] == ["token", "media", "storage"]


def test_a_request_tells_method_path_query_headers_and_time(
    sandbox: Sandbox, caller: Caller, clock: Clock
) -> None:
    """All that a test may want to look at."""
    clock.move(5)
    caller.get("/media/jobs", status="Success")
    seen = list(sandbox.requests)[-1]
    assert (seen.method, seen.path, seen.query) == ("GET", "/media/jobs", {"status": "Success"})
    assert seen.headers["user-agent"].startswith("python-requests")
    assert seen.time == clock.now


def test_no_secret_is_kept(sandbox: Sandbox, caller: Caller) -> None:
    """Authorization is its kind and a digest; a presigned query is blacked out."""
    caller.upload("dlb://x", b"1")
    token, media, storage = sandbox.requests
    assert media.authorization == f"Bearer {digest(caller.token)}"
    assert token.authorization.startswith("Basic ")  # type: ignore[union-attr]
    assert storage.authorization is None
    everything = "".join(repr((seen, seen.headers, seen.query)) for seen in sandbox.requests)
    assert caller.token not in everything
    assert caller.pair[1] not in everything
    assert "authorization" not in media.headers
    assert storage.query["X-Amz-Signature"] == "…"


def test_a_token_sent_to_storage_is_seen(sandbox: Sandbox, caller: Caller) -> None:
    """That is what the second port is for."""
    requests.put(caller.upload_url("dlb://x"), data=b"1", headers={"Authorization": "Bearer abc"}, timeout=10)
    assert list(sandbox.requests)[-1].authorization == f"Bearer {digest('abc')}"


def test_waiting_for_a_request_has_an_end(sandbox: Sandbox, caller: Caller) -> None:
    """True when it has come, False when it has not in time."""
    assert sandbox.requests.wait("token", 1)
    assert not sandbox.requests.wait("token", 2, timeout=0.01)


def test_clear_counts_anew(sandbox: Sandbox, caller: Caller) -> None:
    """For the part of a test that matters."""
    sandbox.requests.clear()
    assert (len(sandbox.requests), sandbox.requests.count()) == (0, 0)
