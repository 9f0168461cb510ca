"""Retry policies, a row each, and the loop that runs them, on a clock of the test."""

import io
from collections.abc import Callable
from math import inf
from typing import Any

import pytest
import requests

from dolbyio_nb.http import limits, retry
from dolbyio_nb.http.retry import API, ONCE, POLL, TOKEN, TRANSFER, Attempts, RetryPolicy

GATEWAY, SERVER = {502, 503, 504}, {*range(500, 600)}

# what is tried again, how often, the first pauses, the longest Retry-After, the time in all
POLICIES: dict[str, tuple[RetryPolicy, set[int], float, list[float], float, float]] = {
    "API": (API, {0, *GATEWAY}, 4, [0.5, 1, 2, 4, 4, 4], 30, 180),
    "TRANSFER": (TRANSFER, {0, 200, 403, 429, *SERVER}, 3, [1, 4, 4], 30, inf),
    "POLL": (POLL, {0, 200, 429, *SERVER}, inf, [0.25, 0.375, 0.5625, 0.84375], 300, 86400),
    "TOKEN": (TOKEN, {0, 200, 408, 425, 429, *SERVER}, inf, [5, 10, 20, 40, 60, 60], 300, inf),
    "ONCE": (ONCE, set(), 1, [0], 0, inf),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_what_its_row_says(name: str) -> None:
    """Its statuses, attempts, pauses, and how long it waits for what."""
    policy, statuses, attempts, pauses, longest, total = POLICIES[name]
    assert {status for status in range(600) if policy.wish(status) is not None} == statuses
    assert (policy.attempts, policy.longest_retry_after, policy.total) == (attempts, longest, total)
    assert [policy.pause(failures) for failures in range(1, len(pauses) + 1)] == pauses
    assert policy.patience == (300 if name == "POLL" else inf)
    assert policy.pause(10**6) == policy.longest_pause  # and no overflow


@pytest.mark.parametrize(
    ("policy", "asked", "wish"),
    [
        (API, None, 0), (API, 0, 0), (API, 30, 30), (API, 30.5, None),
        (POLL, 300, 300), (POLL, 3600, 300), (TOKEN, 1, 1), (TOKEN, 301, 300),
    ],
)  # fmt: skip
def test_retry_after_within_bounds_is_waited_for(
    policy: RetryPolicy, asked: float | None, wish: float | None
) -> None:
    """A longer one ends a policy with few attempts; one without an end waits as long as it does at most."""
    assert policy.wish(503, asked) == wish


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def attempts(policy: RetryPolicy, total: float | None = None) -> tuple[Attempts, Time]:
    time = Time()
    return Attempts(policy, time, time.sleep, total), time


def test_few_attempts_have_few_pauses() -> None:
    """One fewer than attempts; the last failure is the end."""
    run, time = attempts(API)
    assert [run.sleep() for _ in range(4)] == [True, True, True, False]
    assert time.slept == [0.5, 1.0, 2.0]


def test_a_wish_makes_a_pause_longer_and_never_shorter() -> None:
    """What the service asked for counts where it is more."""
    run, time = attempts(API)
    assert run.sleep(0.1)
    assert run.sleep(7)
    assert time.slept == [0.5, 7]


def test_a_pause_that_does_not_fit_ends_few_attempts() -> None:
    """Nobody sleeps only to be told that the time is over."""
    run, time = attempts(API, 0.6)
    assert run.sleep()
    assert not run.sleep()
    assert time.slept == [0.5]
    assert attempts(API, 1)[0].sleep(1)


def test_attempts_without_an_end_use_the_time_to_its_end() -> None:
    """The last pause is what is left."""
    run, time = attempts(POLL, 0.5)
    assert [run.sleep() for _ in range(3)] == [True, True, False]
    assert time.slept == [0.25, 0.25]
    assert run.left == 0.0


@pytest.mark.parametrize(("policy", "left"), [(API, 180.0), (POLL, 86400.0), (TOKEN, inf)])
def test_the_time_in_all_is_the_policys(policy: RetryPolicy, left: float) -> None:
    """Where nothing else is said."""
    assert attempts(policy)[0].left == left
    assert attempts(policy, 7)[0].left == 7


def test_failures_in_a_row_are_tolerated_for_as_long_as_the_policy_says() -> None:
    """One success begins anew."""
    run, time = attempts(POLL)
    assert run.tolerates(True)
    time.now += 299
    assert run.tolerates(True)
    time.now += 1
    assert not run.tolerates(True)
    assert run.tolerates(False)
    assert run.tolerates(True)


def test_the_outcome_is_that_of_the_last_attempt() -> None:
    """A value, or the error, which remembers no frames."""
    outcomes: list[Any] = [ConnectionError("1"), 503, 7]
    assert run_over(outcomes) == 7
    assert run_over([1, 2]) == 1
    with pytest.raises(ConnectionError, match="4") as caught:
        run_over([ConnectionError(str(number)) for number in range(1, 5)])
    assert caught.value.__context__ is caught.value.__cause__ is None


def run_over(outcomes: list[Any]) -> Any:
    left = iter(outcomes)

    def once() -> Any:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wish(outcome: Any) -> float | None:
        return None if outcome in range(100) else 0.0

    return retry.run(attempts(API)[0], once, wish)


class Pipe(io.BytesIO):
    """What cannot be brought back."""

    def seek(self, *place: int) -> int:
        raise OSError("not seekable")


def closed() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


BODIES: list[tuple[Callable[[], Any], bool]] = [
    (lambda: None, True),
    (lambda: "text", True),
    (lambda: b"bytes", True),
    (lambda: bytearray(b"bytes"), True),
    (lambda: memoryview(b"bytes"), True),
    (lambda: io.BytesIO(b"file"), True),
    (lambda: iter([b"x"]), False),
    (lambda: Pipe(b"x"), False),
    (closed, False),
]


@pytest.mark.parametrize(("body", "can"), BODIES)
def test_what_can_be_sent_again_is_known(body: Callable[[], Any], can: bool) -> None:
    """Values and files can; generators, pipes and closed files cannot."""
    made = body()
    assert retry.can_replay(made) is can
    assert retry.rewound(made, retry.start_of(made)) is can


def test_a_file_is_brought_back_to_where_it_stood() -> None:
    """Not to its beginning; one that has been closed since is gone."""
    file = io.BytesIO(b"before, and the content")
    file.seek(12)
    assert (start := retry.start_of(file)) == 12
    file.read()
    assert retry.rewound(file, start)
    assert file.tell() == 12
    file.close()
    assert not retry.rewound(file, start)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (requests.ConnectionError(), True),
        (requests.Timeout(), True),
        (requests.ConnectTimeout(), True),
        (requests.exceptions.SSLError(), False),
        (requests.exceptions.ProxyError(), False),
        (requests.exceptions.InvalidURL(), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_only_failures_that_may_pass_are_tried_again(
    error: BaseException, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate, a proxy and an address do not mend themselves; a POST is never sent twice."""
    sent = []

    def send(self: Any, request: requests.PreparedRequest, *options: Any) -> None:
        sent.append(request.method)
        raise error

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    time = Time()
    adapter = retry.RetryAdapter(API, time, time.sleep)
    for method in ("GET", "POST"):
        with pytest.raises(type(error)):
            adapter.send(requests.Request(method, "https://api.test").prepare())
    assert sent == ["GET"] * (4 if again else 1) + ["POST"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_what_may_arrive_twice_is_sent_again(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The methods that RFC 9110 calls idempotent."""
    answers = iter([answer(503), answer(503, **{"Retry-After": "2"}), answer(200)])
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *args, **options: next(answers))
    time = Time()
    request = requests.Request(method, "https://api.test").prepare()
    assert retry.RetryAdapter(API, time, time.sleep).send(request).status_code == 200
    assert time.slept == [0.5, 2.0]


def answer(status: int, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers)
    return made


def test_the_limits_are_what_the_documents_say() -> None:
    """In seconds and bytes a second."""
    assert limits.TIME_LIMITS == (3.05, 60.0)
    assert (limits.CONNECT_LIMIT, limits.READ_LIMIT, limits.TOKEN_LIMIT) == (3.05, 10.0, 15.0)
    assert (limits.CALL_LIMIT, limits.FLOOR, limits.WINDOW, limits.SLICE) == (60.0, 1024.0, 60.0, 0.1)
