"""What a file is, in the service's words."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.sandbox.operations.media_info import media_info


def test_the_one_published_answer(tmp_path: Path) -> None:
    """A 9.94 s, 48 kHz, 16-bit stereo WAV of 1,908,846 bytes reads as the service's own answer does."""
    path = tmp_path / "workshop.wav"
    path.write_bytes(_wav(data_bytes=1_908_792, extra=10))
    assert path.stat().st_size == 1_908_846
    assert media_info(path) == {
        "container": {"kind": "wav", "duration": 9.941, "bitrate": 1536140, "size": 1908846},
        "audio": {
            "codec": "pcm",
            "bit_depth": 16,
            "channels": 2,
            "sample_rate": 48000,
            "duration": 9.941,
            "bitrate": 1536000,
        },
    }


def _wav(data_bytes: int, extra: int) -> bytes:
    """A WAV file whose header carries `extra` bytes of other chunks, as editors leave them."""
    riff = b"WAVEfmt " + (16).to_bytes(4, "little")
    riff += np.array([1, 2], "<u2").tobytes() + np.array([48_000, 192_000], "<u4").tobytes()
    riff += np.array([4, 16], "<u2").tobytes()
    riff += b"JUNK" + (extra - 8).to_bytes(4, "little") + bytes(extra - 8)
    riff += b"data" + data_bytes.to_bytes(4, "little") + bytes(data_bytes)
    return b"RIFF" + len(riff).to_bytes(4, "little") + riff


@pytest.mark.parametrize(
    ("name", "kind", "codec"),
    [
        ("a.wav", "wav", "pcm"),
        ("a.flac", "flac", "flac"),
        ("a.mp3", "mp3", "mp3"),
        ("a.m4a", "mp4", "aac"),
        ("a.ogg", "ogg", "opus"),
        ("a.aac", "aac", "aac"),
    ],
)
def test_every_format_by_its_name(
    make: SimpleNamespace, saved: Callable[..., Any], name: str, kind: str, codec: str
) -> None:
    """Container and codec are named as people call them, with a duration within a tenth of a second."""
    sound = make.noise(100_000, channels=2)
    info = media_info(saved(sound, name), sound.seconds)
    assert (info["container"]["kind"], info["audio"]["codec"]) == (kind, codec)
    assert info["container"]["duration"] == pytest.approx(sound.seconds, abs=0.1)
    assert (info["audio"]["channels"], info["audio"]["sample_rate"]) == (2, 48_000)
    assert ("bit_depth" in info["audio"]) == (codec == "pcm")
    assert "video" not in info


def test_video_is_described(media: Path) -> None:
    """A file with video says so, with its size, its rate and its codec."""
    video = media_info(media / "clip.mp4")["video"]
    assert (video["codec"], video["width"], video["height"], video["frame_rate"]) == ("h264", 320, 180, 25.0)
    assert video["duration"] == pytest.approx(6.0)
