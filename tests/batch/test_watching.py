"""What people see: numbers while it runs, and a table of at most fifty files, the worst first."""

import logging
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from dolbyio_nb.batch import watching
from dolbyio_nb.batch.estimate import wav_seconds
from dolbyio_nb.batch.item import State
from dolbyio_nb.batch.tally import Tally
from dolbyio_nb.display.status_cards import ROWS
from dolbyio_nb.media import Media


def test_the_line_has_the_rate_and_the_time_left() -> None:
    """Done, running and failed, files a second, and the time that the rest takes at this rate."""
    counts = {State.DONE: 90, State.FAILED: 10, State.RUNNING: 4, State.NEW: 196}
    line = Tally("diagnose", counts, ended=100, seconds=50.0, size=5_000_000, begun=True).line
    assert line == "90 of 300 done, 4 running, 10 failed, 2.0 files/s, 5.0 MB, 2 min left"


def test_an_account_is_told_of_money() -> None:
    """Before a run at the service, and only there, it says that jobs may cost money."""
    assert "may cost money" in str(Tally("enhance", {State.NEW: 2}, real=True))
    assert "money" not in str(Tally("enhance", {State.NEW: 2}))


def test_the_card_shows_the_worst_first(media: Media, record: Callable[..., list[Path]]) -> None:
    """The failed file comes before the good one, with its reason, and no script runs in its name."""
    record("good")
    batch = media.batch(["good.wav", "<script>.wav"], "diagnose")
    batch.run()
    html = batch._repr_html_()
    assert html.index("&lt;script&gt;.wav") < html.index("good.wav")
    assert "<script>.wav" not in html
    assert "There is no file" in html


def test_many_files_are_counted_and_not_written(media: Media) -> None:
    """The table ends after fifty rows, and says where the rest is."""
    batch = media.batch([f"gone-{number}.wav" for number in range(ROWS + 5)], "diagnose")
    batch.run()
    html = batch._repr_html_()
    assert html.count("<tr>") == ROWS + 1
    assert "and 5 more: batch.to_frame()" in html


def test_headless_runs_log(
    media: Media, record: Callable[..., list[Path]], caplog: pytest.LogCaptureFixture
) -> None:
    """Where nobody watches there is a log line at the end."""
    record("a")
    media.batch("*.wav", "diagnose").run()
    lines = [one.getMessage() for one in caplog.records if one.name == "dolbyio_nb.batch"]
    assert lines[-1].startswith("diagnose: 1 of 1 done")
    assert caplog.records[-1].levelno <= logging.INFO


@pytest.mark.parametrize(
    "head", [b"", b"RIFF", b"RIFF0000WAVE", b"RIFF0000WAVEdata" + b"\xff" * 4, b"text" * 99]
)
def test_odd_headers_have_no_length(head: bytes) -> None:
    """What is no whole WAV header tells no length, and raises nothing."""
    assert wav_seconds(head, 10_000) is None


@pytest.mark.parametrize("columns", [30, 200])
def test_a_terminal_has_one_line(
    media: Media,
    record: Callable[..., list[Path]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    """It is written over and over, never wider than the terminal, and each covers the one before it."""
    record("a", "b")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(watching, "person_watches", lambda: True)
    media.batch("*.wav", "diagnose").run()
    written = capsys.readouterr().err
    assert (written.count("\n"), written[-1]) == (1, "\n")
    lines = written[:-1].split("\r")[1:]
    assert all(len(line) < columns for line in lines)
    assert lines[-1].startswith("2 of 2 done")
    assert all(len(later) >= len(line.rstrip()) for line, later in pairwise(lines))


def test_a_log_has_a_line_a_minute(media: Media, caplog: pytest.LogCaptureFixture) -> None:
    """A run that goes on for three minutes, seen every half second, has three lines and a last one."""
    at = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "now", lambda: at[0])
        log = watching.Log(media.batch(["a.wav"], "diagnose"))
        for _ in range(2 * 185):
            at[0] += 0.5
            log.show()
        log.close()
    assert [one.getMessage() for one in caplog.records if one.name == "dolbyio_nb.batch"] == [
        "diagnose: 0 of 1 done"
    ] * 4
