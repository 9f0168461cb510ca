"""What spoils a recording is found, and taken out without touching the rest."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.denoise import NoiseFloor, denoised, foreground
from dolbyio_nb.audio.restoration import hum_lines, plosives, sibilants
from dolbyio_nb.audio.sound import Interval, Sound
from dolbyio_nb.audio.spectrum import spectrum


def level_of(sound: Any) -> Any:
    return 10 * np.log10(np.mean(np.square(sound.samples, dtype=np.float64)))


def test_rumble_goes_and_the_voice_stays(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    only: Callable[..., Any],
) -> None:
    """The high-pass takes away a tone under its frequency and leaves one above."""
    body = only(filter={"hum": {"enable": False}, "high_pass": {"frequency": 100}})
    low, high = make.tone(3, -20, 40), make.tone(3, -20, 300)
    levels = [level_of(heard(run("/media/enhance", saved(tone), body)[1])) for tone in (low, high)]
    assert levels[0] < level_of(low) - 30
    assert levels[1] == pytest.approx(level_of(high), abs=0.1)


@pytest.mark.parametrize("mains", [50, 60])
@pytest.mark.parametrize("level", [-60, -40, -30])
def test_hum_is_found_by_its_mains(make: SimpleNamespace, voice: Sound, mains: int, level: int) -> None:
    """Hum from -60 dB up is found under the voice, with the right mains frequency."""
    hum = make.joined(make.tone(voice.seconds, level, mains, channels=1))
    assert hum_lines(make.mixed(voice, hum))[0] == mains


def test_no_hum_is_found_where_there_is_none(voice: Sound) -> None:
    """A clean voice has no hum."""
    assert hum_lines(voice) == []


def test_hum_is_taken_out(
    make: SimpleNamespace,
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
    only: Callable[..., Any],
) -> None:
    """Hum at -30 dB with its harmonics: SI-SDR rises by at least 6 dB."""
    hum = voice
    for number in range(1, 6):
        tone = make.tone(voice.seconds, -27 - 20 * np.log10(number), 50 * number, channels=1)
        hum = make.mixed(hum, tone)
    body = only(filter={"hum": {"enable": True}, "high_pass": {"enable": False}})
    _, output = run("/media/enhance", saved(hum), body)
    assert si_sdr(voice, heard(output)) - si_sdr(voice, hum) >= 6


def test_clicks_are_mended(
    make: SimpleNamespace,
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
    only: Callable[..., Any],
) -> None:
    """Sixty single wrong samples: SI-SDR rises by at least 20 dB."""
    samples = voice.samples.copy()
    random = np.random.default_rng(3)
    samples[random.integers(0, voice.frames, 60), 0] += random.choice([-0.4, 0.4], 60).astype(np.float32)
    clicked = make.sound(samples)
    speech = {"click": {"reduction": {"enable": True}}}
    _, output = run("/media/enhance", saved(clicked), only(speech=speech))
    assert si_sdr(voice, heard(output)) - si_sdr(voice, clicked) >= 20


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
@pytest.mark.parametrize("seconds", [0.02, 7.3])
def test_noise_goes_down_without_a_seam(make: SimpleNamespace, rate: int, seconds: float) -> None:
    """Where all is taken for noise, every sample of every channel comes out 20 dB lower, and nothing else."""
    sound = make.noise(round(seconds * rate), rate=rate, channels=2)
    powers = spectrum(sound)
    louder = NoiseFloor(1_000 * powers.powers.mean(axis=0), True)
    assert np.allclose(denoised(sound, powers, louder, 20).samples, sound.samples / 10, atol=1e-6)


POPS = (2.0, 5.2, 9.0, 14.0, 20.5, 25.0)


def popped(make: Any, voice: Any) -> Any:
    time = np.arange(round(0.06 * voice.rate)) / voice.rate
    pop = 0.5 * np.sin(2 * np.pi * 55 * time) * np.sin(np.pi * time / 0.06)
    samples = voice.samples.copy()
    for start in POPS:
        first = round(start * voice.rate)
        samples[first : first + len(pop), 0] += pop.astype(np.float32)
    return make.sound(samples)


def hissed(make: Any, voice: Any) -> Any:
    power = np.fft.rfft(np.random.default_rng(3).normal(size=voice.frames))
    frequency = np.fft.rfftfreq(voice.frames, 1 / voice.rate)
    hiss = np.fft.irfft(np.where((frequency > 4500) & (frequency < 9000), power, 0), voice.frames)
    samples, length = voice.samples.copy(), round(0.12 * voice.rate)
    for start in POPS:
        first = round(start * voice.rate)
        burst = 0.3 * hiss[first : first + length] / hiss.std() * np.hanning(length)
        samples[first : first + length, 0] += burst.astype(np.float32)
    return make.sound(samples)


@pytest.mark.parametrize(("finder", "fault", "most"), [(plosives, popped, 1), (sibilants, hissed, 5)])
def test_pops_and_hisses_are_found(
    make: SimpleNamespace,
    voice: Sound,
    finder: Callable[..., list[Interval]],
    fault: Callable[..., Any],
    most: int,
) -> None:
    """Six faults put into the voice are all found; in the voice itself there are few."""
    clean, faulty = spectrum(voice), spectrum(fault(make, voice))
    assert len(finder(clean, foreground(clean))) <= most
    found = finder(faulty, foreground(faulty))
    assert all(any(spot.start - 0.1 < start < spot.end for spot in found) for start in POPS)


@pytest.mark.parametrize(("group", "fault"), [("plosive", popped), ("sibilance", hissed)])
def test_pops_and_hisses_are_lowered(
    make: SimpleNamespace,
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
    group: str,
    fault: Callable[..., Any],
    only: Callable[..., Any],
) -> None:
    """What was put in gets softer: SI-SDR against the clean voice rises."""
    faulty = fault(make, voice)
    speech = {group: {"reduction": {"enable": True, "amount": "high"}}}
    _, output = run("/media/enhance", saved(faulty), only(speech=speech))
    assert si_sdr(voice, heard(output)) - si_sdr(voice, faulty) > 1.5
