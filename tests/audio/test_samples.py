"""Samples are read from any media file and written to one, in the shapes that soundfile and librosa take."""

from pathlib import Path

import numpy as np
import pytest

from dolbyio_nb.audio import read_samples, write_samples
from dolbyio_nb.errors import SoundError, SoundUnwritable

RATE = 16000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype("float32")


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
@pytest.mark.parametrize("samples", [TONE, np.stack([TONE, -TONE / 2], axis=1)], ids=["mono", "stereo"])
def test_what_is_written_is_read(tmp_path: Path, ending: str, rate: int, samples: "np.ndarray") -> None:
    """The same samples, shape and rate, but for the last of sixteen bits; the path is given back."""
    path = write_samples(tmp_path / f"x.{ending}", samples, rate)
    read, read_rate = read_samples(str(path))
    assert (read.shape, str(read.dtype), read_rate) == (samples.shape, "float32", rate)
    assert np.abs(read - samples).max() < 2 / 32768


@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "opus", "aac"])
def test_other_formats_are_as_long_and_as_loud(tmp_path: Path, ending: str) -> None:
    """Lossy ones too."""
    read, rate = read_samples(write_samples(tmp_path / f"x.{ending}", TONE, RATE))
    assert len(read) / rate == pytest.approx(1, abs=0.15)
    assert np.sqrt(np.mean(read**2)) == pytest.approx(0.3536, abs=0.03)


def test_what_is_beyond_full_scale_is_cut_off(tmp_path: Path) -> None:
    """Nothing turns over to the other side; doubles and whole numbers are taken as well."""
    read, _ = read_samples(write_samples(tmp_path / "x.wav", TONE.astype("float64") * 4, RATE))
    assert 0.999 < read.max() <= 1
    assert np.sign(read[100]) == np.sign(TONE[100])
    assert read_samples(write_samples(tmp_path / "x.wav", np.zeros(RATE, int), RATE))[0].max() == 0


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    """In the package's own errors."""
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(SoundError):
        read_samples(tmp_path / "text.wav")
    with pytest.raises(SoundError):
        read_samples(tmp_path / "nothing.wav")
    with pytest.raises(SoundUnwritable, match=r"'\.xyz' is not written here"):
        write_samples(tmp_path / "x.xyz", TONE, RATE)
    with pytest.raises(SoundUnwritable):
        write_samples(tmp_path / "no" / "x.wav", TONE, RATE)
