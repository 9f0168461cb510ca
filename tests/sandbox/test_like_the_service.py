"""Small ways in which the sandbox is like the service, and hints where a client is on an old way."""

import base64
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox.job_runner import whole_numbers
from dolbyio_nb.sandbox.routes import ENDPOINTS

from .conftest import Caller, Clock

IN, OUT = {"input": "dlb://in.wav"}, {"output": "dlb://out.wav"}
LIST = {
    "inputs": [{"source": "dlb://in.wav"}],
    "outputs": [{"destination": "dlb://out.wav", "kind": "wav"}],
}


@pytest.mark.parametrize(
    ("path", "body", "name", "meant"),
    [
        ("/media/enhance", {"input": "dlb://in.wav", "ouput": "dlb://out.wav"}, "ouput", "output"),
        ("/media/enhance", {**IN, **OUT, "contnet": {}}, "contnet", "content"),
        ("/media/enhance", {**IN, **OUT, "content": {"typ": "podcast"}}, "content.typ", "type"),
        (
            "/media/enhance",
            {**IN, **OUT, "audio": {"noise": {"reduction": {"ammount": "low"}}}},
            "audio.noise.reduction.ammount",
            "amount",
        ),
        ("/media/diagnose", {**IN, **OUT}, "output", "input"),
        ("/media/analyze", {**IN, **OUT, "loudness": {"profil": "x"}}, "loudness.profil", "profile"),
        ("/media/analyze/speech", {**IN, **OUT, "content": {"type": "x"}}, "content", "on_complete"),
        ("/media/transcode", {**LIST, "inputs": [{"sorce": "x"}]}, "inputs[0].sorce", "source"),
        (
            "/media/transcode",
            {**LIST, "outputs": [{"destination": "dlb://x", "image": {"offset": 1}}]},
            "outputs[0].image.offset",
            "offset_sec",
        ),
        (
            "/media/master",
            {**LIST, "outputs": [{"destination": "dlb://x", "master": {"loudness": {"target": -14}}}]},
            "outputs[0].master.loudness.target",
            "target_level",
        ),
        ("/media/diagnose", {**IN, "on_complete": {"url": "http://127.0.0.1/", "header": {}}},
         "on_complete.header", "headers"),
    ],
)  # fmt: skip
def test_an_unknown_field_is_refused_with_the_one_that_was_meant(
    caller: Caller, path: str, body: Any, name: Any, meant: str
) -> None:
    """At once, not after the job; with the whole name."""
    answer = caller.post(path, body)
    assert answer.status_code == 400
    detail = answer.json()["detail"]
    assert detail.startswith(f"{name} is not a parameter here")
    assert meant in detail
    assert caller.sandbox.jobs == []


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
def test_a_field_that_nobody_knows_is_refused_everywhere(caller: Caller, path: str) -> None:
    """Whatever the API; hostile names do not make the answer long."""
    answer = caller.post(path, {"x" * 5000: 1})
    assert answer.status_code == 400
    assert len(answer.text) < 1000


def test_retired_ways_are_named(caller: Caller, sandbox: Sandbox) -> None:
    """An API key, and the old address of the token endpoint."""
    answer = requests.get(f"{sandbox.media_url}/media/jobs", headers={"x-api-key": "abc"}, timeout=10)
    assert (answer.status_code, "x-api-key is retired" in answer.json()["detail"]) == (401, True)
    answer = requests.post(f"{sandbox.media_url}/media/oauth2/token", auth=caller.pair, timeout=10)
    assert (answer.status_code, "POST /v1/auth/token" in answer.json()["detail"]) == (404, True)


def test_a_header_that_base64_has_cut_is_recognised(
    sandbox: Sandbox, connect: Callable[[int], socket.socket]
) -> None:
    """The guide's own command line breaks it after 76 characters on Linux."""
    port = urlsplit(sandbox.auth_url).port
    pair = base64.encodebytes(f"{sandbox.app_key}:{sandbox.app_secret}".encode()).decode()
    assert pair.index("\n") == 76
    head = f"POST /v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {pair}\r\n"
    with connect(port) as connection:  # type: ignore[arg-type]
        connection.sendall(f"{head}Content-Length: 29\r\n\r\ngrant_type=client_credentials".encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"76 characters" in answer
    assert b"-w0" in answer


def test_a_wrong_pair_gets_no_hint_of_a_cut_header(sandbox: Sandbox) -> None:
    """Only a header of that length is cut."""
    url = f"{sandbox.auth_url}/v1/auth/token"
    answer = requests.post(url, {"grant_type": "client_credentials"}, auth=("a", "b"), timeout=10)
    assert "76" not in answer.text


def test_a_multipart_upload_is_recognised(caller: Caller, make_tone: Callable[..., bytes]) -> None:
    """Storage takes any bytes, as S3 does; the job says what they are."""
    url = caller.upload_url("dlb://in.wav")
    requests.put(url, files={"file": ("in.wav", make_tone(), "audio/wav")}, timeout=10).raise_for_status()
    error = caller.run("/media/diagnose", IN)["error"]
    assert error["type"] == "/problems/input-file-access"
    assert "multipart" in error["detail"]


def test_usage_counts_jobs_by_path(caller: Caller, other: Caller, clock: Clock) -> None:
    """Of the last day by default, of this app alone; a span of more than a year is refused."""
    caller.run("/media/diagnose", IN)
    clock.move(2 * 86400)
    caller.token = caller.log_in()
    other.token = other.log_in()
    caller.sandbox.faults.end_next_job("InternalError")
    caller.run("/media/enhance", {**IN, **OUT})
    row = {"jobs": 1, "succeeded": 0, "failed": 1}
    assert caller.get("/media/usage").json() == {"count": 1, "usage": [{"path": "/media/enhance", **row}]}
    since = datetime.fromtimestamp(clock.now - 3 * 86400, UTC).isoformat()
    paths = [one["path"] for one in caller.get("/media/usage", **{"from": since}).json()["usage"]]
    assert paths == ["/media/diagnose", "/media/enhance"]
    assert other.get("/media/usage").json()["count"] == 0
    assert caller.get("/media/usage", **{"from": "2001-01-01"}).status_code == 400
    assert caller.get("/media/usage", **{"from": "soon"}).status_code == 400


def test_a_page_may_call_only_where_that_is_switched_on(sandbox: Sandbox, caller: Caller) -> None:
    """Without the switch no answer has leave for a browser."""
    page = {"Origin": "http://localhost:3000"}
    answer = requests.get(f"{sandbox.media_url}/media/jobs", headers=page, timeout=10)
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    asks = {**page, "Access-Control-Request-Method": "GET"}
    assert requests.options(f"{sandbox.media_url}/media/jobs", headers=asks, timeout=10).status_code == 401


def test_with_the_switch_a_browser_gets_its_leave(call: type[Caller]) -> None:
    """Before the call without a token, and with every answer, errors and storage as well."""
    page = {"Origin": "http://localhost:3000"}
    with Sandbox(cors=True) as sandbox:
        url = f"{sandbox.media_url}/media/jobs"
        asks = {**page, "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization"}  # fmt: skip
        answer = requests.options(url, headers=asks, timeout=10)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
        refused = requests.get(url, headers=page, timeout=10)
        stored = requests.put(call(sandbox).upload_url("dlb://x"), b"1", headers=page, timeout=10)
        for one in (answer, refused, stored):
            assert one.headers["Access-Control-Allow-Origin"] == page["Origin"]
            assert one.headers["Vary"] == "Origin"
        assert (refused.status_code, stored.status_code) == (401, 200)


@pytest.mark.parametrize(
    ("value", "told"),
    [(30.0, "30"), (0.0, "0"), (-0.0, "0"), (73.7, "73.7"), (True, "True"), ("1.0", "1.0"), (None, "None"),
     ({"a": [1.0, {"b": 2.5}]}, "{'a': [1, {'b': 2.5}]}")],
)  # fmt: skip
def test_whole_numbers_are_integers_as_recorded(value: Any, told: Any) -> None:
    """And nothing else changes."""
    assert str(whole_numbers(value)) == told
