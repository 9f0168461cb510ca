"""Files as phones and careless tools leave them: taken for what they are, or refused by name."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.sandbox.http_error import Refused

CASES = Path(__file__).parent / "cases"
MISTAKEN = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
    "page": (b"\xef\xbb\xbf\n<!DOCTYPE html><title>404</title>", "web page"),
    "page without a kind": (b"<HTML><body>Log in</body></HTML>", "web page"),
    "storage": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "expired"),
    "playlist": (b"#EXTM3U\n#EXTINF:1,\nx.ts\n", "playlist"),
    "form": (b"--boundary\r\nContent-Disposition: form-data\r\n\r\n", "multipart"),
    "document": (b"%PDF-1.7\n", "PDF"),
    "archive": (b"PK\x03\x04" + bytes(60), "unpack it"),
    "empty": (b"", "empty"),
    "nothing known": (bytes(range(200)), "taken are WAV"),
}


@pytest.mark.parametrize("kind", MISTAKEN)
def test_what_is_no_sound_is_named(run: Any, tmp_path: Path, kind: str) -> None:
    """The refusal says what the file is, whatever it is called."""
    content, said = MISTAKEN[kind]
    (tmp_path / "in.wav").write_bytes(content)
    with pytest.raises(Refused) as refused:
        run("/media/diagnose", tmp_path / "in.wav")
    assert said in refused.value.detail


def first_heard(path: Path) -> float:
    sound = read_sound(path)
    return float(np.flatnonzero(np.abs(sound.samples).max(axis=1) > 0.01)[0]) / sound.rate


def test_sound_that_begins_late_stays_in_step_with_the_picture(run: Any, only: Any) -> None:
    """What is written begins as late as the original, whose sound begins at 1.478 s."""
    _, output = run("/media/enhance", CASES / "late.mp4", only(), "out.mp4")
    assert first_heard(CASES / "late.mp4") == pytest.approx(1.51, abs=0.02)
    assert first_heard(output) == pytest.approx(first_heard(CASES / "late.mp4"), abs=0.03)


def test_the_default_track_is_taken(run: Any, only: Any) -> None:
    """Not the first; the note says which, and the language is kept."""
    result, output = run("/media/enhance", CASES / "multi.mp4", only(), "out.mp4")
    assert any("2 sound tracks number 2" in note for note in result["notes"])
    with av.open(output) as container:
        assert container.streams.audio[0].metadata["language"] == "eng"


def test_a_still_stands_upright(run: Any) -> None:
    """A picture of 160 x 120 that the file says to turn by 90 degrees."""
    body = {"inputs": [{"source": "dlb://in"}], "outputs": [{"kind": "png"}]}
    with av.open(run("/media/transcode", CASES / "rot.mp4", body, "out.png")[1]) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (120, 160)


def test_durations_are_counted(run: Any) -> None:
    """An MP3 whose header says 0.2 s holds six seconds."""
    info = run("/media/diagnose", CASES / "badxing.mp3")[0]["media_info"]
    assert info["audio"]["duration"] == info["container"]["duration"] == pytest.approx(6, abs=0.1)


def test_a_kind_that_is_not_written(run: Any, only: Any) -> None:
    """The result is a WAV, and the note says so."""
    result, output = run("/media/enhance", CASES / "p.amr", only(), "out")
    assert output.read_bytes()[:4] == b"RIFF"
    assert any("the result is wav" in note for note in result["notes"])


def test_a_webm_without_a_duration_stays_one(run: Any, only: Any) -> None:
    """As browsers record it."""
    result, output = run("/media/enhance", CASES / "live.webm", only(), "out")
    with av.open(output) as container:
        assert container.streams.audio[0].codec_context.name == "opus"
        assert (container.duration or 0) > 0
    assert "webm" not in str(result.get("notes"))


OLDER = {"avi": ("mpeg4", "pcm_s16le"), "mpg": ("mpeg2video", "mp2"), "mxf": ("mpeg2video", "pcm_s16le")}


def older_film(path: Path) -> Path:
    """Two seconds of grey at 25 pictures a second, and a tone of 440 Hz at 48 kHz that begins after one."""
    picture, sound = OLDER[path.suffix[1:]]
    time = np.arange(96_000) / 48_000
    tone = (8000 * np.sin(2 * np.pi * 440 * time) * (time >= 1)).astype("int16")[None]
    with av.open(path, "w") as container:
        film: Any = container.add_stream(picture, 25)
        film.width, film.height, film.pix_fmt = 320, 240, "yuv420p"
        track: Any = container.add_stream(sound, 48_000, layout="mono")
        for _ in range(50):
            container.mux(film.encode(av.VideoFrame(320, 240, "yuv420p")))
        container.mux(film.encode(None))
        for start in range(0, 96_000, 1920):
            frame = av.AudioFrame.from_ndarray(tone[:, start : start + 1920], "s16", "mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


@pytest.mark.parametrize("kind", OLDER)
def test_films_of_older_kinds_are_read(run: Any, only: Any, tmp_path: Path, kind: str) -> None:
    """As long as they are, and in step with their pictures in a kind that is written."""
    source = older_film(tmp_path / f"in.{kind}")
    info = run("/media/diagnose", source)[0]["media_info"]
    assert info["audio"]["duration"] == pytest.approx(2, abs=0.03)
    assert info["video"]["codec"] == OLDER[kind][0]
    result, output = run("/media/enhance", source, only(), "out.mp4")
    assert first_heard(output) == pytest.approx(1, abs=0.03)
    with av.open(output) as container:
        assert container.streams.video[0].frames in (49, 50)
    plain, wav = run("/media/enhance", source, only(), "out")
    assert wav.read_bytes()[:4] == b"RIFF"
    assert any("not written here: the result is wav" in note for note in plain["notes"])
    assert result["notes"]
