"""The life of a job: started, polled, ended, cancelled, listed."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import requests

from dolbyio_nb.sandbox import App, Sandbox
from dolbyio_nb.sandbox.jobs import JobRecord, JobRecords

from .conftest import Caller, Clock

APIS = {
    "/media/enhance": ("v1.1.2", {"input": "dlb://in.wav", "output": "dlb://out.wav"}),
    "/media/diagnose": ("b1.0", {"input": "dlb://in.wav"}),
    "/media/analyze": ("b1.4", {"input": "dlb://in.wav", "output": "dlb://out.json"}),
    "/media/analyze/speech": ("b1.0", {"input": "dlb://in.wav", "output": "dlb://out.json"}),
    "/media/analyze/music": ("b1.0", {"input": "dlb://in.wav", "output": "dlb://out.json"}),
    "/media/transcode": (
        "v1.7",
        {
            "inputs": [{"source": "dlb://in.wav"}],
            "outputs": [{"id": "a", "destination": "dlb://out.wav", "kind": "wav"}],
        },
    ),
    "/media/master": (
        "v1.0",
        {
            "inputs": [{"source": "dlb://in.wav"}],
            "outputs": [
                {
                    "destination": "dlb://out.wav",
                    "kind": "wav",
                    "master": {"dynamic_eq": {"enable": True, "preset": "l"}},
                }
            ],
        },
    ),
    "/media/master/preview": (
        "v1.0",
        {
            "inputs": [{"source": "dlb://in.wav", "segment": {"start": 0, "duration": 2}}],
            "outputs": [
                {"destination": "dlb://out.wav", "master": {"dynamic_eq": {"enable": True, "preset": "l"}}}
            ],
        },
    ),
}
MISSHAPEN = [
    {},
    {"input": None},
    {"input": 3, "output": 4},
    {"input": {"url": ""}, "output": {"url": 1}},
    {"inputs": [], "outputs": []},
    {"inputs": [{}], "outputs": [{}]},
    {"inputs": ["x"], "outputs": "y"},
]
DIAGNOSE = {"input": "dlb://in.wav"}


@pytest.fixture(scope="module")
def music(make_tone: Callable[..., bytes]) -> bytes:
    """Three seconds: analyze takes nothing under two."""
    return make_tone(3.0)


@pytest.mark.parametrize("path", APIS)
def test_every_job_ends_in_success(caller: Caller, music: bytes, path: str) -> None:
    """Each API does its work on a plain file and answers with its documented version."""
    version, body = APIS[path]
    caller.upload("dlb://in.wav", music)
    answer = caller.run(path, body)
    assert (answer["status"], answer.get("error")) == ("Success", None)
    assert (answer["path"], answer["progress"], answer["api_version"]) == (path, 100, version)
    assert isinstance(answer["result"], dict)
    assert "job_id" not in answer
    if path != "/media/diagnose":
        assert caller.download("dlb://out.wav" if "out.wav" in str(body) else "dlb://out.json")


def test_a_region_is_what_comes_out(caller: Caller, music: bytes) -> None:
    """start and end in seconds; the output is as long as the region."""
    caller.upload("dlb://in.wav", music)
    place = {"url": "dlb://in.wav", "region": {"start": 0.5, "end": 2.75}}
    answer = caller.run("/media/enhance", {"input": place, "output": "dlb://out.wav"})
    assert answer["status"] == "Success", answer
    told = caller.run("/media/diagnose", {"input": "dlb://out.wav"})["result"]["media_info"]
    assert told["container"]["duration"] == pytest.approx(2.25, abs=0.01)


def test_an_output_replaces_what_had_its_name(caller: Caller, music: bytes) -> None:
    """Also when input and output are the same object."""
    caller.upload("dlb://in.wav", music)
    assert (
        caller.run("/media/enhance", {"input": "dlb://in.wav", "output": "dlb://in.wav"})["status"]
        == "Success"
    )
    assert caller.download("dlb://in.wav") != music


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("body", MISSHAPEN)
def test_a_job_must_say_what_to_work_on(sandbox: Sandbox, caller: Caller, path: str, body: object) -> None:
    """Input and output missing or misshapen: 400, and no job."""
    answer = caller.post(path, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/validation-error")
    assert "put" in answer.json()["detail"]
    assert sandbox.jobs == []


@pytest.mark.parametrize("region", [[], {"start": "1"}, {"start": 2, "end": 1}, {"start": -1}, {"end": True}])
def test_a_region_must_be_one(caller: Caller, region: Any) -> None:
    """start and end are seconds, in order."""
    answer = caller.post(
        "/media/enhance", {"input": {"url": "dlb://x", "region": region}, "output": "dlb://y"}
    )
    assert answer.status_code == 400
    assert "region" in answer.json()["detail"]


def test_the_documented_answer_to_invalid_json(caller: Caller) -> None:
    """Byte for byte what was recorded."""
    headers = {"Authorization": f"Bearer {caller.token}"}
    url = f"{caller.sandbox.media_url}/media/output"
    answer = requests.post(url, data="{", headers=headers, timeout=10)
    assert answer.json() == {
        "type": "/problems/validation-error",
        "title": "Your request parameters didn't validate",
        "status": 400,
        "instance": "/media/output",
        "detail": "Request body contains invalid json",
    }


def test_a_missing_input_fails_the_job_not_the_request(caller: Caller) -> None:
    """The POST is accepted; the job tells that there is no such file."""
    answer = caller.run("/media/diagnose", DIAGNOSE)
    assert answer["status"] == "Failed"
    assert answer["error"]["type"] == "/problems/input-file-access"
    assert "dlb://in.wav" in answer["error"]["detail"]
    assert "result" not in answer


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\x00" * 5000, b"ffconcat version 1.0\nfile /etc/passwd\n"])
def test_a_file_that_is_no_sound_fails_the_job(caller: Caller, data: bytes) -> None:
    """Damaged and hostile files end in Failed with three words of explanation or more."""
    caller.upload("dlb://in.wav", data)
    answer = caller.run("/media/diagnose", DIAGNOSE)
    assert answer["status"] == "Failed"
    assert set(answer["error"]) == {"type", "title", "detail"}
    assert "root:" not in str(answer)


def test_without_the_sound_packages_the_job_names_the_line_that_installs_them(
    caller: Caller, make_tone: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain install runs everything but the sound, and says what is missing."""
    for name in [name for name in sys.modules if name.startswith("dolbyio_nb.sandbox.operations")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)
    caller.upload("dlb://in.wav", make_tone())
    answer = caller.run("/media/diagnose", DIAGNOSE)
    assert answer["status"] == "Failed"
    assert "pip install 'dolbyio_nb[sandbox]'" in answer["error"]["detail"]


def raising(error: Any) -> Callable[..., Any]:
    def process(*_: Any) -> None:
        raise error

    return process


@pytest.mark.parametrize(
    "process",
    [
        raising(ValueError("secret path")),
        raising(MemoryError()),
        raising(UnicodeDecodeError("utf-8", b"", 0, 1, "bad")),
        raising(ImportError("no such filter", name="somewhere.else")),
        lambda *_: {"score": float("nan")},
        lambda *_: {"score": object()},
    ],
)
def test_whatever_the_decoders_do_the_job_ends_in_words(
    caller: Caller,
    make_tone: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    process: Callable[..., Any] | Callable[..., dict[str, float]] | Callable[..., dict[str, object]],
) -> None:
    """Failed, with the kind of error and nothing of its text; and the worker lives on."""
    monkeypatch.setattr(import_module("dolbyio_nb.sandbox.operations"), "process", process)
    caller.upload("dlb://in.wav", make_tone())
    for _ in range(3):
        error = caller.run("/media/diagnose", DIAGNOSE)["error"]
        assert error["type"] == "/problems/processing-failed"
        assert "secret" not in error["detail"]


def one(sandbox: Sandbox, job_id: str) -> JobRecord:
    """The record of a job as it stands."""
    return next(job for job in sandbox.jobs if job.job_id == job_id)


def test_progress_is_told_while_a_job_runs(
    sandbox: Sandbox, caller: Caller, music: bytes, eventually: Callable[[Callable[[], object]], None]
) -> None:
    """A held job stands as Running at the percent it was held at, and never falls back."""
    sandbox.faults.hold_jobs(at=1)
    caller.upload("dlb://in.wav", music)
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    eventually(lambda: one(sandbox, job_id).progress >= 1)
    answer = caller.get("/media/diagnose", job_id=job_id).json()
    assert answer["status"] == "Running"
    assert 1 <= answer["progress"] < 100
    assert "result" not in answer
    sandbox.faults.release_jobs()
    assert sandbox.wait_for_job(job_id).status == "Success"


def test_progress_never_falls_back() -> None:
    """What one step told, a later one does not take back; only the end is 100."""
    jobs = JobRecords(lambda: 0.0)
    job_id = jobs.add(App("key", "secret"), "/media/diagnose", "b1.0", {}, {}).job_id
    jobs.begin(job_id)
    seen: list[Any] = []
    for percent in (10, 50, 20, 100):
        jobs.advance(job_id, percent)
        seen.append(jobs.all()[0].progress)
    assert seen == [10, 50, 50, 99]
    assert jobs.end(job_id, "Success").progress == 100  # type: ignore[union-attr]
    assert jobs.end(job_id, "Failed") is None


def test_a_third_job_waits(
    sandbox: Sandbox,
    caller: Caller,
    make_tone: Callable[..., bytes],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    """Two workers; what comes on top is Pending, with the times not yet known left out."""
    sandbox.faults.hold_jobs()
    caller.upload("dlb://in.wav", make_tone())
    first, second, third = (caller.start("/media/diagnose", DIAGNOSE) for _ in range(3))
    eventually(lambda: all(one(sandbox, job).status == "Running" for job in (first, second)))
    row = caller.get("/media/jobs", job_id=third).json()["jobs"][0]
    assert (row["status"], row["progress"]) == ("Pending", 0)
    assert not {"time_started", "time_completed", "duration"} & set(row)
    sandbox.faults.release_jobs()
    assert sandbox.wait_for_job(third).status == "Success"


def test_a_running_job_is_cancelled_at_its_next_step(
    sandbox: Sandbox,
    caller: Caller,
    make_tone: Callable[..., bytes],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    """Cancel is a request: taken with 200, done a little later."""
    sandbox.faults.hold_jobs()
    caller.upload("dlb://in.wav", make_tone())
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    eventually(lambda: one(sandbox, job_id).status == "Running")
    answer = caller.post("/media/jobs/cancel", {}, job_id=job_id)
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "title", "detail"}
    assert sandbox.wait_for_job(job_id).status == "Cancelled"
    assert caller.get("/media/diagnose", job_id=job_id).json()["status"] == "Cancelled"


def test_a_pending_job_can_be_cancelled(sandbox: Sandbox, caller: Caller) -> None:
    """It never runs."""
    sandbox.faults.hold_jobs()
    jobs = [caller.start("/media/diagnose", DIAGNOSE) for _ in range(3)]
    caller.post("/media/jobs/cancel", {}, job_id=jobs[2])
    ended = sandbox.wait_for_job(jobs[2])
    assert (ended.status, ended.started) == ("Cancelled", None)


def test_cancelling_what_has_ended_changes_nothing(caller: Caller, make_tone: Callable[..., bytes]) -> None:
    """The request is taken; the job stays what it was."""
    caller.upload("dlb://in.wav", make_tone())
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    caller.sandbox.wait_for_job(job_id)
    assert caller.post("/media/jobs/cancel", {}, job_id=job_id).status_code == 200
    assert caller.get("/media/diagnose", job_id=job_id).json()["status"] == "Success"


def test_a_job_that_the_stop_broke_off_says_so(
    sandbox: Sandbox,
    caller: Caller,
    make_tone: Callable[..., bytes],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    """Running or waiting: after the next start it is an InternalError, not Pending for ever."""
    sandbox.faults.hold_jobs()
    caller.upload("dlb://in.wav", make_tone())
    started = [caller.start("/media/diagnose", DIAGNOSE) for _ in range(3)]
    eventually(lambda: one(sandbox, started[0]).status == "Running")
    sandbox.stop()
    sandbox.start()
    for job_id in started:
        answer = caller.get("/media/diagnose", job_id=job_id).json()
        assert answer["status"] == "InternalError"
        assert "stopped" in answer["error"]["detail"]


@pytest.mark.parametrize("call", ["poll", "cancel", "list"])
def test_another_apps_job_is_invisible(
    caller: Caller, other: Caller, make_tone: Callable[..., bytes], call: Any
) -> None:
    """Not found, as if it did not exist."""
    caller.upload("dlb://in.wav", make_tone())
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    if call == "poll":
        assert other.get("/media/diagnose", job_id=job_id).status_code == 404
    elif call == "cancel":
        assert other.post("/media/jobs/cancel", {}, job_id=job_id).status_code == 404
    else:
        assert other.get("/media/jobs").json() == {"count": 0, "jobs": []}


def test_another_apps_object_is_no_input(
    caller: Caller, other: Caller, make_tone: Callable[..., bytes]
) -> None:
    """A job reads its own app's objects only."""
    caller.upload("dlb://in.wav", make_tone())
    assert other.run("/media/diagnose", DIAGNOSE)["error"]["type"] == "/problems/input-file-access"


@pytest.mark.parametrize("query", [{}, {"job_id": ""}, {"job_id": "nonsense"}])
def test_polling_needs_a_job(caller: Caller, query: Any) -> None:
    """No job_id is 400, an unknown one 404; so is one of another API."""
    assert caller.get("/media/enhance", **query).status_code == (404 if query.get("job_id") else 400)


def test_polling_asks_the_right_api(caller: Caller) -> None:
    """A diagnose job is not found under enhance."""
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    assert caller.get("/media/enhance", job_id=job_id).status_code == 404


def test_a_job_outlives_its_token(
    sandbox: Sandbox, caller: Caller, clock: Clock, make_tone: Callable[..., bytes]
) -> None:
    """Only the poll is refused; a new token finds the same job."""
    caller.upload("dlb://in.wav", make_tone())
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    clock.move(1800)
    assert caller.get("/media/diagnose", job_id=job_id).status_code == 401
    caller.token = caller.log_in()
    sandbox.wait_for_job(job_id)
    assert caller.get("/media/diagnose", job_id=job_id).json()["status"] == "Success"


def test_a_job_is_kept_for_31_days(caller: Caller, clock: Clock) -> None:
    """Then it is not found any more, and not listed."""
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    clock.move(31 * 86400)
    caller.token = caller.log_in()
    assert caller.get("/media/diagnose", job_id=job_id).status_code == 200
    clock.move(1)
    assert caller.get("/media/diagnose", job_id=job_id).status_code == 404
    assert caller.get("/media/jobs").json()["count"] == 0


def test_a_row_of_the_list_has_the_documented_fields(
    sandbox: Sandbox, caller: Caller, make_tone: Callable[..., bytes]
) -> None:
    """Times to the millisecond, the media's duration, the expiry a month later."""
    caller.upload("dlb://in.wav", make_tone(0.5))
    job_id = caller.start("/media/diagnose", DIAGNOSE)
    sandbox.wait_for_job(job_id)
    answer = caller.get("/media/jobs").json()
    row = answer["jobs"][0]
    assert set(answer) == {"count", "jobs"}
    assert set(row) == {
        "job_id", "api_version", "path", "status", "progress", "duration", "time_submitted", "time_started",
        "time_completed", "expiry",
    }  # fmt: skip
    assert row["duration"] == 0.5
    submitted, expiry = (datetime.fromisoformat(row[name]) for name in ("time_submitted", "expiry"))
    assert expiry - submitted == timedelta(days=31)
    assert row["time_submitted"].endswith(".000Z")


def test_the_list_comes_in_pages_of_a_hundred(sandbox: Sandbox, caller: Caller) -> None:
    """Following next_token with the same filters finds every job once, also when new ones come in between."""
    sandbox.faults.hold_jobs()
    started = [caller.start("/media/diagnose", DIAGNOSE) for _ in range(230)]
    seen, query = [], {"status": "Pending"}
    while True:
        page = caller.get("/media/jobs", **query).json()
        assert page["count"] == len(page["jobs"]) <= 100
        seen += [row["job_id"] for row in page["jobs"]]
        caller.start("/media/diagnose", DIAGNOSE)
        if not page.get("next_token"):
            break
        query["next_token"] = page["next_token"]
    running = {job.job_id for job in sandbox.jobs if job.status != "Pending"}
    assert seen == [job_id for job_id in reversed(started) if job_id not in running]


def test_the_list_is_filtered_by_time_inclusively(caller: Caller, clock: Clock) -> None:
    """Bounds belong to the range; a time that was shown finds its own job."""
    ids = []
    for _ in range(3):
        ids.append(caller.start("/media/diagnose", DIAGNOSE))
        clock.move(10)
    times = {row["job_id"]: row["time_submitted"] for row in caller.get("/media/jobs").json()["jobs"]}
    found = caller.get("/media/jobs", submitted_after=times[ids[1]], submitted_before=times[ids[2]]).json()
    assert [row["job_id"] for row in found["jobs"]] == [ids[2], ids[1]]
    naive = datetime.fromtimestamp(clock.now - 25, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert caller.get("/media/jobs", submitted_before=naive).json()["count"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"submitted_after": "yesterday"},
        {"submitted_after": "2026-02-02T00:00:00Z", "submitted_before": "2026-02-01T00:00:00Z"},
        {"status": "Done"},
        {"next_token": "no"},
        {"next_token": "é"},
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(caller: Caller, query: dict[str, str]) -> None:
    """400, naming the filter."""
    answer = caller.get("/media/jobs", **query)
    assert answer.status_code == 400
    assert list(query)[-1] in answer.json()["detail"]


def test_a_hundred_jobs_from_sixteen_threads(
    sandbox: Sandbox, caller: Caller, make_tone: Callable[..., bytes]
) -> None:
    """None is lost and none is mixed up: each answer is about its own file."""
    lengths = [1600 + 16 * number for number in range(100)]

    def work(length: Any) -> Any:
        name = f"dlb://{length}.wav"
        caller.upload(name, make_tone(length / 16000))
        job_id = caller.start("/media/diagnose", {"input": name})
        sandbox.wait_for_job(job_id, timeout=60)
        answer = caller.get("/media/diagnose", job_id=job_id).json()
        assert answer["status"] == "Success", answer
        return answer["result"]["media_info"]["container"]["size"]

    with ThreadPoolExecutor(16) as pool:
        sizes = list(pool.map(work, lengths))
    assert sizes == [44 + 2 * length for length in lengths]
    assert len({job.job_id for job in sandbox.jobs}) == 100


def test_pages_by_status_and_time_agree_with_a_walk_over_all() -> None:
    """The index finds what a filter over every job would find, whatever changed meanwhile."""
    now = [1000.0]
    records, app, other = JobRecords(lambda: now[0]), App("key", "secret"), App("other", "secret")
    for number in range(300):
        now[0] += number % 3
        job = records.add(app if number % 5 else other, "/media/diagnose", "b1.0", {}, {})
        if number % 2:
            records.begin(job.job_id)
        if number % 4 == 3:
            records.end(job.job_id, "Success" if number % 8 == 3 else "Failed")
    for status in (None, "Pending", "Running", "Success", "Failed", "Cancelled"):
        for after, before, below in (
            (0, 2000, None),
            (1050, 1200, 250),
            (1300, 1100, None),
            (1100, 1100, 120),
        ):
            found = records.newest(app, status=status, after=after, before=before, below=below, most=7)
            every = [
                job
                for job in reversed(records.all())
                if job.app is app
                and status in (None, job.status)
                and after <= job.submitted <= before
                and (below is None or job.number < below)
            ]
            assert found == every[:7]
