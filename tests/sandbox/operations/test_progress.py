"""Progress is reported often, only ever grows, and is where a job can be stopped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.audio.sound import Sound
from dolbyio_nb.sandbox.operations import process
from dolbyio_nb.sandbox.routes import ENDPOINTS

BODY = {
    "inputs": [{"source": "dlb://in"}],
    "outputs": [{"kind": "wav"}],
}


class StopHere(Exception):
    """What a service raises to cancel."""


@pytest.fixture
def source(saved: Callable[..., Any], voice: Sound) -> Any:
    return saved(voice.cut(0, 3), "in.flac")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_progress_grows_to_one(source: Any, tmp_path: Path, path: str) -> None:
    """Every operation tells its progress at least twenty times, from 0 to 1, never backwards."""
    seen: list[Any] = []
    process(path, BODY, [source], [tmp_path / "out.wav"], seen.append)
    assert len(seen) >= 20
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("stop_at", [0.0, 0.3, 0.95])
def test_a_cancelled_job_leaves_nothing(source: Any, tmp_path: Path, path: str, stop_at: float) -> None:
    """What the listener raises comes out as it is, and no half output stays behind."""

    def stop(fraction: Any) -> None:
        if fraction >= stop_at:
            raise StopHere

    with pytest.raises(StopHere):
        process(path, BODY, [source], [tmp_path / "out.wav"], stop)
    assert list(tmp_path.iterdir()) == [source]
