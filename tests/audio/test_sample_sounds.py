"""The sounds that come with the notebooks are what their README says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dolbyio_nb.audio.sound import Sound


def test_the_voice(media: Path, heard: Callable[..., Sound]) -> None:
    """Thirty seconds of speech, 16 kHz, mono; under 1 MB."""
    voice = heard(media / "voice.flac")
    assert (voice.rate, voice.channels) == (16_000, 1)
    assert voice.seconds == pytest.approx(30.3, abs=0.1)
    assert (media / "voice.flac").stat().st_size < 1_000_000


def test_the_music(media: Path, heard: Callable[..., Sound]) -> None:
    """Thirty-two and a half seconds, stereo, at an RMS of -20 dB; under 1 MB."""
    music = heard(media / "music.flac")
    assert (music.rate, music.channels, music.seconds) == (32_000, 2, 32.5)
    assert 10 * np.log10(np.mean(np.square(music.samples, dtype=float))) == pytest.approx(-20, abs=0.01)
    assert (media / "music.flac").stat().st_size < 1_000_000


def test_the_clip(media: Path, heard: Callable[..., Sound]) -> None:
    """Six seconds of voice under a picture; under 400 kB."""
    assert heard(media / "clip.mp4").seconds == pytest.approx(6, abs=0.1)
    assert (media / "clip.mp4").stat().st_size < 400_000


def test_the_credit_is_there(media: Path) -> None:
    """The README names the speaker, the payer, the source, the licence and the changes."""
    text = (media / "README.md").read_text()
    for word in ("Allison Smith", "Digium", "asterisk-core-sounds-en-g722", "by-sa/3.0", "Changes"):
        assert word in text
