"""A job, from its start to its end, whatever comes between."""

import signal
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.errors import (
    JobCancelled,
    JobError,
    JobFailed,
    JobTimeout,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
)
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.analyses import Diagnosis
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.polling import JobSnapshot, PollSchedule, read_snapshot
from dolbyio_nb.sandbox import Sandbox

from .conftest import MovedTime


def polls(sandbox: Sandbox) -> list[Any]:
    return [seen for seen in sandbox.requests if seen.method == "GET" and seen.query.get("job_id")]


def test_a_job_ends_in_its_result(media: Media, tone: Path) -> None:
    """Waiting gives what the service found, and keeps it."""
    job = media.diagnose(tone)
    result = job.result()
    assert isinstance(result, Diagnosis)
    assert result.source == tone
    assert result.media_info.audio.sample_rate == 16_000  # type: ignore[union-attr]
    assert job.result() is result
    assert (job.status, job.progress, job.done()) == ("Success", 100, True)


def test_a_job_tells_how_it_is_doing(sandbox: Sandbox, media: Media, tone: Path) -> None:
    """Status and progress are those of now, and end with the job."""
    sandbox.faults.hold_jobs(at=0)
    job = media.diagnose(tone)
    assert job.status in ("Pending", "Running")
    assert not job.done()
    assert "started" in repr(media.job(job.id, "/media/diagnose"))
    sandbox.faults.release_jobs()
    job.wait()
    asked = len(polls(sandbox))
    assert (job.status, job.done(), job.progress) == ("Success", True, 100)
    assert len(polls(sandbox)) == asked


def test_a_repr_asks_nobody(sandbox: Sandbox, media: Media) -> None:
    """To show a variable is not a request."""
    job = media.diagnose("dlb://a.wav")
    asked = sandbox.requests.count()
    assert job.id in repr(job)
    assert "diagnose of a.wav" in repr(job)
    assert sandbox.requests.count() == asked


def test_pauses_grow_to_five_seconds(sandbox: Sandbox, media: Media, time: MovedTime, tone: Path) -> None:
    """A quarter of a second first, so that short jobs are short; then ever more seldom."""
    sandbox.faults.hold_jobs()
    time.on_nap = lambda count: sandbox.faults.release_jobs() if count == 12 else None
    media.diagnose(tone).wait()
    assert time.naps[:3] == [0.25, 0.375, 0.5625]
    assert time.naps[8:12] == [5.0, 5.0, 5.0, 5.0]


def test_a_wait_ends_when_it_should(sandbox: Sandbox, media: Media, time: MovedTime, tone: Path) -> None:
    """The error says that the job goes on, and how to pick it up."""
    sandbox.faults.hold_jobs()
    job = media.diagnose(tone)
    began = time.now
    with pytest.raises(JobTimeout) as error:
        job.result(timeout=60)
    assert time.now - began == pytest.approx(60)
    assert error.value.job_id == job.id
    assert f'dolby.media.job("{job.id}"' in error.value.next_step
    assert isinstance(error.value, TimeoutError)


def test_a_wait_without_a_time_ends_after_a_day(time: MovedTime) -> None:
    """Results are gone by then."""
    attempts = PollSchedule(clock=time.clock, sleep=time.sleep).begin(None)
    while attempts.sleep():
        pass
    assert time.now - 1000 == pytest.approx(24 * 3600)


def test_no_time_at_all_is_one_look(sandbox: Sandbox, media: Media, time: MovedTime, tone: Path) -> None:
    """As with futures, `timeout=0` does not wait."""
    sandbox.faults.hold_jobs()
    with pytest.raises(JobTimeout):
        media.diagnose(tone).wait(timeout=0)
    assert time.naps == []
    assert len(polls(sandbox)) == 1


@pytest.mark.parametrize(
    ("ending", "kind"), [("Failed", JobFailed), ("InternalError", JobFailed), ("Cancelled", JobCancelled)]
)
def test_every_bad_end_is_an_error(sandbox: Sandbox, media: Media, ending: Any, kind: Any) -> None:
    """None of them is waited for until the end of time."""
    sandbox.faults.end_next_job(ending)
    job = media.diagnose("dlb://a.wav")
    assert job.wait() is job
    assert job.done()
    with pytest.raises(kind) as error:
        job.result()
    assert error.value.job_id == job.id
    assert len(str(error.value).splitlines()) <= 3


def test_a_failure_carries_the_jobs_own_error(media: Media) -> None:
    """Title, detail and type, and what to do about an input that cannot be read."""
    with pytest.raises(JobFailed) as error:
        media.diagnose("dlb://never/was.wav").result()
    assert error.value.response.type == "/problems/input-file-access"  # type: ignore[union-attr]
    assert error.value.response.title in str(error.value)  # type: ignore[union-attr]
    assert "temporary files are kept for a day" in error.value.next_step


@pytest.mark.parametrize("key", ["detail", "details"])
def test_both_spellings_of_a_jobs_error_are_read(key: str) -> None:
    """Dolby's documents and its clients disagree."""
    look = read_snapshot({"status": "Failed", "error": {"title": "T", key: "D", "type": "/t"}})
    assert (look.error.title, look.error.detail, look.error.type) == ("T", "D", "/t")


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"status": 3, "progress": "x", "error": []}])
def test_no_answer_breaks_a_look(answer: Any) -> None:
    """What cannot be read is a strange status, not a crash."""
    look = read_snapshot(answer)
    assert look.unknown
    assert not look.ended
    assert look.error.title == ""


def test_a_strange_status_is_borne_for_a_while() -> None:
    """The service may learn new words; they are neither an end nor an error at once."""
    assert JobSnapshot("Postponed").unknown
    assert not JobSnapshot("Postponed").ended


def test_a_status_that_stays_strange_is_an_error(
    sandbox: Sandbox, media: Media, time: MovedTime, tone: Path, strange_service: Media
) -> None:
    """After five minutes of riddles, not never."""
    job = strange_service.job("1234", "/media/diagnose")
    began = time.now
    with pytest.raises(JobError, match="'Postponed'") as error:
        job.result()
    assert 300 <= time.now - began < 310
    assert type(error.value) is JobError


def test_a_job_outlives_its_token(sandbox: Sandbox, media: Media, time: MovedTime, tone: Path) -> None:
    """A refused poll gets a new token and asks again about the same job."""
    sandbox.faults.hold_jobs()

    def happen(count: int) -> None:
        sandbox.faults.revoke() if count == 2 else None
        sandbox.faults.release_jobs() if count == 4 else None

    time.on_nap = happen
    media.diagnose(tone).result()
    assert len(sandbox.jobs) == 1


def test_a_network_that_goes_away_for_a_minute_is_waited_for(
    sandbox: Sandbox, impatient: Media, time: MovedTime, tone: Path
) -> None:
    """Looking again does no harm."""
    sandbox.faults.hold_jobs()
    job = impatient.diagnose(tone)
    sandbox.faults.drop(at="/media/diagnose", times=None)
    went = time.now

    def come_back(count: int) -> None:
        if time.now - went > 60:
            sandbox.faults.clear()

    time.on_nap = come_back
    assert isinstance(job.result(), Diagnosis)
    assert time.now - went > 60


def test_a_network_that_stays_away_is_an_error(
    sandbox: Sandbox, impatient: Media, time: MovedTime, tone: Path
) -> None:
    """After five minutes; the job may well go on."""
    sandbox.faults.hold_jobs()
    job = impatient.diagnose(tone)
    sandbox.faults.drop(at="/media/diagnose", times=None)
    began = time.now
    with pytest.raises(JobTimeout, match="could not be seen for 300 seconds"):
        job.result()
    assert 300 <= time.now - began < 310


def test_trouble_that_passes_is_forgotten(
    sandbox: Sandbox, impatient: Media, time: MovedTime, tone: Path
) -> None:
    """Two outages of four minutes are not one of eight."""
    sandbox.faults.hold_jobs()
    job = impatient.diagnose(tone)
    sandbox.faults.drop(at="/media/diagnose", times=50)
    looked: list[Any] = []

    def again(count: int) -> None:
        if sandbox.requests.count("media") - looked[0] > 51:  # one look got through
            sandbox.faults.drop(at="/media/diagnose", times=50)
            looked[0] = 10**9
            sandbox.faults.release_jobs()

    looked.append(sandbox.requests.count("media"))
    time.on_nap = again
    began = time.now
    job.result()
    assert time.now - began > 300


def test_a_service_that_asks_for_rest_gets_it(
    sandbox: Sandbox, impatient: Media, time: MovedTime, tone: Path
) -> None:
    """Retry-After is heeded."""
    job = impatient.diagnose(tone)
    sandbox.faults.rate_limit(retry_after=20, at="/media/diagnose")
    job.result()
    assert time.naps[0] == 20.0


def test_other_errors_end_the_wait_at_once(sandbox: Sandbox, media: Media, time: MovedTime) -> None:
    """A job that is not there will not come."""
    with pytest.raises(NotFound):
        media.job("no-such-job", "/media/diagnose").result()
    assert time.naps == []


def test_an_interrupt_leaves_the_job_running(
    sandbox: Sandbox, media: Media, time: MovedTime, tone: Path
) -> None:
    """The note says how to pick it up, and that line works."""
    sandbox.faults.hold_jobs()
    time.on_nap = lambda count: signal.raise_signal(signal.SIGINT)
    job = media.diagnose(tone)
    with pytest.raises(KeyboardInterrupt) as error:
        job.result()
    assert job.resume_code in "".join(traceback.format_exception(error.value))
    time.on_nap = lambda count: sandbox.faults.release_jobs()
    dolby = type("Dolby", (), {"media": media})
    picked_up = eval(job.resume_code, {"dolby": dolby})
    assert picked_up.result().source == tone


def test_a_job_is_found_by_its_id_alone(sandbox: Sandbox, media: Media, tone: Path) -> None:
    """Which API it belongs to is in the list of jobs."""
    job = media.diagnose(tone)
    assert media.job(job.id).operation == "diagnose"
    with pytest.raises(NotFound, match="There is no job 1234"):
        media.job("1234")


def test_cancel_asks_and_the_status_tells(sandbox: Sandbox, media: Media, tone: Path) -> None:
    """It is not immediate, and comes too late for what has ended."""
    sandbox.faults.hold_jobs()
    job = media.diagnose(tone)
    assert media.cancel(job.id)
    with pytest.raises(JobCancelled):
        job.result()
    assert not job.cancel()
    assert not media.cancel(job)


def test_cancel_does_not_hide_an_error(sandbox: Sandbox, media: Media, tone: Path) -> None:
    """A refusal that is not about the end of the job is raised."""
    sandbox.faults.hold_jobs()
    job = media.diagnose(tone)
    sandbox.faults.fail(404, at="/media/jobs/cancel")
    with pytest.raises(NotFound):
        job.cancel()


def test_polling_with_a_token_that_is_refused_for_good_ends(
    sandbox: Sandbox, media: Media, tone: Path
) -> None:
    """A second 401 is an error, not a reason to go on."""
    sandbox.faults.hold_jobs()
    job = media.diagnose(tone)
    sandbox.faults.fail(401, at="/media/diagnose", times=None)
    with pytest.raises(Unauthorized):
        job.result()


def test_many_threads_can_wait_for_one_job(media: Media, tone: Path) -> None:
    """They get the same result, made once."""
    job = media.diagnose(tone)
    start = threading.Barrier(8)

    def wait(_: int) -> object:
        start.wait(5)
        return job.result()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(wait, range(8))))) == 1


def test_a_look_that_breaks_is_an_error_outside_a_wait(sandbox: Sandbox, impatient: Media) -> None:
    """`status` asks once; only waiting bears trouble."""
    job = impatient.diagnose("dlb://a.wav")
    sandbox.faults.fail(503, at="/media/diagnose")
    with pytest.raises(ServiceUnavailable):
        _ = job.status


def test_a_service_that_hangs_does_not_outlast_the_wait(
    sandbox: Sandbox, auth: BearerAuth, tone: Path
) -> None:
    """`timeout` counts also while a look has no answer: the session alone would wait for minutes."""
    media = Media(open_session(auth), sandbox.media_url)
    job = media.diagnose(tone)
    sandbox.faults.hang(times=None)
    with pytest.raises(JobTimeout, match="did not say in time"):
        job.result(timeout=0.2)
    sandbox.faults.clear()
    for thread in threading.enumerate():  # the look that nobody waits for any more
        if thread.name == "dolbyio-look":
            thread.join(10)
    assert job.result().source == tone


def test_an_interrupted_wait_says_how_to_go_on(
    sandbox: Sandbox, media: Media, time: MovedTime, tone: Path
) -> None:
    """In a notebook it is two lines, the second of which picks the job up."""
    sandbox.faults.hold_jobs()
    time.on_nap = lambda count: signal.raise_signal(signal.SIGINT)
    job = media.diagnose(tone)
    with pytest.raises(KeyboardInterrupt) as error:
        job.result()
    assert error.value._render_traceback_()[1:] == [f"The job goes on. To pick it up: {job.resume_code}"]  # type: ignore[attr-defined]


def test_an_answer_that_was_overtaken_says_nothing(
    sandbox: Sandbox, media: Media, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that began before the job ended, and comes back later, does not bring it back to life."""
    job = media.diagnose(tone)
    real = Api.get

    def late(api: Api, path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = real(api, path, **query) | {"status": "Running"}
        monkeypatch.setattr(Api, "get", real)
        job.wait()
        return answer

    monkeypatch.setattr(Api, "get", late)
    assert job.status == "Success"
