"""The ledger gives a job's result back after a crash, keeps no secret, and never fails a job."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Analysis, Media, MediaResult, PollSchedule
from dolbyio_nb.media.job_result import JobSpec, make_result
from dolbyio_nb.media.ledger import (
    KEPT,
    LedgerEntry,
    find_entry,
    is_ours,
    ledger_file,
    record_job,
    record_written,
)
from dolbyio_nb.media.outputs import Target
from dolbyio_nb.media.transfer import Storage
from dolbyio_nb.sandbox import Sandbox

ENTRY = LedgerEntry("/media/enhance", "t.wav", "/s/t.wav", (("dlb://out/t.wav", "/s/better.wav"),))
SIGNED = "https://bucket.example/out.wav?X-Amz-Signature=5ecre7"


@pytest.fixture
def again(media: Media, sandbox: Sandbox, auth: BearerAuth, schedule: PollSchedule) -> Media:
    """The Media APIs of a process that knows nothing of the first one's jobs."""
    return Media(open_session(auth), sandbox.media_url, schedule=schedule)


def the_file() -> Path:
    """Name the ledger, which is switched on."""
    path = ledger_file()
    assert path
    return path


def content() -> bytes:
    return b"".join(path.read_bytes() for path in the_file().parent.iterdir())


def test_a_job_is_picked_up_by_its_id_alone(media: Media, again: Media, tone: Path, tmp_path: Path) -> None:
    """Its output is written where it was wanted, and the original is known."""
    job = media.enhance(tone, output=tmp_path / "better.wav")
    result = again.job(job.id).result()
    assert isinstance(result, MediaResult)
    assert result.path
    assert result.path == tmp_path / "better.wav"
    assert result.path.read_bytes()[:4] == b"RIFF"
    assert result.source == tone


def test_a_job_is_picked_up_after_a_process_was_killed(tmp_path: Path) -> None:
    """The ledger is on the disk as soon as the job has an id."""
    code = (
        "import os; from dolbyio_nb.media.ledger import *;"
        "record_job('j1', LedgerEntry('/media/enhance', 'a.wav')); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert find_entry("j1") == LedgerEntry("/media/enhance", "a.wav")


def test_a_report_is_picked_up_by_its_id_alone(media: Media, again: Media, tone: Path) -> None:
    """It is read from where the job wrote it."""
    job = media.analyze(tone)
    first, second = job.result(), again.job(job.id).result()
    assert isinstance(second, Analysis)
    assert second.raw == first.raw


@pytest.mark.parametrize("several", [False, True])
def test_another_output_here_is_honoured(
    media: Media, again: Media, tone: Path, tmp_path: Path, several: bool
) -> None:
    """`output` as a path on this computer is where the result is written."""
    job = media.enhance(tone)
    place = tmp_path / "local.wav"
    assert again.job(job.id, output=[place] if several else place).result().outputs[0].path == place
    assert place.read_bytes()[:4] == b"RIFF"


def test_an_output_here_of_a_job_from_elsewhere_is_refused(
    media: Media, again: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service does not tell where it wrote; nothing is fetched from a guess."""
    job = media.enhance(tone)
    monkeypatch.setenv("DOLBYIO_LEDGER", "0")
    with pytest.raises(InvalidOption, match="not known where this job writes") as error:
        again.job(job.id, output=tmp_path / "local.wav")
    assert len(str(error.value).splitlines()) == 3


def test_it_belongs_to_the_user_alone(media: Media, sandbox: Sandbox) -> None:
    """Whatever the process's own mask is."""
    before = os.umask(0)
    try:
        record_job("j", ENTRY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(the_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(the_file().parent.stat().st_mode) == 0o700


def test_no_secret_is_kept(media: Media, sandbox: Sandbox) -> None:
    """Neither a signature, nor a password, nor what a callback needs."""
    auth = {"key": "k3y", "secret": "5ecre7", "token": "t0ken"}
    sandbox.faults.end_next_job("Failed")
    media.enhance(SIGNED, output={"url": SIGNED, "auth": auth}, on_complete="http://127.0.0.1:9/?5ecre7")
    sandbox.faults.end_next_job("Failed")
    media.enhance("dlb://a.wav", output="https://u:5ecre7@h/a.wav?5ecre7#5ecre7")
    assert b"bucket.example/out.wav" in content()
    assert [word for word in (b"5ecre7", b"k3y", b"t0ken", b"Bearer") if word in content()] == []


def test_rows_are_kept_for_31_days() -> None:
    """As long as the service knows the job."""
    record_job("old", ENTRY, clock=lambda: 1.0)
    record_job("young", ENTRY, clock=lambda: KEPT)
    assert find_entry("old") == ENTRY
    record_job("new", ENTRY, clock=lambda: KEPT + 2.0)
    assert (find_entry("old"), find_entry("young")) == (None, ENTRY)


@pytest.mark.parametrize("name", ["t.wav", "späß.wav", "a'b\"c.wav", os.fsdecode(b"\xff\xfe.wav"), "\ud800"])
def test_any_name_is_kept(name: str) -> None:
    """Also one that is no text."""
    entry = LedgerEntry("/media/enhance", name, f"/s/{name}", ((f"dlb://{name}", f"/s/{name}"),))
    record_job("j", entry)
    assert find_entry("j") == entry


@pytest.mark.parametrize("job_id", ["", "../../x", "'; DROP TABLE jobs", "\ud800", "x" * 100_000])
def test_any_id_does_no_harm(job_id: str) -> None:
    """It is a value, and never a path or a part of a command."""
    record_job(job_id, ENTRY)
    record_job("other", ENTRY)
    assert find_entry("other") == ENTRY
    assert {path.name for path in the_file().parent.iterdir()} == {"jobs.sqlite3"}


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def no_ledger(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no ledger" * 1000)


def another_table(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE jobs (id TEXT)")


def a_file_above(path: Path) -> None:
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("a file")


def other_values(path: Path) -> None:
    record_job("j", ENTRY)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE jobs SET entry = '[]'")


@pytest.mark.parametrize("trouble", [a_folder, no_ledger, another_table, a_file_above, other_values])
def test_trouble_with_it_fails_no_job(
    media: Media, sandbox: Sandbox, tone: Path, tmp_path: Path, trouble: Callable[[Path], None]
) -> None:
    """Nor a saved result: the job is started and picked up as without a ledger."""
    trouble(the_file())
    job = media.enhance(tone, output=tmp_path / "o.wav")
    assert job.result().outputs[0].path == tmp_path / "o.wav"
    assert media.job(job.id).operation == "enhance"


def test_it_can_be_switched_off(media: Media, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no file is made."""
    monkeypatch.setenv("DOLBYIO_LEDGER", "0")
    sandbox.faults.end_next_job("Failed")
    media.enhance("dlb://a.wav")
    monkeypatch.delenv("DOLBYIO_LEDGER")
    assert not the_file().parent.exists()


def test_a_result_is_known_again_until_it_is_changed(tmp_path: Path) -> None:
    """Only then is a file not replaced by running a cell again."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"1")
    assert not is_ours(path)
    record_written(path)
    assert is_ours(path)
    path.write_bytes(b"22")
    assert not is_ours(path)


def test_a_recipe_can_be_read_by_anybody(media: Media, sandbox: Sandbox, tone: Path) -> None:
    """It is one line of code, and says what the job was asked."""
    sandbox.faults.end_next_job("Failed")
    recipe = media.enhance(tone).resume_code
    assert recipe.startswith('dolby.media.job("')
    assert "output=" in recipe
    assert "source=" in recipe


@pytest.mark.parametrize(
    "job_id", ["../../../x", "/etc/x", "..", "a/b\\c:d", "~/x", "C:\\x", "\0", "CON", ""]
)
def test_a_job_id_never_becomes_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job_id: str) -> None:
    """The service names jobs, and what it says is not trusted with a place on this computer."""
    monkeypatch.chdir(tmp_path)
    spec = JobSpec("/media/enhance", name="t.wav", targets=(Target("dlb://out/t.wav"),))
    saved = make_result(spec, job_id, {}, cast("Storage", Files())).outputs[0].save()
    assert saved.parent == tmp_path / "dolby-output"
    assert saved.name.startswith("t-enhance-")


class Files:
    """A storage that writes a file of its own wherever it is asked to."""

    def download(self, address: str, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(address.encode())
        return path
