"""Whatever a file holds, a job ends in its result or in a refusal in words, and touches no other file."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolbyio_nb.audio import decode as reading
from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.sandbox.http_error import Refused
from dolbyio_nb.sandbox.operations import process
from dolbyio_nb.sandbox.routes import ENDPOINTS

KINDS = ("wav", "mp3", "flac", "m4a", "ogg", "aac", "mp4", "webm", "mkv", "aiff")
CODED = (("webm", "webm", "libopus"), ("mkv", "matroska", "pcm_s16le"), ("aiff", "aiff", "pcm_s16be"))
BODY = {"inputs": [{"source": "dlb://in"}], "outputs": [{"kind": "wav"}]}


@pytest.fixture(scope="module")
def originals(media: Path, voice: Sound, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A good file of every kind, as bytes."""
    from dolbyio_nb.audio.encode import write_sound

    folder, sound = tmp_path_factory.mktemp("originals"), voice.cut(1, 3.5)
    files = {"mp4": (media / "clip.mp4").read_bytes()}
    for kind in ("wav", "mp3", "flac", "m4a", "ogg", "aac"):
        write_sound(sound, folder / f"x.{kind}")
        files[kind] = (folder / f"x.{kind}").read_bytes()
    for kind, muxer, codec in CODED:
        files[kind] = _written(sound, muxer, codec)
    return files


def _written(sound: Sound, muxer: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        samples = (sound.samples.T * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux([*stream.encode(frame), *stream.encode(None)])  # type: ignore[arg-type,union-attr]
    return buffer.getvalue()


def outcome(path: str, source: Any, folder: Path) -> Any:
    """`done` or the refusal; anything else fails the test by itself."""
    try:
        process(path, BODY, [source], [folder / "out"], no_progress)
    except Refused as error:
        refused = error
    else:
        return "done"
    assert refused.title
    assert refused.detail.endswith(".")
    assert not (folder / "out").exists()
    return refused


@pytest.mark.parametrize("kind", KINDS)
def test_good_files_are_read(originals: dict[str, bytes], tmp_path: Path, kind: str) -> None:
    """Every kind is read when it is whole: the damage below is what fails it."""
    (tmp_path / "in").write_bytes(originals[kind])
    assert outcome("/media/diagnose", tmp_path / "in", tmp_path) == "done"


def test_a_title_that_cannot_be_read(originals: dict[str, bytes], tmp_path: Path) -> None:
    """Tags in an unknown encoding are no reason to refuse the sound."""
    tags = b"INFOINAM" + (4).to_bytes(4, "little") + b"\xff\xfe\xe9\0"
    (tmp_path / "in").write_bytes(originals["wav"] + b"LIST" + len(tags).to_bytes(4, "little") + tags)
    assert outcome("/media/diagnose", tmp_path / "in", tmp_path) == "done"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files(originals: dict[str, bytes], tmp_path: Path, kind: str, seed: Any) -> None:
    """Cut short, with flipped bits or with a stretch overwritten: a result or a refusal."""
    random = np.random.default_rng([seed, KINDS.index(kind)])
    data = np.frombuffer(originals[kind], np.uint8).copy()
    flipped, overwritten = data.copy(), data.copy()
    bits = np.uint8(1) << random.integers(0, 8, 30).astype(np.uint8)
    flipped[random.integers(0, min(len(data), 3000), 30)] ^= bits
    start = int(random.integers(0, len(data)))
    overwritten[start : start + 3000] = random.integers(0, 256, len(overwritten[start : start + 3000]))
    for damaged in (data[: random.integers(0, len(data))], flipped, overwritten):
        (tmp_path / "in").write_bytes(damaged.tobytes())
        outcome(("/media/diagnose", "/media/transcode")[seed % 2], tmp_path / "in", tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stump_is_refused(originals: dict[str, bytes], tmp_path: Path, kind: str) -> None:
    """The first forty bytes of a file are no file."""
    (tmp_path / "in").write_bytes(originals[kind][:40])
    assert outcome("/media/diagnose", tmp_path / "in", tmp_path).type == "/problems/input-file-access"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), path=st.sampled_from(sorted(ENDPOINTS)))
def test_arbitrary_bytes(tmp_path: Path, data: bytes, path: str) -> None:
    """Bytes that are no media are refused, by every operation."""
    (tmp_path / "in").write_bytes(data)
    assert isinstance(outcome(path, tmp_path / "in", tmp_path), Refused)


NAMES = (
    "input", "inputs", "outputs", "audio", "content", "loudness", "noise", "reduction", "enable", "amount",
    "type", "region", "start", "end", "kind", "master", "segment", "validation", "profile", "silence", "url",
)  # fmt: skip
plain = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
bodies = st.recursive(
    plain,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, path=st.sampled_from(sorted(ENDPOINTS)))
def test_arbitrary_requests(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    tmp_path: Path,
    body: dict[str, Any] | list[Any] | float | int | str | None,
    path: str,
) -> None:
    """Any JSON as a request gives a result that is JSON, or a refusal."""
    source = saved(make.tone(0.2, rate=8_000))
    try:
        result = process(path, body, [source], [tmp_path / "out.wav"], no_progress)
    except Refused:
        return
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile voice.flac\n",
        "ffconcat version 1.0\nfile {folder}/voice.flac\n",
        "ffconcat version 1.0\nfile http://127.0.0.1:9/voice.flac\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nvoice.flac\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{folder}/voice.flac\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
        "<?xml version='1.0'?><MPD><Period><BaseURL>{folder}/voice.flac</BaseURL></Period></MPD>",
    ],
    ids=["concat", "concat, absolute", "concat, web", "hls", "hls, absolute", "sdp", "dash"],
)
@pytest.mark.parametrize("path", ["/media/diagnose", "/media/transcode"])
def test_a_playlist_opens_no_other_file(media: Path, tmp_path: Path, text: str, path: str) -> None:
    """A list of other files, uploaded as media, is refused, though the file it names lies beside it."""
    shutil.copy(media / "voice.flac", tmp_path)
    (tmp_path / "in.m4a").write_text(text.format(folder=tmp_path))
    assert outcome(path, tmp_path / "in.m4a", tmp_path).type == "/problems/input-file-access"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound(make: SimpleNamespace, tmp_path: Path, value: float) -> None:
    """Floating-point files may hold what is no number: refused, before anything is computed with it."""
    samples = make.tone(1, channels=1).samples.copy()
    samples[1000] = value
    with av.open(str(tmp_path / "in.wav"), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="flt", layout="mono")
        frame.sample_rate = 48_000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    refused = outcome("/media/diagnose", tmp_path / "in.wav", tmp_path)
    assert "no recording" in refused.detail


def test_too_many_bytes(tmp_path: Path) -> None:
    """A file over the limit is refused by its size alone, in words with both numbers."""
    with (tmp_path / "in.wav").open("wb") as file:
        file.truncate(reading.MAX_BYTES + 1)
    assert "2000 MB" in outcome("/media/diagnose", tmp_path / "in.wav", tmp_path).detail


def test_too_many_hours(
    make: SimpleNamespace, saved: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lasts longer than is taken is refused, though FLAC makes it small; no header is believed."""
    monkeypatch.setattr(reading, "MAX_SECONDS", 60)
    source = saved(make.sound(np.zeros((61 * 4_000, 1)), 4_000), "long.flac")
    assert source.stat().st_size < 1_000_000
    assert "lasts longer" in outcome("/media/diagnose", source, tmp_path).detail


def test_an_unknown_operation(tmp_path: Path) -> None:
    """A path that is not of the Media API is refused."""
    with pytest.raises(Refused, match="/media/levitate"):
        process("/media/levitate", {}, [tmp_path / "in"], [], no_progress)
