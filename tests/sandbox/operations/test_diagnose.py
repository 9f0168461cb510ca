"""Diagnose says what is wrong with a recording, and nothing is wrong with a good one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.filters import Level, leveled, resampled, with_channels
from dolbyio_nb.audio.loudness import LoudnessTarget, limited, meter
from dolbyio_nb.audio.sound import Sound
from dolbyio_nb.sandbox.http_error import Refused

LOUDNESS = {"measured", "range", "gating_mode", "sample_peak", "true_peak"}


def diagnosed(run: Callable[..., Any], source: Any) -> Any:
    return run("/media/diagnose", source)[0]["audio"]


def test_the_documented_shape(media: Path, run: Callable[..., Any]) -> None:
    """Every documented field is there, the distributions have ten rows, and notes say how far to trust it."""
    result, _ = run("/media/diagnose", media / "voice.flac")
    audio = result["audio"]
    assert set(audio) == {
        "quality_score", "noise_score", "clipping", "loudness", "music", "silence", "speech",
    }  # fmt: skip
    assert set(audio["loudness"]) == LOUDNESS
    assert set(audio["silence"]) == {
        "percentage", "at_beginning", "at_end", "num_sections", "silent_channels",
    }  # fmt: skip
    for score in ("quality_score", "noise_score"):
        rows = audio[score]["distribution"]
        assert [(row["lower_bound"], row["upper_bound"]) for row in rows] == [(n, n + 1) for n in range(10)]
        assert sum(row["percentage"] for row in rows) == pytest.approx(100, abs=0.5)
        assert sum(row["duration"] for row in rows) == pytest.approx(30.277, abs=0.05)
    assert set(audio["quality_score"]["worst_segment"]) == {"start", "end", "score"}
    assert result["notes"]


def test_a_good_voice(media: Path, run: Callable[..., Any]) -> None:
    """A studio recording: speech, no music, no clipping, little noise, high quality."""
    audio = diagnosed(run, media / "voice.flac")
    assert audio["speech"]["percentage"] > 90
    assert audio["music"]["percentage"] == 0
    assert audio["clipping"]["events"] == 0
    assert audio["noise_score"]["average"] < 1
    assert audio["quality_score"]["average"] > 9
    assert audio["loudness"]["gating_mode"] == "speech"


def test_music(media: Path, run: Callable[..., Any]) -> None:
    """Music is music, and its loudness is gated by level."""
    audio = diagnosed(run, media / "music.flac")
    assert audio["music"]["percentage"] == 100
    assert audio["speech"]["percentage"] == 0
    assert audio["loudness"]["gating_mode"] == "level"
    assert audio["clipping"]["events"] == 0


def test_more_noise_scores_worse(
    make: Any, voice: Sound, saved: Callable[..., Any], run: Callable[..., Any]
) -> None:
    """The noise score rises and the quality falls with every 10 dB of noise."""
    level = 10 * np.log10(np.mean(np.square(voice.samples)))
    scores = []
    for ratio in (40, 30, 20, 10):
        noisy = make.mixed(voice, make.noise(voice.frames, level - ratio))
        audio = diagnosed(run, saved(noisy))
        scores.append((audio["noise_score"]["average"], -audio["quality_score"]["average"]))
    assert scores == sorted(scores)
    assert scores[-1][0] - scores[0][0] > 4


@pytest.mark.parametrize("gain", [6, 12])
def test_clipping_is_counted(
    make: Any, voice: Sound, saved: Callable[..., Any], run: Callable[..., Any], gain: int
) -> None:
    """The voice driven over full scale clips; the worst segment and the quality show it."""
    driven = np.clip(voice.samples * 10 ** (gain / 20), -0.9, 0.9)
    audio = diagnosed(run, saved(make.sound(driven)))
    assert audio["clipping"]["events"] > 10
    assert audio["quality_score"]["average"] < 9


def test_a_change_of_level_hides_no_clipping(
    make: Any,
    media: Path,
    heard: Callable[..., Sound],
    saved: Callable[..., Any],
    run: Callable[..., Any],
) -> None:
    """What was clipped and then turned down keeps its flat tops, their number and its quality."""
    voice = heard(media / "voice.flac")
    driven = np.clip(4 * voice.samples, -1, 1)
    found = []
    for decibels in (0, -6, -20.3):
        audio = diagnosed(run, saved(make.sound(driven * 10 ** (decibels / 20), voice.rate)))
        found.append((audio["clipping"]["events"], audio["quality_score"]["average"]))
    assert found[0][0] > 50
    assert found[1:] == [found[0]] * 2


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("gain", [6, 12])
def test_enhancing_hides_no_clipping(
    make: Any,
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    rate: int,
    gain: int,
) -> None:
    """Enhance cannot bring back what was cut off, and the quality is at most 1 higher afterwards."""
    voice = resampled(voice, rate)
    source = saved(make.sound(np.clip(voice.samples * 10 ** (gain / 20), -1, 1), rate))
    _, output = run("/media/enhance", source)
    before, after = diagnosed(run, source), diagnosed(run, output)
    assert after["clipping"]["events"] > before["clipping"]["events"] / 2
    assert after["quality_score"]["average"] <= before["quality_score"]["average"] + 1


@pytest.mark.parametrize("name", ["voice.flac", "music.flac"])
@pytest.mark.parametrize("ending", ["wav", "mp3", "m4a", "ogg"])
@pytest.mark.parametrize("gain", [0, 20, 30])
def test_limiting_and_coding_are_not_clipping(
    media: Path,
    heard: Callable[..., Sound],
    saved: Callable[..., Any],
    run: Callable[..., Any],
    name: str,
    ending: str,
    gain: int,
) -> None:
    """Sound that was pressed hard under a ceiling by a limiter, or coded, or both, has round tops still."""
    pressed = limited(leveled(heard(media / name).cut(4, 16), Level(gain)), LoudnessTarget(-9))
    assert diagnosed(run, saved(pressed, f"in.{ending}"))["clipping"]["events"] == 0


def test_a_square_wave_is_owned_up_to(make: Any, saved: Callable[..., Any], run: Callable[..., Any]) -> None:
    """A square wave cannot be told from clipping: it counts, and a note says so."""
    square = make.sound(0.5 * np.sign(make.tone(3).samples))
    result, _ = run("/media/diagnose", saved(square))
    assert result["audio"]["clipping"]["events"] > 0
    assert any("square" in note for note in result["notes"])


def test_a_tone_is_not_clipping(make: Any, saved: Callable[..., Any], run: Callable[..., Any]) -> None:
    """A low tone stays near its peak for many samples, and is not called clipped for it."""
    assert diagnosed(run, saved(make.tone(3, -1, 60)))["clipping"]["events"] == 0


@pytest.mark.parametrize("name", ["voice.flac", "music.flac"])
def test_reaching_full_scale_is_not_clipping(
    make: Any,
    media: Path,
    heard: Callable[..., Sound],
    saved: Callable[..., Any],
    run: Callable[..., Any],
    name: str,
) -> None:
    """A recording that just reaches full scale is not called clipped."""
    sound = heard(media / name)
    scaled = sound.samples * 0.999 / np.abs(sound.samples).max()
    assert diagnosed(run, saved(make.sound(scaled, sound.rate)))["clipping"]["events"] == 0


def test_silences_are_timed(make: Any, saved: Callable[..., Any], run: Callable[..., Any]) -> None:
    """A second before, two in the middle and three after the tones are found; a fifth of one is none."""
    quiet = lambda seconds: make.sound(np.zeros((round(seconds * 48_000), 1)))  # noqa: E731
    tone = make.tone(2, channels=1)
    sound = make.joined(quiet(1), tone, quiet(2), tone, quiet(0.2), tone, quiet(3))  # type: ignore[no-untyped-call]
    silence = diagnosed(run, saved(sound))["silence"]
    assert silence["at_beginning"] == pytest.approx(1, abs=0.02)
    assert silence["at_end"] == pytest.approx(3, abs=0.02)
    assert silence["num_sections"] == 3
    assert silence["percentage"] == pytest.approx(100 * 6 / 12.2, abs=0.3)


def test_a_dead_channel(make: Any, saved: Callable[..., Any], run: Callable[..., Any]) -> None:
    """A channel in which nothing is recorded is named by its number, counted from 0."""
    tone = make.tone(3).samples * np.array([1, 0])
    assert diagnosed(run, saved(make.sound(tone)))["silence"]["silent_channels"] == [1]


def test_speech_gating_hears_only_speech(
    make: Any,
    media: Path,
    heard: Callable[..., Sound],
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
) -> None:
    """Louder music after the speech counts in level gating; by speech gating the voice alone counts."""
    music = with_channels(resampled(heard(media / "music.flac"), 48_000), 1).cut(0, 12)
    louder = make.sound(music.samples * 3)
    audio = diagnosed(run, saved(make.joined(voice.cut(0, 12), louder)))
    assert audio["loudness"]["gating_mode"] == "speech"
    assert audio["loudness"]["measured"] == pytest.approx(meter(voice.cut(0, 12)).integrated, abs=1)
    assert meter(make.joined(voice.cut(0, 12), louder)).integrated > audio["loudness"]["measured"] + 1


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_noise_is_not_speech(
    make: Any, saved: Callable[..., Any], run: Callable[..., Any], rate: int
) -> None:
    """Steady noise alone is neither speech nor music."""
    audio = diagnosed(run, saved(make.noise(10 * rate, -40, rate=rate)))
    assert audio["speech"]["percentage"] < 5
    assert audio["music"]["percentage"] == 0


@pytest.mark.parametrize("frames", [1_000, 3_000, 50_000])
@pytest.mark.parametrize("rate", [8_000, 96_000])
def test_the_shortest_sounds(
    make: Any, saved: Callable[..., Any], run: Callable[..., Any], frames: int, rate: int
) -> None:
    """A hundredth of a second is enough for an answer."""
    audio = diagnosed(run, saved(make.noise(frames, rate=rate, channels=2)))
    assert audio["loudness"]["sample_peak"] < 0


@pytest.mark.parametrize("frames", [1, 400])
def test_too_short_to_be_sound(
    make: Any, saved: Callable[..., Any], run: Callable[..., Any], frames: int
) -> None:
    """Less than a hundredth of a second is refused in words."""
    with pytest.raises(Refused, match="hundredth"):
        run("/media/diagnose", saved(make.noise(frames)))
