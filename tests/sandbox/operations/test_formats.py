"""In which format an output is written when its name does not say, or says another."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.sandbox.http_error import Refused
from dolbyio_nb.sandbox.operations import process


def about(path: Any) -> Any:
    with av.open(str(path)) as container:
        return container.format.name, container.streams.audio[0].codec_context.name


def many(
    path: str,
    source: Any,
    output: str,
    tmp_path: Path,
    inputs: dict[str, dict[str, Any]] | None = None,
    **outputs: Any,
) -> Path:
    body = {"inputs": [{"source": "dlb://in", **(inputs or {})}], "outputs": [outputs]}
    process(path, body, [source], [tmp_path / output], no_progress)
    return tmp_path / output


@pytest.mark.parametrize("output", ["out.wav", "out.mp4", "out.mp3", "enhance"])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
def test_enhance_keeps_the_format_of_its_input(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    tmp_path: Path,
    kind: str,
    output: str,
) -> None:
    """Whatever the output is called, also where it has no ending."""
    source = saved(make.tone(1, -20))
    if kind != "wav":
        source = many("/media/transcode", source, f"in.{kind}", tmp_path, kind=kind)
    assert about(run("/media/enhance", source, output=output)[1]) == about(source)


def recoded(source: Path, path: Path, codec: str, **tags: str) -> Path:
    """The same sound in another codec, with tags, and with a cover where a file of that kind has one."""
    picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), format="rgb24")
    with av.open(source) as given, av.open(path, "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=given.streams.audio[0].rate, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        if tags:
            cover = container.add_stream("png", rate=1)
            assert isinstance(cover, av.VideoStream)
            cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
            cover.disposition = Disposition.attached_pic
            container.mux(cover.encode(picture))
            container.mux(cover.encode(None))
        resampler = av.AudioResampler(stream.format, "stereo", stream.rate, stream.frame_size or None)
        for frame in given.decode(audio=0):
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("operation", ["enhance", "transcode", "master"])
@pytest.mark.parametrize(
    ("codec", "given", "kept", "as_flac"),
    [
        ("pcm_s24le", "wav", "pcm_s24le", "s32"),
        ("pcm_s32le", "wav", "pcm_s32le", "s32"),
        ("pcm_f32le", "wav", "pcm_f32le", "s32"),
        ("pcm_s16le", "wav", "pcm_s16le", "s16"),
        ("pcm_u8", "wav", "pcm_s16le", "s16"),
        ("pcm_s24be", "aiff", "pcm_s24le", "s32"),
        ("flac", "flac", "pcm_s16le", "s16"),
        ("libmp3lame", "mp3", "pcm_s16le", "s16"),
    ],
)
def test_samples_stay_as_deep_as_they_were(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path, operation: str, codec: str, given: str,
    kept: str, as_flac: str,
) -> None:  # fmt: skip
    """In WAV and FLAC; enhance alone keeps the input's own format."""
    source = recoded(saved(make.tone(1, -20)), tmp_path / f"in.{given}", codec)
    outputs = {"enhance": [given if given != "aiff" else "wav"]}.get(operation, ["wav", "flac"])
    for kind in outputs:
        with av.open(many(f"/media/{operation}", source, f"out.{kind}", tmp_path, kind=kind)) as container:
            context = container.streams.audio[0].codec_context
            assert context.format.name == as_flac if kind == "flac" else context.name in (kept, "mp3float")


def test_a_codec_that_is_asked_for_counts_more_than_the_input_s(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path
) -> None:
    """Down to 16 bits, up to floating point."""
    source = recoded(saved(make.tone(1, -20)), tmp_path / "in.wav", "pcm_s24le")
    for codec in ("pcm_s16le", "pcm_f32le"):
        made = many("/media/transcode", source, f"{codec}.wav", tmp_path, kind="wav", audio={"codec": codec})
        assert about(made) == ("wav", codec)


def test_peaks_above_full_scale_survive(
    make: SimpleNamespace, saved: Callable[..., Any], heard: Callable[..., Sound], tmp_path: Path
) -> None:
    """Where the samples are floats before and after."""
    loud = make.tone(1, -20)
    source = recoded(saved(loud), tmp_path / "in.wav", "pcm_f32le")
    with av.open(tmp_path / "loud.wav", "w") as container:
        stream = container.add_stream("pcm_f32le", rate=loud.rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.full((1, loud.rate), 2.5, np.float32), "flt", "mono")
        frame.rate = loud.rate
        container.mux(stream.encode(frame))
    assert np.abs(heard(source).samples).max() < 1
    made = many("/media/transcode", tmp_path / "loud.wav", "out.wav", tmp_path, kind="wav")
    assert heard(made).samples.max() == pytest.approx(2.5)


TAGS = {"title": "Ein Abend \u00e9", "artist": "A. N. Other", "album": "\u65e5\u672c"}


@pytest.mark.parametrize("operation", ["enhance", "transcode", "master"])
@pytest.mark.parametrize(("kind", "codec"), [("mp3", "libmp3lame"), ("flac", "flac"), ("mp4", "aac")])
def test_titles_and_covers_stay(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path, operation: str, kind: str, codec: str
) -> None:
    """A song comes back with its name and its picture, and a cover is no video."""
    source = recoded(saved(make.tone(1, -20, rate=44_100)), tmp_path / f"in.{kind}", codec, **TAGS)
    suffix = "m4a" if kind == "mp4" else kind
    with av.open(many(f"/media/{operation}", source, f"out.{suffix}", tmp_path, kind=suffix)) as container:
        assert TAGS.items() <= container.metadata.items()
        assert [one.disposition for one in container.streams.video] == [Disposition.attached_pic]
        assert next(container.decode(video=0)).width == 32


def test_titles_stay_where_a_cover_cannot(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path
) -> None:
    """Ogg keeps them at its sound, WAV has few of them."""
    source = recoded(saved(make.tone(1, -20)), tmp_path / "in.flac", "flac", **TAGS)
    ogg = many("/media/transcode", source, "out.ogg", tmp_path, kind="ogg")
    for made in (ogg, many("/media/enhance", ogg, "better.ogg", tmp_path)):
        with av.open(made) as container:
            assert {
                name.lower(): text for name, text in container.streams.audio[0].metadata.items()
            }.items() >= TAGS.items()
    with av.open(many("/media/transcode", source, "out.wav", tmp_path, kind="wav")) as container:
        assert container.metadata["title"] == TAGS["title"]


def test_transcode_notes_what_is_lost(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path
) -> None:
    """Channels that are mixed; nothing is said where nothing is."""
    for channels, notes in ((6, ["Its 6 channels were mixed to two."]), (2, [])):
        source = saved(make.noise(48_000, channels=channels), f"{channels}.wav")
        body = {"inputs": [{"source": "dlb://in"}], "outputs": [{"kind": "mp3"}]}
        result = process("/media/transcode", body, [source], [tmp_path / "out.mp3"], no_progress)
        assert result.get("notes", []) == notes


def test_master_without_a_kind_or_an_ending_keeps_the_input_s(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path
) -> None:
    """The kind counts first, then the name, then the input."""
    source = saved(make.tone(2, -20))
    for output, options, format_ in (("x", {}, "wav"), ("x.flac", {}, "flac"), ("y", {"kind": "mp3"}, "mp3")):
        assert about(many("/media/master", source, output, tmp_path, **options))[0] == format_  # type: ignore[arg-type]


def test_a_segment_is_a_start_and_a_duration(
    make: SimpleNamespace, saved: Callable[..., Any], heard: Callable[..., Sound], tmp_path: Path
) -> None:
    """Cut to the sample; what goes beyond the end ends there; what is no segment is refused in words."""
    source = saved(make.noise(48_000))
    whole = heard(source)

    def cut(**segment: Any) -> Sound:
        inputs = {"segment": segment}
        return heard(many("/media/transcode", source, "out.wav", tmp_path, inputs, kind="wav"))

    half = round(0.25 * whole.rate)
    assert np.array_equal(cut(start=0.25, duration=0.25).samples, whole.samples[half : 2 * half])
    assert np.array_equal(cut(start=0.25, duration=99).samples, whole.samples[half:])
    for wrong in ({"start": 99}, {"duration": 0}, {"start": "x"}):
        with pytest.raises(Refused):
            cut(**wrong)


@pytest.mark.parametrize(("kind", "codec"), [("png", "png"), ("jpg", "mjpeg"), ("jpeg", "mjpeg")])
def test_an_image_has_its_size_and_moment(media: Path, tmp_path: Path, kind: str, codec: str) -> None:
    """The picture at `offset_sec` is not the first one; one beyond the end is refused."""
    pictures = []
    for offset in (0, 1):
        image = {"width": 64, "height": 36, "offset_sec": offset}
        path = many("/media/transcode", media / "clip.mp4", f"x.{kind}", tmp_path, kind=kind, image=image)
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.name == codec
            pictures.append(next(container.decode(video=0)).to_ndarray(format="rgb24"))
    assert pictures[0].shape == (36, 64, 3)
    assert not np.array_equal(*pictures)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="offset_sec"):
        many(
            "/media/transcode", media / "clip.mp4", f"x.{kind}", tmp_path, kind=kind, image={"offset_sec": 99}
        )
