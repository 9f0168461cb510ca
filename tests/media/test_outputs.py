"""Where results go: what cannot be is refused before the upload, and nothing is replaced silently."""

import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from dolbyio_nb.audio.measure import measure
from dolbyio_nb.errors import DolbyError, InvalidOption
from dolbyio_nb.media import Job, Media, MediaResult
from dolbyio_nb.media.outputs import is_same_format
from dolbyio_nb.sandbox import Sandbox

Usage = namedtuple("Usage", "total used free")


def made(job: Job) -> MediaResult:
    """Wait for what a job makes."""
    result = job.result()
    assert isinstance(result, MediaResult)
    return result


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file" / "better.wav"


def beside_a_file(folder: Path) -> Path:
    (folder / "better.wav").write_text("somebody's own")
    return folder / "better.wav"


def through_a_loop(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop" / "better.wav"


def at_a_dangling_link(folder: Path) -> Path:
    (folder / "better.wav").symlink_to(folder / "nowhere.wav")
    return folder / "better.wav"


def at_another_name_of_the_source(folder: Path) -> Path:
    os.link(folder / "tone.wav", folder / "better.wav")
    return folder / "better.wav"


BAD: list[tuple[Callable[[Path], Path], str]] = [
    (below_a_file, "is no folder"),
    (beside_a_file, "is there already"),
    (through_a_loop, "is no folder"),
    (at_a_dangling_link, "is there already"),
    (at_another_name_of_the_source, "is there already"),
    (lambda folder: folder / ("n" * 300 + ".wav"), "cannot be written"),
    (lambda folder: folder / "a\0b.wav", "null character"),
    (lambda folder: folder / "tone.wav", "replaced by its own result"),
    (lambda folder: folder / "sub" / ".." / "tone.wav", "replaced by its own result"),
]


@pytest.mark.parametrize(("place", "says"), BAD, ids=[f"{n}-{says}" for n, (_, says) in enumerate(BAD)])
def test_an_output_that_cannot_be_is_refused_before_the_upload(
    sandbox: Sandbox, media: Media, tone: Path, place: Callable[[Path], Path], says: str
) -> None:
    """Whatever the reason; every operation asks the same question."""
    (tone.parent / "sub").mkdir()
    path = place(tone.parent)
    calls: list[tuple[Callable[..., Job], dict[str, Any]]] = [
        (media.enhance, {"output": path}),
        (media.analyze, {"output": path}),
        (media.transcode, {"outputs": [{"destination": path}]}),
        (media.master, {"output": path}),
    ]
    for call, options in calls:
        with pytest.raises(DolbyError, match=says) as error:
            call(tone, **options)
        assert 2 <= len(str(error.value).splitlines()) <= 3
    assert sandbox.requests.count() == 0


def test_a_full_disk_is_seen_before_the_upload(
    sandbox: Sandbox, media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result in the source's format is about as large as the source."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 100, 100))
    with pytest.raises(InvalidOption, match="no room for the result"):
        media.enhance(tone, output=tmp_path / "new" / "better.wav")
    assert sandbox.requests.count() == 0


def test_two_outputs_of_one_name_clash_before_the_upload(sandbox: Sandbox, media: Media, tone: Path) -> None:
    """The second would replace the first."""
    same: list[Any] = [{"kind": "mp3", "destination": tone.parent / "a.mp3"}] * 2
    with pytest.raises(InvalidOption, match="Two outputs"):
        media.transcode(tone, outputs=same)
    assert sandbox.requests.count() == 0


def test_nothing_is_left_of_the_look(media: Media, tone: Path, tmp_path: Path) -> None:
    """To find out whether a folder can be written to leaves nothing in it."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "b.wav").mkdir()
    bad = folder / "x" / "\0"
    with pytest.raises(DolbyError):
        media.transcode(tone, outputs=[{"destination": folder / "a.mp3"}, {"destination": bad}])
    assert [path.name for path in folder.iterdir()] == ["b.wav"]


def test_a_cell_can_be_run_again(media: Media, tone: Path, tmp_path: Path) -> None:
    """Its own result is replaced, until somebody has changed it."""
    path = tmp_path / "better.wav"
    for _ in range(2):
        assert made(media.enhance(tone, output=path)).path == path
    path.write_bytes(b"my own")
    with pytest.raises(InvalidOption, match="is there already"):
        media.enhance(tone, output=path)
    assert path.read_bytes() == b"my own"


@pytest.mark.parametrize("as_text", [False, True])
def test_a_result_is_saved_into_a_folder(media: Media, tone: Path, tmp_path: Path, as_text: bool) -> None:
    """One that is there, or that is written with a slash at its end, under the result's own name."""
    result = made(media.enhance(tone))
    folder = tmp_path / "there"
    folder.mkdir()
    saved = result.save(f"{tmp_path}/new/" if as_text else folder)
    assert saved.parent == (tmp_path / "new" if as_text else folder)
    assert saved.name.startswith("tone-enhance-")
    assert saved.suffix == ".wav"


def test_a_result_replaces_no_file_of_somebody_else(media: Media, tone: Path, tmp_path: Path) -> None:
    """Neither the original, nor what lay there."""
    result = made(media.enhance(tone))
    mine = tmp_path / "mine.wav"
    mine.write_bytes(b"mine")
    for path in (tone, mine):
        before = path.read_bytes()
        with pytest.raises(InvalidOption, match="is there already") as error:
            result.save(path)
        assert path.read_bytes() == before
        assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize("suffix", [".mp3", ".MP3", ".flac", ".m4a", ".ogg", ".opus", ".aac"])
def test_a_result_is_converted_to_the_format_of_its_suffix(
    media: Media, tone: Path, tmp_path: Path, suffix: str
) -> None:
    """What is saved is what its name says, as long as before; nothing else is left beside it."""
    result = made(media.enhance(tone))
    saved = result.save(tmp_path / "new" / f"better{suffix}")
    with av.open(str(saved)) as container:
        kind = {".opus": "ogg"}.get(suffix, suffix.lower()[1:])
        assert kind in container.format.name.split(",")
    assert measure(saved).seconds == pytest.approx(measure(tone).seconds, abs=0.1)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_result_is_not_converted_without_av(
    media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the line that has it converted is in the error."""
    result = made(media.enhance(tone))
    monkeypatch.setattr("dolbyio_nb.media.results.can_convert", lambda *_: False)
    with pytest.raises(InvalidOption, match="another format"):
        result.save(tmp_path / "better.mp3")


@pytest.mark.parametrize("suffix", [".mp4", ".json", ".png"])
def test_a_result_is_not_saved_under_another_format(
    media: Media, tone: Path, tmp_path: Path, suffix: str
) -> None:
    """A WAV file called .mp3 would play nowhere; the line that converts it is in the error."""
    result = made(media.enhance(tone))
    with pytest.raises(InvalidOption, match="another format") as error:
        result.save(tmp_path / f"better{suffix}")
    assert f"dolby.media.transcode(result, output='better{suffix}')" in error.value.next_step
    assert not (tmp_path / f"better{suffix}").exists()
    assert result.save(tmp_path / "better.WAV").read_bytes()[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(".mp4", ".m4a", True), (".jpg", ".JPEG", True), (".wav", ".mp3", False), (".wav", ".take2", True)],
)
def test_formats_have_several_suffixes(one: str, other: str, same: bool) -> None:
    """A suffix that nobody knows may be anything."""
    assert is_same_format(one, other) is same
