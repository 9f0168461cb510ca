"""Enhance makes what it is asked to make, and leaves a good recording as it was."""

from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.loudness import measure_peaks, meter
from dolbyio_nb.audio.sound import Sound, no_progress
from dolbyio_nb.audio.spectrum import frame_size, power_frames, spectrum, to_decibels
from dolbyio_nb.sandbox.http_error import Refused
from dolbyio_nb.sandbox.operations.enhance import RANGES, narrowed


def level_of(sound: Any) -> Any:
    return 10 * np.log10(np.mean(np.square(sound.samples, dtype=np.float64)))


@pytest.fixture(scope="module")
def phrase(voice: Sound) -> Sound:
    """Eight seconds of the voice, for what needs no more."""
    return voice.cut(2, 10)


@pytest.fixture(scope="module", params=[16_000, 48_000])
def either(request: pytest.FixtureRequest, voice: Sound) -> Sound:
    """The voice as it was recorded, and at 48 kHz."""
    return resampled(voice, request.param)


@pytest.fixture(scope="module")
def hissing(make: SimpleNamespace) -> Callable[..., Any]:
    """Puts white noise under a sound, so many dB below it."""
    return lambda sound, ratio: make.mixed(
        sound, make.noise(sound.frames, level_of(sound) - ratio, rate=sound.rate)
    )


@pytest.fixture(scope="module")
def noisy(hissing: Callable[..., Any], voice: Sound) -> Any:
    """The voice with white noise 15 dB under it."""
    return hissing(voice, 15)


def test_a_clean_voice_stays_itself(
    either: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
) -> None:
    """With everything on, a clean voice keeps an SI-SDR of more than 25 dB: only its level changes."""
    _, output = run("/media/enhance", saved(either))
    assert si_sdr(either, heard(output)) > 25


@pytest.mark.parametrize(("ratio", "rise"), [(5, 9), (10, 7), (15, 6), (20, 3), (30, -1.5)])
def test_white_noise_is_taken_away(
    either: Sound,
    hissing: Callable[..., Any],
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
    ratio: int,
    rise: float,
) -> None:
    """With everything on and noise 15 dB under the voice, SI-SDR against the clean one rises by 6 dB or more;
    by more where there is more noise; where there is hardly any, little is lost.
    """
    noisy = hissing(either, ratio)
    _, output = run("/media/enhance", saved(noisy))
    assert si_sdr(either, heard(output)) - si_sdr(either, noisy) >= rise


def test_what_is_left_does_not_twinkle(
    either: Sound,
    hissing: Callable[..., Any],
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    only: Callable[..., Any],
) -> None:
    """In the pauses, what is left of the noise is as even as the noise was: the levels of its single
    frequencies spread by at most 1 dB more (a simple spectral subtraction makes that 3 dB).
    """
    noisy = hissing(either, 15)
    _, output = run("/media/enhance", saved(noisy), only(noise={"reduction": {"amount": "max"}}))
    size = frame_size(either.rate)
    frequencies = [
        np.concatenate(list(power_frames(s, size, size // 2))) for s in (either, noisy, heard(output))
    ]
    levels = [to_decibels(powers) for powers in frequencies]
    quiet = frequencies[0].sum(axis=1) < 1e-7
    before, after = (level[quiet, 10:].std() for level in levels[1:])
    assert after - before < 1


@pytest.mark.parametrize("amount", ["auto", "max"])
def test_the_pauses_get_quieter(
    voice: Sound,
    noisy: Any,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    only: Callable[..., Any],
    amount: str,
) -> None:
    """In the pauses of the clean voice, what is left is at least 12 dB softer against the voice."""
    _, output = run("/media/enhance", saved(noisy), only(noise={"reduction": {"amount": amount}}))
    levels = spectrum(voice).levels
    quiet, loud = levels < -60, levels > -25
    before, after = (spectrum(sound).levels for sound in (noisy, heard(output)))
    drop = (before[quiet].mean() - after[quiet].mean()) - (before[loud].mean() - after[loud].mean())
    assert drop > 12


def test_more_amount_takes_more_noise(
    voice: Sound,
    noisy: Any,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    only: Callable[..., Any],
) -> None:
    """low, medium, high and max leave less and less in the pauses."""
    quiet = spectrum(voice).levels < -60
    source = saved(noisy)
    left = []
    for amount in ("low", "medium", "high", "max"):
        _, output = run("/media/enhance", source, only(noise={"reduction": {"amount": amount}}))
        left.append(spectrum(heard(output)).levels[quiet].mean())
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] > 7


@pytest.mark.parametrize("target", [-30, -18, -12])
def test_the_loudness_asked_for(
    phrase: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    second_meter: Callable[..., Any],
    target: int,
) -> None:
    """The target is met within 0.5 LU by an independent meter, with the true peak under the limit."""
    body = {"audio": {"loudness": {"target_level": target, "peak_limit": "-1.5", "peak_reference": "true"}}}
    _, output = run("/media/enhance", saved(phrase), body)
    measured = second_meter(heard(output))
    assert measured.integrated == pytest.approx(target, abs=0.5)
    assert measure_peaks(heard(output)).true <= -1.5


def test_a_sample_peak_limit(
    phrase: Sound, saved: Callable[..., Any], run: Callable[..., Any], heard: Callable[..., Sound]
) -> None:
    """With the sample peak as reference, no sample is over the limit."""
    body = {"audio": {"loudness": {"target_level": -14, "peak_limit": -6, "peak_reference": "sample"}}}
    _, output = run("/media/enhance", saved(phrase), body)
    assert measure_peaks(heard(output)).sample <= -6


@pytest.mark.parametrize(("content", "target"), [("podcast", -16), ("music", -14), ("interview", -18)])
def test_loudness_by_content(
    phrase: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    content: str,
    target: int,
) -> None:
    """Without a target, the content type picks one."""
    _, output = run("/media/enhance", saved(phrase), {"content": {"type": content}})
    assert meter(heard(output)).integrated == pytest.approx(target, abs=0.5)


def test_everything_off_changes_nothing(
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    only: Callable[..., Any],
) -> None:
    """With every switch off, the samples come out as they went in."""
    source = saved(voice)
    result, output = run("/media/enhance", source, only())
    assert np.array_equal(heard(output).samples, heard(source).samples)
    assert result == {}


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "m4a", "ogg", "opus", "mp4"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_same_length(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    name: str,
    rate: int,
) -> None:
    """Every format comes out as long as it went in, within a frame of its codec."""
    source = saved(make.noise(round(2.345 * rate), rate=rate, channels=2))
    _, output = run("/media/enhance", source, output=f"out.{name}")
    assert heard(output).seconds == pytest.approx(2.345, abs=0.03)


def test_nothing_is_moved_in_time(
    voice: Sound, saved: Callable[..., Any], run: Callable[..., Any], heard: Callable[..., Sound]
) -> None:
    """The filters' delays are taken off again: the output lines up with the input to the sample."""
    _, output = run("/media/enhance", saved(voice))
    size = 1 << 21
    before, after = (np.fft.rfft(sound.samples[:, 0], size) for sound in (voice, heard(output)))
    assert np.argmax(np.fft.irfft(after * before.conj(), size)) == 0


@pytest.mark.parametrize(("amount", "most"), [("medium", 13), ("high", 11), ("max", 9)])
def test_the_range_is_narrowed(make: SimpleNamespace, amount: str, most: int) -> None:
    """A range of 18 LU comes down towards the amount's; a small one is left as it is."""
    wide = make.joined(*[make.tone(6, level) for level in (-18, -36) * 3])
    assert meter(narrowed(wide, RANGES[amount], no_progress)).range < most  # type: ignore[operator]
    even = make.tone(10, -20)
    assert narrowed(even, RANGES[amount], no_progress) is even


def test_music_is_left_in_peace(
    media: Path, run: Callable[..., Any], heard: Callable[..., Sound], si_sdr: Callable[..., Any]
) -> None:
    """Music that nobody calls so is known as such, and keeps its sound: SI-SDR over 25 dB, and a note."""
    result, output = run("/media/enhance", media / "music.flac")
    assert any("music" in note for note in result["notes"])
    assert si_sdr(heard(media / "music.flac"), heard(output)) > 25


def test_a_region(
    voice: Sound,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    si_sdr: Callable[..., Any],
    only: Callable[..., Any],
) -> None:
    """Only the region is enhanced and written; its end may be left out, or lie past the file's."""
    source = saved(voice)
    body = {"input": {"url": "dlb://in.wav", "region": {"start": 3, "end": 5.5}}} | only()
    _, output = run("/media/enhance", source, body)
    assert np.array_equal(heard(output).samples, heard(source).cut(3, 5.5).samples)
    body["input"]["region"] = {"start": 28, "end": 100}
    _, output = run("/media/enhance", source, body)
    assert heard(output).seconds == pytest.approx(voice.seconds - 28, abs=1e-4)


def test_silence_stays_silence(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], heard: Callable[..., Sound]
) -> None:
    """Silence is not blown up, and the job succeeds."""
    _, output = run("/media/enhance", saved(make.sound(np.zeros((96_000, 1)))))
    assert not heard(output).samples.any()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": {"type": "opera"}}, "content.type"),
        ({"audio": {"noise": {"reduction": {"amount": "huge"}}}}, "audio.noise.reduction.amount"),
        ({"audio": {"loudness": {"target_level": "loud"}}}, "audio.loudness.target_level"),
        ({"audio": {"loudness": {"peak_limit": False}}}, "audio.loudness.peak_limit"),
        ({"audio": {"loudness": {"enable": "yes"}}}, "audio.loudness.enable"),
        ({"audio": {"speech": {"isolation": {"amount": 101}}}}, "audio.speech.isolation.amount"),
        ({"audio": {"filter": []}}, "filter"),
        ({"audio": 3}, "audio"),
        ({"input": {"url": "dlb://a", "region": {"start": 40}}}, "region.start"),
        ({"input": {"url": "dlb://a", "region": {"start": 4, "end": 3}}}, "region"),
        ([], "the body"),
    ],
)
def test_a_wrong_request_names_its_field(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], body: Any, field: str
) -> None:
    """What cannot be meant is refused with the field's name and what it may be."""
    source = saved(make.tone(5))
    with pytest.raises(Refused) as refused:
        run("/media/enhance", source, body)
    assert refused.value.type == "/problems/validation-error"
    assert field in refused.value.detail
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize(
    "location", ["dlb://in.wav", {"url": "dlb://in.wav"}, {"url": "a", "auth": {"key": "b"}}]
)
def test_a_location_may_be_text_or_an_object(
    make: SimpleNamespace,
    saved: Callable[..., Any],
    run: Callable[..., Any],
    heard: Callable[..., Sound],
    location: str | dict[str, str] | dict[str, Collection[str]],
) -> None:
    """Without a region, every way to name the input means all of it."""
    _, output = run("/media/enhance", saved(make.tone(1)), {"input": location})
    assert heard(output).seconds == 1


def test_notes_say_what_was_not_done(
    voice: Sound, media: Path, saved: Callable[..., Any], run: Callable[..., Any]
) -> None:
    """Isolation and the dynamic equalizer are owned up to, in sentences; the video is cut with its sound."""
    body = {
        "input": {"url": "dlb://in", "region": {"start": 1, "end": 4}},
        "audio": {"filter": {"dynamic_eq": {"enable": True}}},
    }
    notes = run("/media/enhance", media / "clip.mp4", body, "out.mp4")[0]["notes"]
    for word in ("isolation", "equalizer"):
        assert any(word in note and note.endswith(".") for note in notes)


def test_peaks_are_hardly_pressed_for_a_loudness_that_nobody_asked_for(
    make: SimpleNamespace, saved: Callable[..., Any], run: Callable[..., Any], heard: Callable[..., Sound]
) -> None:
    """Soft noise with high peaks stays softer than the usual -18 LUFS; what is asked for is met."""
    noise = make.noise(5 * 48_000, -40).samples
    noise[24_000::48_000] = 0.9
    source = saved(make.sound(noise))
    bodies: list[dict[str, Any]] = [{}, {"audio": {"loudness": {"target_level": -18}}}]
    unasked, asked = (meter(heard(run("/media/enhance", source, body)[1])).integrated for body in bodies)
    assert unasked is not None
    assert asked is not None
    assert unasked < asked - 4
