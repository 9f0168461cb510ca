"""Loudness is what EBU Tech 3341 and 3342 say, and what an independent meter says."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.loudness import measure_peaks, meter
from dolbyio_nb.audio.sound import Sound

TECH_3341 = {
    "case 1": ([(20, -23)], -23),
    "case 2": ([(20, -33)], -33),
    "case 3": ([(10, -36), (60, -23), (10, -36)], -23),
    "case 4": ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23),
    "case 5": ([(20, -26), (20.1, -20), (20, -26)], -23),
}
LFE = 3  # the channel that BS.1770 leaves out
TECH_3342 = {
    "case 1": ([(20, -20), (20, -30)], 10),
    "case 2": ([(20, -20), (20, -15)], 5),
    "case 3": ([(20, -40), (20, -20)], 20),
    "case 4": ([(20, -50), (20, -35), (20, -20), (20, -35), (20, -50)], 15),
}


def steps(make: SimpleNamespace, parts: list[tuple[int, int]] | object) -> Any:
    return make.joined(*(make.tone(seconds, level) for seconds, level in parts))  # type: ignore[union-attr]


@pytest.mark.parametrize("case", TECH_3341)
def test_loudness_of_the_ebu_signals(
    make: SimpleNamespace, second_meter: Callable[..., Any], case: str
) -> None:
    """Stereo tones at the levels of Tech 3341 read within 0.1 LU of its truth and of libebur128."""
    parts, truth = TECH_3341[case]
    sound = steps(make, parts)
    measured = meter(sound).integrated
    assert measured == pytest.approx(truth, abs=0.1)
    assert measured == pytest.approx(second_meter(sound).integrated, abs=0.1)


@pytest.mark.parametrize("rate", [32_000, 48_000])
@pytest.mark.parametrize("alone", [None, *range(8)])
@pytest.mark.parametrize("channels", [6, 8])
def test_loudness_of_surround(
    make: Any, second_meter: Any, channels: int, alone: int | None, rate: int
) -> None:
    """5.1 and 7.1 by BS.1770's weights: all channels, and each one alone, read as libebur128 reads them."""
    if alone is not None and alone >= channels:
        return
    noise = make.noise(3 * rate, rate=rate, channels=channels)
    kept = np.ones(channels) if alone is None else np.arange(channels) == alone
    sound = make.sound(noise.samples * kept, rate)
    if alone == LFE:
        assert meter(sound).integrated is None
    else:
        assert meter(sound).integrated == pytest.approx(second_meter(sound).integrated, abs=0.06)


@pytest.mark.parametrize("case", TECH_3342)
def test_range_of_the_ebu_signals(make: SimpleNamespace, second_meter: Callable[..., Any], case: str) -> None:
    """Loudness ranges of Tech 3342 come out within 1 LU of its truth and 0.1 LU of libebur128."""
    parts, truth = TECH_3342[case]
    sound = steps(make, parts)
    measured = meter(sound).range
    assert measured == pytest.approx(truth, abs=1)
    assert measured == pytest.approx(second_meter(sound).range, abs=0.1)


@pytest.mark.parametrize("phase", [0, 45, 60, 67.5])
def test_true_peak_between_the_samples(
    make: SimpleNamespace, second_meter: Callable[..., Any], phase: float
) -> None:
    """A faded tone at a quarter of the rate peaks at -6 dB however the samples fall: +0.2, -0.4 dB."""
    tone = make.tone(2, 20 * np.log10(0.5), 12_000, phase=np.radians(phase))
    tone = make.sound(tone.samples * np.hanning(tone.frames)[:, None] ** 0.25)
    peak = measure_peaks(tone).true
    assert -6.4 <= peak <= -5.8
    assert peak == pytest.approx(second_meter(tone).true_peak, abs=0.3)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000, 192_000])
def test_every_rate_reads_alike(make: SimpleNamespace, second_meter: Callable[..., Any], rate: int) -> None:
    """The two meters agree within 0.1 LU at every sample rate."""
    sound = make.joined(make.tone(5, -23, rate=rate), make.tone(5, -30, 300, rate=rate))
    assert meter(sound).integrated == pytest.approx(second_meter(sound).integrated, abs=0.1)


def test_a_real_voice_and_real_music_read_alike(
    media: Path, heard: Callable[..., Sound], second_meter: Callable[..., Any]
) -> None:
    """The two meters agree within 0.1 LU on the sample recordings."""
    for name in ("voice.flac", "music.flac"):
        sound = heard(media / name)
        measured, other = meter(sound), second_meter(sound)
        assert measured.integrated == pytest.approx(other.integrated, abs=0.1)
        assert measured.range == pytest.approx(other.range, abs=0.1)


def test_one_channel_is_not_two(make: SimpleNamespace, second_meter: Callable[..., Any]) -> None:
    """A mono tone is 3 LU quieter than the same in both channels, as BS.1770 has it."""
    one, two = make.tone(5, -23, channels=1), make.tone(5, -23, channels=2)
    assert meter(two).integrated - meter(one).integrated == pytest.approx(3.01, abs=0.05)  # type: ignore[operator]
    assert meter(one).integrated == pytest.approx(second_meter(one).integrated, abs=0.1)


def test_silence_has_no_loudness(make: SimpleNamespace) -> None:
    """Digital silence has no loudness and no range; its levels read -120, which JSON can hold."""
    quiet = make.sound(np.zeros((96_000, 2)))
    readings, peaks = meter(quiet), measure_peaks(quiet)
    assert (readings.integrated, readings.range) == (None, None)
    assert (peaks.sample, peaks.true) == (-120, -120)
    assert readings.ungated(0, 2) == -120


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.3, 0.39])
def test_what_is_shorter_than_a_window_has_no_loudness(make: SimpleNamespace, seconds: float) -> None:
    """BS.1770 measures in blocks of 0.4 s: less gives nothing, however loud."""
    readings = meter(make.tone(seconds, 0))
    assert (readings.integrated, readings.range) == (None, None)


def test_ungated_loudness_leaves_nothing_out(make: SimpleNamespace) -> None:
    """Half of the time at -20 and half at silence is 3 dB less, ungated, and the same, gated."""
    half = make.joined(make.tone(4, -20), make.sound(np.zeros((4 * 48_000, 2))))
    readings = meter(half)
    assert readings.ungated(0, 8) == pytest.approx(-23, abs=0.3)
    assert readings.integrated == pytest.approx(-20, abs=0.3)
