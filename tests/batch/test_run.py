"""A batch runs all files once, one bad file stops no other, and a second run goes on."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dolbyio_nb.batch import carry
from dolbyio_nb.batch.batch import Batch
from dolbyio_nb.errors import JobError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound


def states(batch: Batch) -> dict[str, str]:
    return {item.name: item.state.value for item in batch.items}


def test_every_file_is_done_once(media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]) -> None:
    """A folder is one line; a second batch of the same has nothing to do."""
    record("a", "b", "c")
    batch = media.batch("*.wav", "diagnose")
    assert "3 files, 2 s of sound, 0 known, 3 to do" in repr(batch)
    batch.run()
    assert set(states(batch).values()) == {"done"}
    again = media.batch("*.wav", "diagnose")
    again.run()
    assert "3 of 3 done" in repr(media.batch("*.wav", "diagnose"))
    assert len(sandbox.jobs) == 3


def test_results_are_those_of_their_files(media: Media, record: Callable[..., list[Path]]) -> None:
    """An item's result is the single operation's, also in another run, which asks for nothing."""
    record("a", "b")
    media.batch("*.wav", "diagnose").run()
    for item in media.batch("*.wav", "diagnose").items:
        result = item.result()
        assert result.source == Path(item.source)
        assert result.media_info.container.size == Path(item.source).stat().st_size  # type: ignore[attr-defined]


def test_outputs_are_named_by_the_template(media: Media, record: Callable[..., list[Path]]) -> None:
    """Each result is a file here, under the name that the template makes of its source."""
    record("a", "b")
    batch = media.batch("*.wav", "enhance", content="podcast", output="better/{stem}-x{suffix}")
    batch.run()
    assert sorted(path.name for path in Path("better").iterdir()) == ["a-x.wav", "b-x.wav"]
    assert batch.items[0].result().path == Path("better/a-x.wav").absolute()  # type: ignore[attr-defined]


def test_a_bad_file_is_one_failed_row(
    media: Media, record: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """Empty, vanished and refused files, and what is no file at all, are rows with a reason."""
    good = record("good")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a recording at all")
    batch = media.batch([*good, "empty.wav", "gone.wav", "text.wav", float("nan"), b""], "diagnose")
    batch.run()
    assert [item.state.value for item in batch.items] == ["done"] + ["failed"] * 5
    assert all(item.reason.in_a_line for item in batch.failed)  # type: ignore[union-attr]
    with pytest.raises(JobError):
        batch.items[1].result()
    frame = batch.to_frame()
    assert len(frame) == 6
    assert list(frame["state"])[-1] == "done"


def test_retry_runs_what_failed(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """A failed file that was mended is done by `retry()`, and nothing else is."""
    record("a")
    batch = media.batch(["a.wav", "late.wav"], "diagnose")
    batch.run()
    assert states(batch) == {"a.wav": "done", "late.wav": "failed"}
    record("late")
    batch.retry()
    assert states(batch) == {"a.wav": "done", "late.wav": "done"}
    assert len(sandbox.jobs) == 2


def test_a_renamed_file_is_known_by_its_content(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """With `known_by="content"` a file that was renamed, moved or touched is not done again; a new one is."""
    first, second = record("a", "b")
    media.batch("*.wav", "diagnose", known_by="content").run()
    first.rename("renamed.wav")
    Path("below").mkdir()
    second.rename("below/b.wav")
    Path("renamed.wav").touch()
    again = media.batch("**/*.wav", "diagnose", known_by="content")
    assert states(again) == {"renamed.wav": "done", "b.wav": "done"}
    again.run()
    assert len(sandbox.jobs) == 2
    assert [item.result().source for item in again.items] == [Path(item.source) for item in again.items]
    record("x", "y", "z")
    media.batch(["z.wav"], "diagnose", known_by="content").run()
    assert len(sandbox.jobs) == 3


def test_by_its_path_a_renamed_file_is_another(
    media: Media, sandbox: Sandbox, record: Callable[..., list[Path]]
) -> None:
    """By default a file is known by its path, size and time, for which nothing is read."""
    record("a")[0].rename("before.wav")
    media.batch("*.wav", "diagnose").run()
    Path("before.wav").rename("after.wav")
    media.batch("*.wav", "diagnose").run()
    assert len(sandbox.jobs) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_odd_names_and_kinds_of_files_stop_no_other(media: Media, tmp_path: Path) -> None:
    """Names that are no text, pipes and devices are rows like any other, here and on a worker."""
    names = [b"bad-\xff.wav", b"new\nline.wav", "🎙 {stem} #1.wav".encode(), b"plain.wav"]
    for count, name in enumerate(names):
        made = sound(tmp_path / f"{count}.wav", 0.3 + count / 20)
        os.rename(made, os.fsencode(tmp_path) + b"/" + name)
    os.mkfifo(tmp_path / "pipe.wav")
    os.symlink("/dev/zero", tmp_path / "endless.wav")
    for known_by in ("path", "content"):
        journal = f"{known_by}.sqlite3"
        for _ in range(2):
            batch = media.batch("*.wav", "diagnose", known_by=known_by, journal=journal)
            assert "6 files" in repr(batch) or "4 of 6 done" in repr(batch)
            batch.run()
            found = sorted(item.state.value for item in batch.items)
            assert found == ["done"] * 4 + ["failed"] * 2
            batch._repr_html_().encode()
    for special in ("pipe.wav", "endless.wav"):
        assert carry.put("http://127.0.0.1:9/", str(tmp_path / special))[0] == carry.NEVER
