"""Limits: whatever drips, has no end or unpacks to more than fits ends in time, with its connection."""

import gzip
import json
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import cast

import pytest
import requests

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.http.connections import MOST_VALUES, parse_json
from dolbyio_nb.http.limits import OutOfTime, Speed, Total, Work, beside, limited
from dolbyio_nb.http.retry import API, RetryAdapter
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media.api import Api, CallLimits
from dolbyio_nb.media.inputs import read_content
from dolbyio_nb.media.listing import list_jobs
from dolbyio_nb.media.polling import read_snapshot
from dolbyio_nb.media.transfer import Storage, TransferLimits

from .hostile import LIMIT, Answer, NoAuth, hostile, page, says

GRACE = 2  # seconds for a call to end
SHORT = 0.15  # seconds, in place of a minute
MIB = 1 << 20
Call = Callable[[str, Path], None]


class Presigning:
    """An API that gives the same address for every file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, body: object) -> dict[str, str]:
        return {"url": f"{self._url}/file"}


def storage(url: str) -> Storage:
    return Storage(cast(Api, Presigning(url)), lambda seconds: None, TransferLimits(SHORT, 32 * MIB))


def ask_for_token(url: str, folder: Path) -> None:
    TokenRequest(AppCredentials("key-of-the-test", "secret-of-the-test"), url, time_limit=SHORT)()


def api(url: str) -> Api:
    return Api(open_session(NoAuth()), url, CallLimits(SHORT, SHORT, 20 * MIB))


def start(url: str, folder: Path) -> None:
    api(url).start("/media/enhance", {})


def look(url: str, folder: Path) -> None:
    api(url).get("/media/jobs")


def send(url: str, folder: Path) -> None:
    storage(url).upload(read_content(b"sound"), "dlb://in/talk.wav")


def fetch(url: str, folder: Path) -> None:
    storage(url).download("dlb://out/talk.wav", folder / "talk.wav")


CALLS = [ask_for_token, start, look, send, fetch]
BY_END, CHUNKED = b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# What comes first, and what comes then, again and again.
DRIPS = {
    "silence": (b"", b""),
    "status": (b"", b"H"),
    "header": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (BY_END, b" "),
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "refusal": (b"HTTP/1.1 400 Bad Request\r\n\r\n", b" "),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", DRIPS)
def test_what_drips_is_given_up(kind: str, call: Call, tmp_path: Path) -> None:
    """A byte now and then outlasts every limit of one read; the call ends, and so does its connection."""
    first, then = DRIPS[kind]
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(first)
        connection.settimeout(LIMIT)
        while then and not over.wait(0.02):
            connection.sendall(then)
        connection.recv(1)

    with hostile(drip) as server:
        with pytest.raises(DolbyError, match=rf"within {SHORT:g} s|how long the file is"):
            call(server.url, tmp_path)
        assert server.is_quiet()
        over.set()
    assert not list(tmp_path.iterdir())


PIECE = b" " * 65536
ENDLESS = {
    "body": (BY_END, PIECE),
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", PIECE),
    "chunks": (CHUNKED, b"10000\r\n" + PIECE + b"\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n" * 4096),
    "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", PIECE),
    "status": (b"", PIECE),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2048),
    "chunk's size": (CHUNKED, b"1" * 65536),
    "trailer": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: x\r\n" * 4096),
    "behind gzip": (BY_END[:-2] + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x"), PIECE),
    "refusal": (b"HTTP/1.1 400 Bad Request\r\n\r\n", PIECE),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ENDLESS)
def test_what_has_no_end_is_given_up(kind: str, call: Call, tmp_path: Path) -> None:
    """However fast it comes, and wherever in the answer: its connection ends, and no memory is filled."""
    first, then = ENDLESS[kind]

    def flood(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(then)

    tracemalloc.start()
    with hostile(flood) as server:
        if (kind, call) == ("behind gzip", send):  # it was taken, with whatever words
            call(server.url, tmp_path)
        else:
            with pytest.raises(DolbyError):
                call(server.url, tmp_path)
        assert server.is_quiet()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * MIB
    assert not list(tmp_path.iterdir())


def bomb(count: int, packing: str = "gzip") -> bytes:
    """So many MiB of spaces, packed."""
    pack = zlib.compressobj(1, wbits=31 if packing == "gzip" else 15)
    packed = b"".join(pack.compress(b" " * MIB) for _ in range(count)) + pack.flush()
    return page("200 OK", packed, f"Content-Encoding: {packing}", "Content-Type: application/json")


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """Answers that are small on the way and large afterwards."""
    twice = page("200 OK", gzip.compress(gzip.compress(bytes(MIB))), "Content-Encoding: gzip, gzip")
    values = page("200 OK", gzip.compress(b"[" + b"[]," * (6 * MIB) + b"1]"), "Content-Encoding: gzip")
    packed = bomb(120)
    return {
        "gzip": packed,
        "x-gzip": packed.replace(b"Encoding: gzip", b"Encoding: x-gzip"),
        "capitals": packed.replace(b"Encoding: gzip", b"Encoding:  GZip "),
        "refusal": packed.replace(b"200 OK", b"400 Bad Request"),
        "unavailable": packed.replace(b"200 OK", b"500 Internal Server Error"),
        "deflate": bomb(120, "deflate"),
        "br": packed.replace(b"Encoding: gzip", b"Encoding: br"),
        "zstd": packed.replace(b"Encoding: gzip", b"Encoding: zstd"),
        "unknown": packed.replace(b"Encoding: gzip", b"Encoding: x-own"),
        "twice": twice,
        "values": values,
        "nesting": page("200 OK", b"[" * MIB),
        "digits": page("200 OK", b'{"access_token": "x", "expires_in": ' + b"9" * 500_000 + b"}"),
    }


PACKED = ["gzip", "x-gzip", "capitals", "refusal", "unavailable", "deflate", "br", "zstd", "unknown", "twice"]
OF_JSON = ["values", "nesting", "digits"]


def ask_patiently(url: str, folder: Path) -> None:
    TokenRequest(AppCredentials("key-of-the-test", "secret-of-the-test"), url)()


def look_patiently(url: str, folder: Path) -> None:
    Api(open_session(NoAuth()), url).get("/media/jobs")


def start_patiently(url: str, folder: Path) -> None:
    Api(open_session(NoAuth()), url).start("/media/enhance", {})


def replace_patiently(url: str, folder: Path) -> None:
    Api(open_session(NoAuth()), url).put("/media/webhooks", {}, id="one")


def remove_patiently(url: str, folder: Path) -> None:
    Api(open_session(NoAuth()), url).delete("/media/webhooks", id="one")


def send_patiently(url: str, folder: Path) -> None:
    patient(url).upload(read_content(b"sound"), "dlb://in/talk.wav")


def fetch_patiently(url: str, folder: Path) -> None:
    patient(url).download("dlb://out/talk.wav", folder / "talk.wav")


def patient(url: str) -> Storage:
    return Storage(cast(Api, Presigning(url)), lambda seconds: None, TransferLimits(largest=32 * MIB))


PATIENT = [
    ask_patiently,
    look_patiently,
    start_patiently,
    replace_patiently,
    remove_patiently,
    send_patiently,
    fetch_patiently,
]
BOMBS = [
    *((kind, call) for kind in PACKED for call in PATIENT),
    *((kind, call) for kind in OF_JSON for call in (ask_patiently, look_patiently)),
]


@pytest.mark.parametrize(("kind", "call"), BOMBS)
def test_what_unpacks_to_more_than_fits_is_refused(
    kind: str, call: Call, bombs: dict[str, bytes], tmp_path: Path
) -> None:
    """Neither packed bytes nor nested or endless values fill the memory, in whatever call."""
    tracemalloc.start()
    with hostile(says(bombs[kind])) as server:
        if kind == "digits":  # a number that is not believed, in an answer that may be
            with suppress(DolbyError):
                call(server.url, tmp_path)
        else:
            with pytest.raises(DolbyError) as error:
                call(server.url, tmp_path)
            assert 2 <= len(str(error.value).splitlines()) <= 3
            assert not list(tmp_path.iterdir())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * MIB


def test_an_answer_of_the_largest_size_is_read() -> None:
    """The limit is where it is said to be."""
    whole = b'"' + b"x" * (20 * MIB - 2) + b'"'
    for body, fits in ((whole, True), (whole + b" ", False)):
        with hostile(says(page("200 OK", body))) as server:
            caller = Api(open_session(NoAuth()), server.url)
            if fits:
                assert len(caller.get("/media/jobs")) == 20 * MIB - 2
            else:
                with pytest.raises(DolbyError, match="larger than 20 MiB"):
                    caller.get("/media/jobs")


def test_garbage_that_calls_itself_packed_is_an_error_in_words() -> None:
    """Not one of the library's."""
    garbage = page("200 OK", b"no gzip at all", "Content-Encoding: gzip")
    with hostile(says(garbage)) as server, pytest.raises(DolbyError, match="broke"):
        start(server.url, Path())


def listing(pages: Callable[[int], object]) -> Answer:
    """A server whose list of jobs goes on as `pages` says; counts what was asked."""
    count = iter(range(10**9))

    def answer(connection: socket.socket) -> None:
        connection.sendall(page("200 OK", json.dumps(pages(next(count))).encode()))

    return answer


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_list_that_goes_round_ends(pages: int) -> None:
    """A token that was there before leads nowhere new, after however many others."""
    with hostile(listing(lambda at: {"jobs": [{"job_id": "a"}], "next_token": f"t{at % pages}"})) as server:
        jobs = list(list_jobs(Api(requests.Session(), server.url)))
    assert len(jobs) == pages + 1


def test_a_list_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a new token on each page."""
    monkeypatch.setattr("dolbyio_nb.media.listing.MOST_PAGES", 9)
    with hostile(listing(lambda at: {"jobs": [{"job_id": "a"}], "next_token": f"t{at}"})) as server:
        assert len(list(list_jobs(Api(requests.Session(), server.url)))) == 9


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("failures", "before_the_body", "limit", "over_at"),
    [
        ([], 0, 60, 60),  # the body alone
        ([], 40, 60, 60),  # its headers took their part
        ([50, 50], 20, 60, 161.5),  # pauses of 0.5 and 1 s, and the last attempt has a minute of its own
        ([50, 50, 50], 20, 180, 180),  # no minute is left of the total
        ([58, 58, 58], 0, 180, 180),
    ],
)
def test_an_attempt_has_a_minute_and_all_of_them_the_policys_total(
    failures: list[float], before_the_body: float, limit: float, over_at: float
) -> None:
    """Headers, retries, pauses and a body that drips: the clock of each goes on over all its parts."""
    clock, over, answers = Hand(), threading.Event(), iter([*failures, None])

    def answer(connection: socket.socket) -> None:
        if (took := next(answers)) is not None:
            clock.now += took
            return connection.sendall(page("503 Service Unavailable"))
        clock.now += before_the_body
        connection.sendall(BY_END)
        while clock.now < 100 + over_at and not over.wait(0.003):
            clock.move(1)
            connection.sendall(b" ")
        over.wait(GRACE)  # time stands still; what is not over now never will be
        return None

    with hostile(answer) as server:
        session = open_session(NoAuth())
        session.mount("http://", RetryAdapter(API, clock, clock.move))
        with pytest.raises(DolbyError, match=f"No whole answer within {limit} s"):
            Api(session, server.url, CallLimits(clock=clock)).get("/media/jobs")
        over.set()
    assert clock.now >= 100 + over_at


def test_the_last_attempt_ends_with_the_policys_total() -> None:
    """In somebody's own call too: the first attempt has its minute, the second what is left."""
    clock, over = Hand(), threading.Event()

    def say_nothing(connection: socket.socket) -> None:
        end = 160 if clock.now < 160 else 200
        while clock.now < end and not over.wait(0.003):
            clock.move(1)
        over.wait(GRACE if end == 200 else 1)

    with hostile(say_nothing) as server, open_session(NoAuth()) as session:
        session.mount("http://", RetryAdapter(replace(API, total=100.0), clock, clock.move))
        with pytest.raises(requests.ReadTimeout, match="within 100 s"):
            session.get(server.url)
        over.set()
    assert clock.now >= 200
    assert len(server.asked) == 2


class Moved(Work):
    """What a transfer has moved so far."""

    def __init__(self) -> None:
        super().__init__(None)


def test_a_slow_transfer_goes_on_and_one_that_stands_still_does_not() -> None:
    """A KiB a second over each minute is enough, for hours; less is not."""
    clock, work = Hand(), Moved()
    speed = Speed(clock)
    for _ in range(200):
        clock.now += 59
        work.moved += 60 * 1024
        speed.check(work)
    clock.now += 59
    work.moved += 60 * 1024 - 1
    speed.check(work)
    clock.now += 1
    with pytest.raises(OutOfTime, match="within 60 s"):
        speed.check(work)


def test_a_total_is_a_total() -> None:
    """However much moves."""
    clock = Hand()
    total = Total(60, clock)
    clock.now += 59.9
    total.check(Moved())
    clock.now += 0.2
    with pytest.raises(OutOfTime):
        total.check(Moved())


def test_what_cannot_be_ended_is_left_behind() -> None:
    """As asking for a host's address is: the caller goes on."""
    stuck = threading.Event()
    try:
        with pytest.raises(OutOfTime):
            beside(0.05, stuck.wait)
    finally:
        stuck.set()


def test_a_call_on_a_kept_connection_takes_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread opens a connection; what is asked on it then stays with the caller."""
    begun: list[str] = []
    run = threading.Thread.start

    def seen(thread: threading.Thread) -> None:
        begun.append(thread.name)
        run(thread)

    monkeypatch.setattr(threading.Thread, "start", seen)

    def answer(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            connection.recv(65536)

    with hostile(answer) as server:
        caller = Api(open_session(NoAuth()), server.url)
        for _ in range(3):
            caller.get("/media/jobs")
    assert begun.count("dolbyio-call") == 1


def test_names_are_resolved_within_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name server that says nothing has no limit of its own."""
    stuck = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: stuck.wait(LIMIT) and [])
    try:
        for call in (ask_for_token, start, send):
            with pytest.raises(DolbyError, match=rf"within {SHORT:g} s"):
                call("https://api.test", tmp_path)
    finally:
        stuck.set()


def test_the_callers_interrupt_ends_the_call() -> None:
    """Ctrl-C in the caller's thread ends the connection too."""

    class Interrupt:
        def check(self, work: Work) -> None:
            if asked.is_set():
                raise KeyboardInterrupt

    asked, closed = threading.Event(), threading.Event()

    def wait(connection: socket.socket) -> None:
        asked.set()
        connection.settimeout(LIMIT)
        if connection.recv(1) == b"":
            closed.set()

    with hostile(wait) as server:
        session = open_session(NoAuth())
        with pytest.raises(KeyboardInterrupt):
            limited(Interrupt(), lambda: session.post(server.url))
        assert closed.wait(LIMIT)


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400]


def numbers_in(value: object) -> list[float]:
    """Every number in an answer."""
    if isinstance(value, dict | list):
        return [
            n for part in (value.values() if isinstance(value, dict) else value) for n in numbers_in(part)
        ]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_never_reaches_a_caller(text: str) -> None:
    """Wherever it stands in an answer."""
    body = f'{{"progress": {text}, "status": "Running", "result": {{"loudness": [{text}, 1.5, {text}]}}}}'
    with hostile(says(page("200 OK", body.encode()))) as server:
        answer = Api(requests.Session(), server.url).get("/media/enhance")
    assert numbers_in(answer) == [1.5]
    assert read_snapshot(answer).progress == 0.0


@pytest.mark.parametrize("progress", [-5, 101, 1e300, 10**299])
def test_progress_stays_between_nothing_and_all(progress: float) -> None:
    """A service that counts beyond it fills no line with digits."""
    assert 0 <= read_snapshot({"progress": progress}).progress <= 100


def test_values_that_fit_are_read() -> None:
    """The limit of values is far from a real answer's."""
    assert len(parse_json(b"[" + b"1," * 100_000 + b"1]")) == 100_001
    assert isfinite(MOST_VALUES)
