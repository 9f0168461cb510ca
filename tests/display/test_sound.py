"""What is measured here, against sounds whose values are known."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from dolbyio_nb import display
from dolbyio_nb.audio.measure import quietest_tenth
from dolbyio_nb.display.plots import loudness_curve
from dolbyio_nb.errors import DolbyError

from .conftest import Write, tone


def test_a_tone_of_minus_23_reads_minus_23(wav: Write) -> None:
    """EBU Tech 3341's first case: a stereo sine of 1000 Hz at -23 dBFS is -23.0 LUFS, within 0.1."""
    sound = display.measure(wav("tone.wav", np.stack([tone(1000, 20, 10 ** (-23 / 20))] * 2, axis=1)))
    assert sound.loudness == pytest.approx(-23.0, abs=0.1)
    assert sound.range == pytest.approx(0, abs=0.1)
    assert loudness_curve(sound, brief=False)[1] == pytest.approx(-23.0, abs=0.1)
    assert loudness_curve(sound, brief=True)[1] == pytest.approx(-23.0, abs=0.1)


def test_the_true_peak_is_between_the_samples(wav: Write) -> None:
    """A sine at a quarter of the rate, half a sample off, peaks 3 dB above its samples."""
    swelling = np.hanning(96_000) * tone(12_000, 2, 0.5, phase=np.pi / 4)
    sound = display.measure(wav("peak.wav", swelling))
    assert sound.peak == pytest.approx(0.5 * 2**-0.5, abs=1e-3)
    assert sound.true_peak == pytest.approx(-6.02, abs=0.3)


def test_a_curve_begins_when_its_window_is_full(wav: Write) -> None:
    """No loudness is given for a window that still holds the silence before the beginning."""
    sound = display.measure(wav("tone.wav", tone(1000, 20, 0.1)))
    assert loudness_curve(sound, brief=False)[0][0] == pytest.approx(3.0)
    assert loudness_curve(sound, brief=True)[0][0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("rate", "frames"), [(8000, 3), (11_025, 30_001), (44_100, 44_100), (48_000, 96_001)]
)
def test_no_sample_is_missed(wav: Write, rate: int, frames: int) -> None:
    """Wherever one extreme sample stands, first and last among them, the outline shows it."""
    samples = np.zeros(frames)
    samples[0], samples[-1], samples[frames // 2] = 0.5, -0.25, 0.75
    sound = display.measure(wav("spikes.wav", samples, rate))
    assert sound.seconds == pytest.approx(frames / rate)
    assert sound.highs[0] == pytest.approx(0.5, abs=1e-4)
    assert sound.lows[-1] == pytest.approx(-0.25, abs=1e-4)
    assert sound.peak == pytest.approx(0.75, abs=1e-4)


@pytest.mark.parametrize("channel", [0, 1])
def test_both_channels_count(wav: Write, channel: int) -> None:
    """The outline takes the extremes of all channels."""
    samples = np.zeros((48_000, 2))
    samples[100, channel] = 0.5
    assert display.measure(wav("one.wav", samples)).peak == pytest.approx(0.5, abs=1e-4)


def test_levels_are_mean_squares_of_50_ms(wav: Write) -> None:
    """A full-scale sine has -3 dB, half of it -9 dB."""
    sound = display.measure(wav("steps.wav", np.concatenate([tone(1000, 0.5), tone(1000, 0.5, 0.5)])))
    assert sound.levels[:10] == pytest.approx(-3.01, abs=0.01)
    assert sound.levels[10:] == pytest.approx(-9.03, abs=0.01)


def test_the_quietest_tenth_is_found_in_the_first_sound_and_measured_in_the_second(wav: Write) -> None:
    """The second's level is taken where the first is quiet, not where it is quiet itself."""
    first = np.concatenate([tone(1000, 8, 0.5), tone(1000, 2, 0.01)])
    second = np.concatenate([tone(1000, 8, 0.001), tone(1000, 2, 0.1)])
    a, b = display.measure(wav("a.wav", first)), display.measure(wav("b.wav", second))
    assert quietest_tenth(a, a)[0] == pytest.approx(-43.0, abs=0.1)  # type: ignore[index]
    assert quietest_tenth(a, b)[0] == pytest.approx(-23.0, abs=0.1)  # type: ignore[index]
    assert quietest_tenth(a, a)[1] == pytest.approx(43.0 - 10.0, abs=0.1)  # type: ignore[index]


def test_digital_silence_is_no_pause(wav: Write) -> None:
    """Silence before a recording does not pass for its noise floor."""
    sound = np.concatenate([np.zeros(96_000), tone(1000, 8, 0.5), tone(1000, 1, 0.01)])
    a = display.measure(wav("a.wav", sound))
    assert quietest_tenth(a, a)[0] == pytest.approx(-43.0, abs=0.1)  # type: ignore[index]


def test_sounds_of_other_lengths_are_not_held_against_each_other(wav: Write) -> None:
    """Where the places do not match there is no number."""
    a, b = display.measure(wav("a.wav", tone(99, 2))), display.measure(wav("b.wav", tone(99, 3)))
    assert quietest_tenth(a, b) is None


def test_silence_and_moments_have_no_loudness(wav: Write) -> None:
    """What is too quiet or too short for a loudness gets None, and can still be drawn."""
    for path in (wav("silence.wav", np.zeros((48_000, 2))), wav("moment.wav", tone(1000, 0.01))):
        sound = display.measure(path)
        assert (sound.loudness, sound.range) == (None, None)
        assert "–" in display.compare(path)._repr_html_()
    assert display.measure(wav("silence.wav", np.zeros(48_000))).true_peak == -120


def test_a_file_is_measured_again_when_it_changes(wav: Write) -> None:
    """The same path with other contents is another sound; the same contents are not read twice."""
    path = wav("x.wav", tone(1000, 1, 0.1))
    first = display.measure(path)
    assert display.measure(path) is first
    os.utime(wav("x.wav", tone(1000, 2, 0.5)), ns=(1, 1))
    assert display.measure(path).seconds == 2


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ffconcat version 1.0\nfile good.wav\n"])
def test_what_is_no_sound_is_refused_in_words(
    wav: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Damaged files, and lists that would open other files, end in three lines that name the file."""
    monkeypatch.chdir(tmp_path)
    wav("good.wav", tone(1000, 1))
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(DolbyError, match=r"bad\.wav cannot be read as sound"):
        display.measure(path)


def test_the_loudness_over_time_is_a_table(wav: Write) -> None:
    """Ten rows a second, for one's own plots."""
    frame = display.measure(wav("x.wav", tone(1000, 5, 0.1))).to_frame()
    assert list(frame.columns) == ["time", "momentary", "short_term"]
    assert len(frame) == 50


def test_a_long_file_is_kept_in_few_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty minutes are measured to the end, and shown in no more bytes than two seconds."""
    monkeypatch.chdir(tmp_path)
    path = sparse_wav(tmp_path / "long.wav", 1200)
    sound = display.measure(path)
    assert sound.seconds == 1200
    assert len(sound.lows) < 10_000
    assert len(display.compare(path)._repr_html_()) < 60_000


def sparse_wav(path: Path, seconds: int) -> Path:
    """Silence of any length that takes no room on disk."""
    rate, size = 8000, seconds * 8000 * 2
    header = struct.pack("<4sI8sIHHIIHH", b"RIFF", size + 36, b"WAVEfmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    with path.open("wb") as file:
        file.write(header + struct.pack("<4sI", b"data", size))
        file.truncate(44 + size)
    return path
