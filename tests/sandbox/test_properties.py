"""Whatever arrives, the answer is a documented one: never a 500, never a hang."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolbyio_nb.sandbox import Sandbox

from .conftest import Caller

JOBS = [
    "/media/enhance",
    "/media/diagnose",
    "/media/analyze",
    "/media/analyze/speech",
    "/media/analyze/music",
    "/media/transcode",
    "/media/master",
    "/media/master/preview",
]
ROUTES = [
    ("POST", "/v1/auth/token"),
    ("POST", "/media/input"),
    ("GET", "/media/output"),
    ("POST", "/media/output"),
    ("GET", "/media/jobs"),
    ("POST", "/media/jobs/cancel"),
    *(("GET", path) for path in JOBS),
    *(("POST", path) for path in JOBS),
    *((method, "/media/webhooks") for method in ("GET", "POST", "PUT", "DELETE")),
]
KINDS = ["application/json", "application/x-www-form-urlencoded", "x/y"]
WORDS = [
    "input", "output", "inputs", "outputs", "source", "destination", "url", "auth", "region", "start", "end",
    "on_complete", "headers", "callback", "audio", "content", "type", "kind", "dlb://x", "http://127.0.0.1:1/",
    "job_id", "id", "status", "next_token", "submitted_after", "username", "password",
]  # fmt: skip

words = st.sampled_from(WORDS)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), words)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(words, st.text()), inner)),
    max_leaves=15,
)
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def open_house(call: type[Caller]) -> Iterator[Caller]:
    """A sandbox that all examples of this module share."""
    with Sandbox() as running:
        yield call(running)


def check(answer: requests.Response) -> None:
    """A documented status, and a body that says what is wrong."""
    assert answer.status_code < 500
    if answer.status_code >= 400:
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["type"]
        assert body["detail"]


@quick
@given(route=st.sampled_from(ROUTES), body=st.binary(max_size=300), kind=st.sampled_from(KINDS))
def test_any_bytes(open_house: Caller, route: tuple[str, str], body: bytes, kind: str) -> None:
    """Bytes that are no JSON are refused at every route."""
    sandbox = open_house.sandbox
    token = {"Authorization": f"Bearer {open_house.token}", "Content-Type": kind}
    auth = open_house.pair if route[1] == "/v1/auth/token" else None
    check(requests.request(*_at(sandbox, route), data=body, headers=token, auth=auth, timeout=10))


@quick
@given(route=st.sampled_from(ROUTES), body=values)
def test_any_json(open_house: Caller, route: tuple[str, str], body: Any) -> None:
    """So is JSON of any shape; what is accepted becomes a job that ends."""
    text = json.dumps(body)
    headers = {"Authorization": f"Bearer {open_house.token}"}
    check(requests.request(*_at(open_house.sandbox, route), data=text, headers=headers, timeout=10))


@quick
@given(route=st.sampled_from(ROUTES), query=st.dictionaries(st.one_of(words, st.text()), st.text()))
def test_any_query(open_house: Caller, route: tuple[str, str], query: dict[str, str]) -> None:
    """Queries of any content are read or refused."""
    pairs = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in query.items())
    method, url = _at(open_house.sandbox, route)
    headers = {"Authorization": f"Bearer {open_house.token}"}
    check(requests.request(method, f"{url}?{pairs}", json={}, headers=headers, timeout=10))


@quick
@given(form=st.dictionaries(st.sampled_from(["grant_type", "expires_in", "scope"]), st.text()))
def test_any_form(open_house: Caller, form: dict[str, str]) -> None:
    """The token endpoint reads or refuses any form."""
    url = f"{open_house.sandbox.auth_url}/v1/auth/token"
    form = {name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}  # type: ignore[misc]
    check(requests.post(url, form, auth=open_house.pair, timeout=10))


@quick
@given(value=st.binary(max_size=60))
def test_any_authorization(open_house: Caller, value: bytes) -> None:
    """No header value is anything but a token or a refusal."""
    printable = bytes(byte for byte in value if 33 <= byte < 127 or byte >= 128)
    for scheme in (b"Bearer ", b"Basic ", b""):
        for path in ("/media/jobs", "/v1/auth/token"):
            method = "GET" if path == "/media/jobs" else "POST"
            headers: Any = {b"Authorization": scheme + printable}
            answer = requests.request(
                method,
                open_house.sandbox.media_url + path,
                headers=headers,
                timeout=10,
            )
            assert answer.status_code in (401, 415)


@quick
@given(path=st.text(max_size=60), query=st.text(max_size=60))
def test_any_storage_address(open_house: Caller, path: str, query: str) -> None:
    """Storage gives nothing away to an address that it did not sign."""
    port = urlsplit(open_house.upload_url("dlb://x")).port
    url = f"http://127.0.0.1:{port}/{_quoted(path)}?{_quoted(query, '=&')}"
    for method in ("GET", "PUT"):
        assert requests.request(method, url, data=b"", timeout=10).status_code in (400, 403)


@settings(quick, max_examples=120)
@given(data=st.binary(max_size=400), port=st.sampled_from(["api", "storage"]))
def test_any_bytes_on_the_wire(
    open_house: Caller, connect: Callable[[int], socket.socket], data: bytes, port: str
) -> None:
    """Not even HTTP: the server answers or closes, and goes on serving."""
    sandbox = open_house.sandbox
    number = urlsplit(sandbox.media_url if port == "api" else open_house.upload_url("dlb://x")).port
    with connect(number) as connection:  # type: ignore[arg-type]
        connection.sendall(data)
        connection.shutdown(1)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"{", b"<"))
    assert b"HTTP/1.1 500" not in answer
    assert open_house.get("/media/jobs").status_code == 200


def test_every_job_of_the_examples_has_ended(open_house: Caller) -> None:
    """What was accepted above ends in words, not in a worker that died."""
    for job in open_house.sandbox.jobs:
        assert open_house.sandbox.wait_for_job(job.job_id).ended


def _at(sandbox: Sandbox, route: tuple[str, str]) -> Any:
    return route[0], sandbox.media_url + route[1]


def _quoted(text: str, safe: str = "") -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe=safe)
