"""Analyze and its two relatives leave the documented report behind."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.sound import Sound
from dolbyio_nb.sandbox.http_error import Refused


@pytest.fixture
def report(run: Callable[..., Any]) -> Callable[..., Any]:
    """Runs an analysis; returns the audio part of its report, and the whole."""

    def analyzed(path: Any, source: Any, body: Any = None) -> Any:
        result, output = run(path, source, body, "report.json")
        assert result == {}
        whole = json.loads(output.read_text())
        return whole["processed_region"]["audio"], whole

    return analyzed


def test_the_documented_shape(media: Path, report: Callable[..., Any]) -> None:
    """Every documented field of Analyze is there, and validation only when it was asked for."""
    audio, whole = report("/media/analyze", media / "voice.flac")
    assert set(whole) == {"media_info", "processed_region", "notes"}
    assert whole["processed_region"]["start"] == 0
    assert whole["processed_region"]["end"] == pytest.approx(30.277, abs=0.001)
    assert set(audio) == {
        "clipping", "loudness", "bandwidth", "noise", "music", "speech", "silence",
    }  # fmt: skip
    assert set(audio["noise"]) == {"snr_average", "level_average"}
    assert audio["bandwidth"] == pytest.approx(8000, abs=100)


def test_a_row_for_every_second(
    make: SimpleNamespace, saved: Callable[..., Any], report: Callable[..., Any]
) -> None:
    """Time, loudness and both peaks, second by second, follow a sound that changes every two seconds."""
    levels = (-20, -40, -30)
    steps = make.joined(*(make.tone(2, level) for level in levels))
    audio, _ = report("/media/analyze", saved(steps))
    rows = audio["loudness"]["time_series"]
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4, 5]
    for index, level in ((1, -20), (3, -40), (5, -30)):
        assert rows[index][1] == pytest.approx(level, abs=0.3)
        assert rows[index][2] == pytest.approx(level, abs=0.1)
        assert rows[index][3] >= rows[index][2]
    assert max(row[3] for row in rows) == pytest.approx(audio["loudness"]["true_peak"], abs=0.01)


@pytest.mark.parametrize("ratio", [40, 30, 20])
def test_signal_to_noise(
    make: SimpleNamespace, voice: Sound, saved: Callable[..., Any], report: Callable[..., Any], ratio: int
) -> None:
    """Where we mixed the noise ourselves, the estimate is within 2.6 dB from 20 to 40 dB."""
    level = 10 * np.log10(np.mean(np.square(voice.samples)))
    noisy = make.mixed(voice, make.noise(voice.frames, level - ratio))
    noise = report("/media/analyze", saved(noisy))[0]["noise"]
    assert noise["snr_average"] == pytest.approx(ratio, abs=2.6)
    assert noise["level_average"] == pytest.approx(level - ratio, abs=1)


@pytest.mark.parametrize(
    ("body", "passed", "detail"),
    [
        ({"loudness": {"profile": "service_spotify"}}, False, "outside range specified [-15,-13]"),
        ({"validation": {"loudness": {"loudness_min": -19, "loudness_max": -16}}}, True, "as specified"),
        ({"validation": {"loudness": {"loudness_max": -20}}}, False, "outside range"),
        ({"validation": {"loudness": {"true_peak_max": -6}}}, False, "above maximum specified -6"),
    ],
)
def test_validation(
    media: Path,
    report: Callable[..., Any],
    body: dict[str, dict[str, dict[str, int]]] | dict[str, dict[str, str]],
    passed: bool,
    detail: Any,
) -> None:
    """Loudness and true peak are held against a profile, or against the request's own limits."""
    validation = report("/media/analyze", media / "voice.flac", body)[0]["validation"]["loudness"]
    assert validation["pass"] is passed
    assert detail in validation["detail"]


def test_silence_as_asked(
    make: SimpleNamespace, saved: Callable[..., Any], report: Callable[..., Any]
) -> None:
    """Threshold and shortest duration of silence come from the request; its sections are listed."""
    sound = make.joined(make.tone(2, -20), make.tone(1.5, -50), make.tone(2, -20))
    body = {"content": {"silence": {"threshold": -45, "duration": 1}}}
    silence = report("/media/analyze", saved(sound), body)[0]["silence"]
    assert silence["sections"] == [{"start": 2.0, "duration": 1.5}]
    assert report("/media/analyze", saved(sound))[0]["silence"]["num_sections"] == 0


def test_metering_modes(make: SimpleNamespace, saved: Callable[..., Any], report: Callable[..., Any]) -> None:
    """1770-1 knows no gate: silence makes it 3 dB less; later editions leave silence out."""
    sound = saved(make.joined(make.tone(4, -20), make.sound(np.zeros((4 * 48_000, 2)))))
    measured = [
        report("/media/analyze", sound, {"loudness": {"metering_mode": mode}})[0]["loudness"]["measured"]
        for mode in ("1770-1", "1770-4")
    ]
    assert measured == [pytest.approx(-23, abs=0.3), pytest.approx(-20, abs=0.3)]


def test_dialog_intelligence_off(media: Path, report: Callable[..., Any]) -> None:
    """Without dialog intelligence, loudness is gated by level."""
    body = {"loudness": {"dialog_intelligence": False}}
    assert report("/media/analyze", media / "voice.flac", body)[0]["loudness"]["gating_mode"] == "level"


@pytest.mark.parametrize("path", ["/media/analyze", "/media/analyze/speech", "/media/analyze/music"])
def test_two_seconds_are_needed(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], tmp_path: Path, path: str
) -> None:
    """Anything shorter than two seconds is refused in words, and leaves no report."""
    with pytest.raises(Refused) as refused:
        run(path, saved(make.tone(1.9)), output="report.json")
    assert "1.90 s" in refused.value.detail
    assert not (tmp_path / "report.json").exists()


def test_speech_with_pauses(
    make: SimpleNamespace, voice: Sound, saved: Callable[..., Any], report: Callable[..., Any]
) -> None:
    """Two spoken stretches with three seconds between them are two sections of one talker, timed to 0.4 s."""
    pause = make.sound(np.zeros((3 * 48_000, 1)))
    part = voice.cut(1, 6)
    noise = make.noise(13 * 48_000, -70)
    sound = make.mixed(make.joined(part, pause, part), noise)
    speech, whole = report("/media/analyze/speech", saved(sound))
    talker = speech["speech"]["details"][0]
    assert speech["speech"]["num_talkers"] == 1
    assert [s["start"] for s in talker["sections"]] == [pytest.approx(0, abs=0.4), pytest.approx(8, abs=0.4)]
    assert talker["sections"][0]["duration"] == pytest.approx(5, abs=0.5)
    assert talker["longest_monologue"] == pytest.approx(5, abs=0.5)
    assert {"talker_id", "talk_listen_ratio", "loudness", "quality_score", "num_sections"} <= set(talker)
    assert talker["sections"][1]["section_id"] == "tk_1_2"
    assert any("one talker" in note for note in whole["notes"])


def test_no_talker_in_silence(
    make: SimpleNamespace, saved: Callable[..., Any], report: Callable[..., Any]
) -> None:
    """Where nobody speaks there is no talker."""
    audio, _ = report("/media/analyze/speech", saved(make.noise(3 * 48_000, -50)))
    assert audio["speech"]["num_talkers"] == 0


def test_key_and_tempo_of_the_sample_music(media: Path, report: Callable[..., Any]) -> None:
    """The music says D major at 96, as it was written, and leaves empty what cannot be told."""
    audio, whole = report("/media/analyze/music", media / "music.flac")
    (section,) = audio["music"]["sections"]
    assert section["key"][0][0] == "D major"
    assert section["bpm"] == pytest.approx(96, abs=0.5)
    assert section["duration"] == pytest.approx(32.5, abs=0.1)
    assert section["genre"] == section["era"] == section["instrument"] == []
    assert any("Genre" in note for note in whole["notes"])


@pytest.mark.parametrize(
    ("semitones", "name"), [(0, "C major"), (5, "F major"), (9, "A major"), (-2, "Bb major")]
)
def test_keys_of_plain_chords(
    make: SimpleNamespace, saved: Callable[..., Any], report: Callable[..., Any], semitones: int, name: str
) -> None:
    """Tonic, subdominant, dominant and tonic are heard in their key, wherever they are moved."""
    chords = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)] * 2
    sounds = [
        make.sound(
            sum(make.tone(0.75, -30, 440 * 2 ** ((note + semitones - 69) / 12)).samples for note in chord)
        )
        for chord in chords
    ]
    audio, _ = report("/media/analyze/music", saved(make.joined(*sounds)))
    assert audio["music"]["sections"][0]["key"][0][0] == name


@pytest.mark.parametrize("bpm", [50, 80, 100, 120, 132, 180, 200])
def test_tempo_of_plain_beats(make: SimpleNamespace, bpm: int) -> None:
    """Clicks on a soft chord are counted right, up to a factor of two."""
    from dolbyio_nb.audio.music import tempo

    beat = round(60 / bpm * 48_000)
    samples = make.noise(beat, -20).samples * np.exp(-np.arange(beat) / 1_500)[:, None]
    found = tempo(make.sound(np.tile(samples, (round(12 * 48_000 / beat), 1))))
    assert min(abs(found * factor - bpm) for factor in (0.5, 1, 2)) < 1  # type: ignore[operator]


def test_speech_between_music(
    make: SimpleNamespace,
    media: Path,
    heard: Callable[..., Sound],
    voice: Sound,
    saved: Callable[..., Any],
    report: Callable[..., Any],
) -> None:
    """Music, then speech: each is found where it is, to three seconds."""
    from dolbyio_nb.audio.filters import resampled, with_channels

    music = with_channels(resampled(heard(media / "music.flac"), 48_000), 1).cut(0, 12)
    audio, _ = report("/media/analyze", saved(make.joined(music, voice.cut(0, 12))))
    assert audio["music"]["percentage"] == pytest.approx(50, abs=13)
    assert audio["speech"]["percentage"] == pytest.approx(50, abs=13)
