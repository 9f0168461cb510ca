"""Transcode writes every welcome kind, keeps video as it is, and refuses the rest in words."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.sandbox.http_error import Refused
from dolbyio_nb.sandbox.operations import process
from dolbyio_nb.sandbox.operations.media_info import media_info


@pytest.fixture
def transcode(tmp_path: Path) -> Callable[..., Any]:
    """Transcodes sources to one output with the given options; returns its path."""

    def job(sources: Any, kind: Any, **options: Any) -> Path:
        body = {
            "inputs": [{"source": "dlb://in"} for _ in sources],
            "outputs": [{"id": "one", "destination": "dlb://out", "kind": kind, **options}],
        }
        output = tmp_path / f"out.{kind}"
        process("/media/transcode", body, sources, [output], no_progress)
        return output

    return job


def video_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        return [(hashlib.sha256(bytes(p)).hexdigest(), p.pts * p.time_base, p.is_keyframe) for p in packets]  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_lossless_kinds_are_exact(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    heard: Callable[..., Sound],
    transcode: Callable[..., Any],
    kind: str,
) -> None:
    """WAV and FLAC hold the very samples they were given."""
    source = saved(make.noise(100_000, channels=2))
    assert np.array_equal(heard(transcode([source], kind)).samples, heard(source).samples)


@pytest.mark.parametrize(
    ("kind", "ratio"), [("mp3", 20), ("m4a", 20), ("ogg", 12), ("opus", 12), ("aac", None)]
)
def test_lossy_kinds_are_near(
    voice: Sound,
    saved: Callable[..., Any],
    heard: Callable[..., Sound],
    transcode: Callable[..., Any],
    si_sdr: Callable[..., Any],
    kind: str,
    ratio: int | None,
) -> None:
    """The others sound alike and stand at the same place in time; raw AAC has no way to say its own delay."""
    coded = heard(transcode([saved(voice)], kind, audio={"bitrate_kb": 128}))
    assert coded.seconds == pytest.approx(voice.seconds, abs=0.15)
    if ratio:
        frames = min(coded.frames, voice.frames)
        same = [type(voice)(sound.samples[:frames], sound.rate) for sound in (voice, coded)]
        assert si_sdr(*same) > ratio


@pytest.mark.parametrize(
    ("right", "lost"), [(-1.0, "dB are lost"), (-0.8, "19 dB"), (0.0, None), (1.0, None)]
)
def test_what_cancels_is_said(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], right: float, lost: str | None
) -> None:
    """Channels against each other are silence in one; nobody finds that out by listening."""
    left = make.noise(50_000).samples[:, :1]
    source = saved(Sound(np.hstack([left, right * left]), 48_000))
    one = {"kind": "mp3", "destination": "dlb://out", "audio": {"channels": 1}}
    body = {"inputs": [{"source": "dlb://in"}], "outputs": [one]}
    result, _ = run("/media/transcode", source, body, "out.mp3")
    said = " ".join(result.get("notes", []))
    assert (lost in said) if lost else not said


def test_bitrate_channels_and_rate(
    make: SimpleNamespace, saved: Callable[..., Any], transcode: Callable[..., Any]
) -> None:
    """Bitrate, channels and sample rate are as asked; `audio` may be an object or a list of one."""
    source = saved(make.noise(150_000, channels=2))
    audio = {"codec": "mp3", "bitrate_kb": 64, "channels": 1, "sample_rate": 24_000}
    for given in (audio, [audio]):
        info = media_info(transcode([source], "mp3", audio=given), 3.125)["audio"]
        assert (info["bitrate"], info["channels"], info["sample_rate"]) == (64_000, 1, 24_000)


@pytest.mark.parametrize("path", ["/media/transcode", "/media/enhance"])
def test_video_is_copied_bit_by_bit(media: Path, tmp_path: Path, path: str) -> None:
    """The video packets of an MP4 come out as they went in, with their times, under the new sound."""
    body = {"inputs": [{"source": "a"}], "outputs": [{"kind": "mp4", "audio": {"codec": "aac_lc"}}]}
    output = tmp_path / "out.mp4"
    process(path, body if "transcode" in path else {}, [media / "clip.mp4"], [output], no_progress)
    assert video_of(output) == video_of(media / "clip.mp4")
    assert media_info(output)["audio"]["codec"] == "aac"


def test_sound_alone(media: Path, transcode: Callable[..., Any]) -> None:
    """A kind without video leaves the video behind."""
    assert "video" not in media_info(transcode([media / "clip.mp4"], "m4a"))


def test_a_still(media: Path, transcode: Callable[..., Any]) -> None:
    """PNG is one picture of the video, in the size asked for."""
    for options, size in (({}, (320, 180)), ({"video": {"width": 64, "height": 36}}, (64, 36))):
        with av.open(str(transcode([media / "clip.mp4"], "png", **options))) as picture:
            frame = next(picture.decode(video=0))
            assert (frame.width, frame.height) == size
            assert frame.to_ndarray(format="rgb24").std() > 10


def test_inputs_are_stitched(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    heard: Callable[..., Sound],
    transcode: Callable[..., Any],
) -> None:
    """Two inputs of different rate and channels come one after the other, at the first one's rate."""
    first, second = make.tone(1, -20, rate=44_100), make.tone(2, -30, channels=1)
    joined = heard(transcode([saved(first, "a.wav"), saved(second, "b.flac")], "flac"))
    assert (joined.rate, joined.channels) == (44_100, 2)
    assert joined.seconds == pytest.approx(3, abs=0.001)
    assert np.abs(joined.cut(1.5, 2.5).samples).max() == pytest.approx(10 ** (-30 / 20), abs=0.001)


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("hls", {}, "hls"),
        ("dash", {}, "dash"),
        ("mp4", {"video": {"height": 7}}, "height"),
        ("mp4", {"video": {"codec": "divx"}}, "codec"),
        ("webm", {"video": {"codec": "h264"}}, "vp8, vp9"),
        ("mp4", {"video": {"codec": "av1"}}, "codec"),
        ("mp4", {"video": {"frame_rate": 0}}, "frame_rate"),
        ("avi", {}, "avi"),
        ("mp3", {"audio": {"codec": "opus"}}, "codec"),
        ("mp3", {"audio": {"bitrate_kb": -1}}, "bitrate_kb"),
        ("mp3", {"audio": {"channels": 6}}, "channels"),
        ("mp3", {"audio": [{}, {}]}, "audio"),
    ],
)
def test_what_cannot_be_done_is_refused(
    media: Path, tmp_path: Path, transcode: Callable[..., Any], kind: str, options: Any, word: str
) -> None:
    """The refusal names what was asked, and nothing is left behind."""
    with pytest.raises(Refused, match=word):
        transcode([media / "clip.mp4"], kind, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_still_of_a_sound(media: Path, transcode: Callable[..., Any]) -> None:
    """There is no picture in a sound file."""
    with pytest.raises(Refused, match="no video"):
        transcode([media / "voice.flac"], "png")


def about(path: Path) -> tuple[str, str, int, int, float, float]:
    """What kind of file it is, its pictures' codec, size and rate, and how long they last."""
    info = media_info(path)
    video = info["video"]
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    seconds = (times[-1] - times[0]) * len(times) / (len(times) - 1)
    size = video["width"], video["height"]
    return (info["container"]["kind"], video["codec"], *size, video["frame_rate"], seconds)


@pytest.mark.parametrize(
    ("kind", "video", "seen"),
    [
        ("mp4", {"height": 90}, ("mp4", "h264", 160, 90, 25)),
        ("mp4", {"width": 64, "height": 64}, ("mp4", "h264", 64, 64, 25)),
        ("mp4", {"codec": "hevc", "width": 160}, ("mp4", "hevc", 160, 90, 25)),
        ("mp4", {"codec": "h264", "frame_rate": 10, "bitrate_kb": 200}, ("mp4", "h264", 320, 180, 10)),
        ("mov", {"codec": "h264"}, ("mov", "h264", 320, 180, 25)),
        ("mkv", {}, ("mkv", "h264", 320, 180, 25)),
        ("webm", {}, ("webm", "vp9", 320, 180, 25)),
        ("webm", {"codec": "vp8", "width": 100}, ("webm", "vp8", 100, 56, 25)),
    ],
)
def test_video_as_it_is_asked_for(
    media: Path, transcode: Callable[..., Any], kind: str, video: dict[str, Any], seen: tuple[Any, ...]
) -> None:
    """In every kind of file, size, codec and rate; one side alone keeps the shape."""
    made = transcode([media / "clip.mp4"], kind, video=video)
    *found, seconds = about(made)
    assert tuple(found) == seen
    assert seconds == pytest.approx(about(media / "clip.mp4")[-1], abs=0.1)
    assert media_info(made)["audio"]["codec"] == ("opus" if kind == "webm" else "aac")


def test_videos_are_joined_and_cut_in_step_with_their_sound(media: Path, tmp_path: Path) -> None:
    """Two stretches, one after the other, with the first one's size."""
    clip, output = media / "clip.mp4", tmp_path / "out.mp4"
    segment = {"start": 0.5, "duration": 1.0}
    inputs = [
        {"source": "dlb://a", "segment": segment},
        {"source": {"url": "dlb://a", "region": {"end": 0.5}}},
    ]
    process(
        "/media/transcode",
        {"inputs": inputs, "outputs": [{"kind": "mp4"}]},
        [clip, clip],
        [output],
        no_progress,
    )
    assert about(output)[-1] == pytest.approx(1.5, abs=0.1)
    assert media_info(output)["audio"]["duration"] == pytest.approx(1.5, abs=0.05)
    with av.open(str(output)) as made, av.open(str(clip)) as given:
        new, old = ([f.to_ndarray(format="gray") for f in one.decode(video=0)] for one in (made, given))
    for at, there in ((0, 0.5), (12, 0.98), (26, 0.04), (36, 0.44)):
        off = [float(np.abs(new[at].astype(float) - one).mean()) for one in old]
        assert abs(int(np.argmin(off)) - there * 25) <= 2


def test_a_sideways_video_is_coded_upright(transcode: Callable[..., Any]) -> None:
    """A picture of 160 x 120 that the file says to turn by 90 degrees."""
    source = Path(__file__).parent / "cases" / "rot.mp4"
    assert about(transcode([source], "webm", video={"width": 60}))[2:4] == (60, 80)


def test_a_video_is_not_joined_with_sound_alone(media: Path, transcode: Callable[..., Any]) -> None:
    """There would be nothing to show."""
    with pytest.raises(Refused, match="no video"):
        transcode([media / "clip.mp4", media / "voice.flac"], "mp4")
