"""In which format an output is written when its name does not say, or says another."""

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


def test_enhance_keeps_the_bits_of_its_samples(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], tmp_path: Path
) -> None:
    """A WAV of 24 bits stays one."""
    source, deep = saved(make.tone(1, -20)), tmp_path / "deep.wav"
    with av.open(str(source)) as given, av.open(str(deep), "w") as container:
        stream = container.add_stream("pcm_s24le", rate=given.streams.audio[0].rate)
        stream.layout = given.streams.audio[0].layout
        for frame in given.decode(audio=0):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert about(run("/media/enhance", deep, output="x.mp4")[1]) == ("wav", "pcm_s24le")


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
