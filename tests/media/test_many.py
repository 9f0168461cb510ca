"""A hundred jobs at once."""

import logging
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.http.retry import POLL
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.sandbox import Sandbox

JOBS, THREADS = 100, 16


def sound_of(path: Path, samples: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x10\x00" * samples)
    return path


def test_none_of_many_jobs_is_lost_or_mixed_up(
    sandbox: Sandbox, auth: BearerAuth, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A hundred jobs from sixteen threads each come back with the result of their own file."""
    schedule = PollSchedule(replace(POLL, first_pause=0.02, longest_pause=0.1))
    media = Media(open_session(auth), sandbox.media_url, schedule=schedule)

    def run(number: int) -> tuple[int, int | None]:
        path = sound_of(tmp_path / f"{number}.wav", 8000 + number)
        result = media.diagnose(path).result(timeout=60)
        assert result.source == path
        return path.stat().st_size, result.media_info.container.size  # type: ignore[attr-defined]

    with ThreadPoolExecutor(THREADS) as pool:
        sizes = list(pool.map(run, range(JOBS)))
    assert len(set(sizes)) == JOBS
    assert all(sent == found for sent, found in sizes)
    assert len({job.job_id for job in sandbox.jobs}) == JOBS
    assert {job.status for job in sandbox.jobs} == {"Success"}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
