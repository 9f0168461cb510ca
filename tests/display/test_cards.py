"""What results look like, whatever the answer holds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.display.cards import CARDS
from dolbyio_nb.display.markup import page
from dolbyio_nb.media import Analysis, Diagnosis, MediaResult, MusicAnalysis, Output, SpeechAnalysis
from dolbyio_nb.media.results import Result
from tests.display.checks import Reader

from .checks import images, sound_html
from .conftest import Write, tone

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&<b>"

DISTRIBUTION = [
    {"lower_bound": i, "upper_bound": i + 1, "duration": 1.0, "percentage": 50.0 * (i in (3, 4))}
    for i in range(10)
]
DIAGNOSIS = {
    "media_info": {
        "container": {"kind": "mp4", "duration": 12.596, "bitrate": 7180205, "size": 11305233},
        "audio": {"codec": "aac", "channels": 2, "sample_rate": 48000, "duration": 12.596, "bitrate": 96000},
        "video": {"codec": "h264", "frame_rate": 23.976, "height": 540, "width": 960, "duration": 12.596},
    },
    "audio": {
        "quality_score": {
            "average": 3.7,
            "distribution": DISTRIBUTION,
            "worst_segment": {"start": 3.5, "end": 8.5, "score": 3.3},
        },
        "noise_score": {"average": 2.1, "distribution": DISTRIBUTION},
        "clipping": {"events": 0},
        "loudness": {
            "measured": -14.91,
            "range": 2.26,
            "gating_mode": "speech",
            "sample_peak": -0.82,
            "true_peak": -0.81,
        },
        "music": {"percentage": 0},
        "silence": {
            "percentage": 0,
            "at_beginning": 0,
            "at_end": 0,
            "num_sections": 0,
            "silent_channels": [],
        },
        "speech": {"percentage": 100, "events": {"plosive": 6, "sibilance": 0}},
    },
}
SPEECH = {
    "num_talkers": 47,
    "percentage": 94.0,
    "details": [
        {
            "talker_id": talker,
            "loudness": {"measured": -16.86, "range": 9.07},
            "quality_score": 4.94,
            "longest_monologue": 29.41,
            "sections": [{"start": talker + 60.0 * n, "duration": 1.8} for n in range(120)],
        }
        for talker in range(1, 48)
    ],
}
SERIES = [[float(i), -20 - 5 * (i % 2), -3.0, -2.9] for i in range(7200)]
MUSIC = [
    {
        "start": 0.0,
        "duration": 31.5,
        "loudness": -16,
        "bpm": 96.0,
        "key": [["D major", 0.85]],
        "genre": [{"name": "rock"}],
    }
]


def region(**audio: Any) -> dict[Any, Any]:
    """A report of the analyze family."""
    return {
        "media_info": {"container": {"duration": 7200.0}},
        "processed_region": {"end": 7200.0, "audio": audio},
    }


def read(result: Any) -> Reader:
    """The card of a result, read back."""
    return sound_html(page(CARDS[type(result)](result)))


def test_a_diagnosis_says_what_is_good_and_bad() -> None:
    """Scores, worst stretch, loudness and faults are all there, with their units."""
    card = read(Diagnosis(DIAGNOSIS, "diagnose", "j", Path("talk.mp4")))
    for text in (
        "talk.mp4",
        "3.7",
        "−14.9 LUFS",
        "in speech",
        "above −1",
        "0:04 to 0:08",
        "3.3",
        "none",
        "6 · 0",
    ):
        assert text in card.text
    assert "h264 960 × 540" in card.text
    assert "worst" in card.text
    scores = {"average": 9.9, "worst_segment": {"start": 0.0, "end": 5.0, "score": 9.9}}
    assert "worst" not in read(Diagnosis({"audio": {"quality_score": scores}}, "diagnose")).text
    (quality, noise) = [given["alt"] for name, given in card.elements if name == "img"]
    assert quality == "Quality, share of the time with each score: 3 to 4: 50 %; 4 to 5: 50 %"
    assert noise.startswith("Noise")


def test_an_analysis_shows_loudness_and_stretches() -> None:
    """Two hours of seconds are drawn in a bounded picture; the verdict is in words."""
    validation = {"loudness": {"pass": False, "detail": "measured loudness -16.53 outside range"}}
    sections = {"percentage": 50, "sections": [{"start": 0.0, "duration": 3600.0}]}
    loudness = {"measured": -16.5, "time_series": SERIES}
    result = Analysis(region(loudness=loudness, validation=validation, speech=sections), "analyze", "j")
    card = read(result)
    assert "outside the limits" in card.text
    assert "measured loudness -16.53 outside range" in card.text
    assert "2:00:00" in card.text
    alts = [given["alt"] for name, given in card.elements if name == "img"]
    assert "Loudness of each second: from −25.0 LUFS to −20.0 LUFS" in alts
    assert "Speech: 0:00.0 to 1:00:00.0" in alts
    assert len(page(CARDS[Analysis](result))) < 40_000


def test_many_talkers_are_drawn_up_to_a_dozen_and_counted() -> None:
    """47 talkers with 120 stretches each stay a small card."""
    result = SpeechAnalysis(region(speech=SPEECH), "analyze-speech", "j")
    card = read(result)
    assert "Talker 1" in card.text
    assert "and 35 more" in card.text
    assert len(page(CARDS[SpeechAnalysis](result))) < 60_000


def test_music_is_described_in_whatever_shape_the_service_gives_it() -> None:
    """A pair of name and confidence, and an object with a name, are written as text."""
    card = read(MusicAnalysis(region(music={"sections": MUSIC}), "analyze-music", "j"))
    for text in ("96.0 bpm", "D major 85 %", "rock"):
        assert text in card.text


def test_what_is_not_known_is_not_written() -> None:
    """A name whose confidence nobody tells stands alone."""
    card = read(
        MusicAnalysis(region(music={"sections": [MUSIC[0] | {"key": [["D major", None]]}]}), "a", "j")
    )
    assert "D major" in card.text
    assert "None" not in card.text


@pytest.mark.parametrize("kind", CARDS)
def test_an_empty_answer_is_a_card_too(kind: type[Result]) -> None:
    """Nothing in an answer is needed to show it."""
    assert read(kind({}, "enhance", "0123456789")).text


@pytest.mark.parametrize("kind", CARDS)
def test_no_text_of_an_answer_becomes_html(kind: type[Result], tmp_path: Path) -> None:
    """Names, notes, keys and details that are HTML are shown as text, in every card."""
    hostile = {
        "notes": [HOSTILE],
        "media_info": {
            "container": {"kind": HOSTILE},
            "audio": {"codec": HOSTILE},
            "video": {"codec": HOSTILE},
        },
        "processed_region": {
            "audio": {
                "loudness": {"measured": -1.0, "gating_mode": HOSTILE},
                "validation": {"loudness": {"pass": True, "detail": HOSTILE}},
                "music": {
                    "sections": [
                        MUSIC[0]
                        | {"key": [HOSTILE], "genre": [[HOSTILE, 0.5]], "instrument": [{HOSTILE: HOSTILE}]}
                    ]
                },
            }
        },
    }
    output = Output("dlb://out/x", HOSTILE, lambda address, path: path)
    output.path = tmp_path / HOSTILE.replace("/", "-")
    card = read(kind(hostile, HOSTILE, HOSTILE, Path(HOSTILE.replace("/", "-")), [output]))
    assert HOSTILE in card.text
    names = [name for name, _ in card.elements]
    assert names.count("script") <= 1
    assert "b" not in names
    assert not [given for _, given in card.elements if given.get("src") == "x"]


@pytest.fixture
def enhanced(wav: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MediaResult:
    """A result with its original, both below the notebook, the result still in storage."""
    monkeypatch.chdir(tmp_path)
    quiet = np.stack([tone(1000, 5, 10 ** (-33 / 20))] * 2, axis=1)
    source = wav("talk.wav", quiet)
    stored = wav("stored.wav", quiet * 10)

    def fetch(address: str, path: Path) -> Path:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(stored.read_bytes())
        return path

    output = Output("dlb://out/better.wav", "better.wav", fetch)
    return MediaResult({}, "enhance", "job", source, [output])


def test_before_and_after_are_two_players_with_labels(enhanced: MediaResult) -> None:
    """The result is fetched into dolby-output/, and both are measured and played from their files."""
    html = page(CARDS[MediaResult](enhanced))
    card = sound_html(html)
    players = [given for name, given in card.elements if name == "audio"]
    assert [given["src"] for given in players] == ["./talk.wav", "./dolby-output/better.wav"]
    assert [given["aria-label"] for given in players] == ["Before: talk.wav", "After: better.wav"]
    assert "−33.0 LUFS" in card.text
    assert "−13.0 LUFS" in card.text
    assert "saved as dolby-output/better.wav" in card.text
    assert len(html) < 60_000
    assert all(len(given["src"]) < 60_000 for given in images(html))


def test_how_much_louder_each_is_stands_at_its_lane(enhanced: MediaResult) -> None:
    """To hear them equally loud, the louder one is turned down by the difference."""
    card = sound_html(page(CARDS[MediaResult](enhanced)))
    gains = [float(given["data-gain"]) for _, given in card.elements if "data-gain" in given]
    assert gains == pytest.approx([0, -20], abs=0.02)


def test_what_cannot_be_fetched_is_said_in_the_card() -> None:
    """A result that is gone leaves a card with the reason, not a traceback."""
    from dolbyio_nb.errors import TransferError

    def fetch(address: str, path: Path) -> Path:
        raise TransferError("It is gone.", "Files are kept for a day.", "Run it again.")

    card = read(MediaResult({}, "enhance", "job", None, [Output("dlb://out/x.wav", "x.wav", fetch)]))
    assert "It is gone." in card.text


def test_a_long_recording_is_played_and_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of a cell does not read hours of sound; it says what does."""
    from .test_sound import sparse_wav

    monkeypatch.chdir(tmp_path)
    source = sparse_wav(tmp_path / "long.wav", 7200)
    output = Output("dlb://out/x.wav", "x.wav", lambda address, path: path)
    output.path = sparse_wav(tmp_path / "after.wav", 7200)
    card = read(MediaResult({}, "enhance", "job", source, [output]))
    assert [name for name, _ in card.elements].count("audio") == 2
    assert "display.compare('long.wav', 'after.wav')" in card.text
