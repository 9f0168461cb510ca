"""Mastering reaches the loudness, the tone and the width of its preset."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.loudness import measure_peaks, meter
from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.sandbox.http_error import Refused
from dolbyio_nb.sandbox.operations import process
from dolbyio_nb.sandbox.operations.master import PRESETS, toned


@pytest.fixture
def master(tmp_path: Path) -> Callable[..., Any]:
    """Masters one source to several outputs; returns the result and the paths."""

    def job(source: Any, *masters: Any, path: str = "/media/master", segment: Any = None) -> Any:
        body = {
            "inputs": [{"source": "dlb://in"} | ({"segment": segment} if segment else {})],
            "outputs": [{"destination": "dlb://out", "kind": "wav", "master": one} for one in masters],
        }
        outputs = [tmp_path / f"{index}.wav" for index in range(len(masters))]
        return process(path, body, [source], outputs, no_progress), outputs

    return job


def preset(letter: str, level: int | None = None, **more: Any) -> dict[Any, Any]:
    loudness = {"enable": True} | ({"target_level": level} if level else {})
    return {"dynamic_eq": {"enable": True, "preset": letter, **more}, "loudness": loudness}


def test_loud_and_under_the_ceiling(
    media: Path, heard: Callable[..., Sound], master: Callable[..., Any], second_meter: Callable[..., Any]
) -> None:
    """Each output meets its own target within 0.5 LU by an independent meter, true peak under -1 dB."""
    targets = (-16, -12, -9)
    music = media / "music.flac"
    result, outputs = master(music, *(preset(p, t) for p, t in zip("ibh", targets, strict=True)))
    for output, target, level in zip(outputs, targets, result["final_levels"], strict=True):
        measured = second_meter(heard(output)).integrated
        assert measured == pytest.approx(target, abs=0.5)
        assert level == pytest.approx(measured, abs=0.1)
        assert measure_peaks(heard(output)).true <= -1
    assert result["initial_level"] == pytest.approx(meter(heard(music)).integrated, abs=0.01)
    assert result["final_level"] == result["final_levels"][0]


def test_a_preview_is_short(media: Path, heard: Callable[..., Sound], master: Callable[..., Any]) -> None:
    """A preview masters only its segment, thirty seconds if not said, and gives no final level."""
    segment = {"start": 4, "duration": 6}
    path = "/media/master/preview"
    result, (output,) = master(media / "music.flac", preset("a"), path=path, segment=segment)
    assert heard(output).seconds == pytest.approx(6)
    assert set(result) == {"initial_level", "notes"}
    _, (output,) = master(media / "music.flac", preset("a"), path=path)
    assert heard(output).seconds == pytest.approx(30)


@pytest.mark.parametrize("letter", PRESETS)
def test_every_preset_has_its_own_tone(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    heard: Callable[..., Sound],
    master: Callable[..., Any],
    letter: str,
) -> None:
    """White noise comes out with the preset's bass and air, against the middle, within 1 dB."""
    off = {"loudness": {"enable": False}, "stereo_image": {"enable": False}}
    noise = make.noise(4 * 48_000, -30, channels=2)
    _, (output,) = master(saved(noise), preset(letter) | off)

    def change(low: int, high: int) -> Any:
        frequency = np.fft.rfftfreq(noise.frames, 1 / 48_000)
        band = (frequency >= low) & (frequency < high)
        powers = [np.abs(np.fft.rfft(s.samples[:, 0]))[band] ** 2 for s in (noise, heard(output))]
        return 10 * np.log10(powers[1].sum() / powers[0].sum())

    wanted = PRESETS[letter]
    assert change(25, 60) - change(500, 900) == pytest.approx(wanted.bass, abs=1)
    assert change(18_000, 22_000) - change(500, 900) == pytest.approx(wanted.presence + wanted.air, abs=1)


def test_intensity(
    make: SimpleNamespace, saved: Callable[..., Any], heard: Callable[..., Sound], master: Callable[..., Any]
) -> None:
    """Intensity 0 leaves the tone as it is."""
    off = {"loudness": {"enable": False}, "stereo_image": {"enable": False}}
    noise = make.noise(48_000, -30, channels=2)
    _, (output,) = master(saved(noise), preset("e", intensity=0) | off)
    assert np.abs(heard(output).samples - noise.samples).max() < 1e-3


def test_width(make: SimpleNamespace) -> None:
    """Only the difference of the channels grows; what both share stays, and mono stays mono."""
    both = make.joined(make.noise(1000, channels=2))
    wide = toned(both, [], 6)
    middle, side = (both.samples @ [0.5, 0.5], both.samples @ [0.5, -0.5])
    assert np.allclose(wide.samples @ [0.5, 0.5], middle, atol=1e-6)
    assert np.allclose(wide.samples @ [0.5, -0.5], side * 10 ** (6 / 20), atol=1e-6)
    one = make.noise(1000)
    assert toned(one, [], 6) is one


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"dynamic_eq": {"preset": "z"}}, "preset"),
        ({"loudness": {"target_level": 3}}, "target_level"),
        ({"dynamic_eq": {"intensity": "much"}}, "intensity"),
    ],
)
def test_a_wrong_request_names_its_field(
    media: Path,
    tmp_path: Path,
    master: Callable[..., Any],
    change: dict[str, dict[str, int]] | dict[str, dict[str, str]],
    word: str,
) -> None:
    """What cannot be meant is refused, and nothing is left behind."""
    with pytest.raises(Refused, match=word):
        master(media / "clip.mp4", change)
    assert list(tmp_path.iterdir()) == []
