"""What comes out of a job, read from whatever the service answers."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.errors import DolbyError, TransferError
from dolbyio_nb.media import Media
from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.job_result import JobSpec, make_result
from dolbyio_nb.media.models import Band, Loudness, MediaInfo, Segment
from dolbyio_nb.media.outputs import Target
from dolbyio_nb.media.results import MediaResult, Output, Result
from dolbyio_nb.media.transfer import Storage
from tests.http.hostile import hostile, page, says

from .conftest import Presigning

DIAGNOSIS = {
    "media_info": {
        "container": {"kind": "mp4", "duration": 12.596, "bitrate": 7180205, "size": 11305233},
        "audio": {"codec": "aac", "channels": 2, "sample_rate": 48000, "duration": 12.596, "bitrate": 96000},
        "video": {"codec": "h264", "frame_rate": 23.976, "height": 540, "width": 960, "duration": 12.596},
    },
    "audio": {
        "quality_score": {
            "average": 3.7,
            "distribution": [{"lower_bound": 0, "upper_bound": 1, "duration": 0, "percentage": 0}],
            "worst_segment": {"start": 3.5, "end": 8.5, "score": 3.3},
        },
        "noise_score": {"average": 0.9},
        "clipping": {"events": 0},
        "loudness": {"measured": -14.91, "range": 2.26, "gating_mode": "speech", "true_peak": -0.81},
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

ANALYSIS = {
    "processed_region": {
        "start": 0.0,
        "end": 48.0,
        "audio": {
            "clipping": {"num_sections": 1, "sections": [{"start": 1.0, "duration": 0.5}]},
            "loudness": {
                "measured": -16.53,
                "time_series": [[0.0, -120.0, -25.64, -25.64], [47.0, -17.38, -47.7, -47.68]],
            },
            "validation": {"loudness": {"pass": False}},
            "bandwidth": 7579,
            "noise": {"snr_average": 76.91, "level_average": -100.15},
        },
    },
}

SPEECH = {
    "processed_region": {
        "audio": {
            "speech": {
                "num_talkers": 2,
                "percentage": 94.0,
                "details": [
                    {"talker_id": 1, "sections": [{"section_id": "tk_1_1", "start": 9.5, "duration": 1.5}]},
                    {"talker_id": 2, "sections": [{"section_id": "tk_2_1", "start": 1.0, "duration": 2.0}]},
                ],
            }
        }
    }
}

MUSIC = {
    "processed_region": {
        "audio": {
            "music": {
                "percentage": 90,
                "sections": [{"start": 0, "duration": 9, "bpm": 120.5, "key": [["D major", 0.85]]}],
            }
        }
    }
}

CLASSES = (Diagnosis, Analysis, SpeechAnalysis, MusicAnalysis, MediaResult)
DOCUMENTED = (DIAGNOSIS, ANALYSIS, SPEECH, MUSIC)

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def bent(draw: st.DrawFn, document: object) -> object:
    """A documented answer with parts missing, replaced by anything, or joined by unknown keys."""
    if draw(st.integers(0, 9)) == 0:
        return draw(json)
    if isinstance(document, dict):
        kept = {key: draw(bent(value)) for key, value in document.items() if draw(st.integers(0, 9))}
        return {**kept, **draw(st.dictionaries(st.text(max_size=5), leaves, max_size=2))}
    if isinstance(document, list):
        return [draw(bent(one)) for one in document]
    return document


def read_everything(result: Result) -> None:
    for name in dir(result):
        if not name.startswith("_") and name not in ("save", "to_frame"):
            getattr(result, name)
    assert repr(result)
    assert isinstance(result.to_frame(), pandas.DataFrame)


@given(st.sampled_from(DOCUMENTED).flatmap(bent), st.sampled_from(CLASSES))
def test_no_answer_breaks_a_result(raw: object, kind: Any) -> None:
    """Unknown keys, missing keys and values of another kind are read as None, and `.raw` keeps them all."""
    raw = raw if isinstance(raw, dict) else {}
    result = kind(raw, "any")
    read_everything(result)
    assert result.raw is raw


@pytest.mark.parametrize("kind", CLASSES)
def test_an_empty_answer_is_no_error(kind: Any) -> None:
    """Everything in it is None or empty."""
    read_everything(kind({}, "any"))


def test_a_diagnosis_has_names_for_what_is_documented() -> None:
    """Scores, loudness, events and the file's make-up."""
    result = Diagnosis(DIAGNOSIS, "diagnose")
    assert result.quality.average == 3.7
    assert result.quality.distribution == (Band(0, 1, 0, 0),)
    assert result.noise.average == 0.9
    assert result.worst_segment == Segment(3.5, 8.5, 3.3)
    assert result.loudness == Loudness(-14.91, 2.26, "speech", None, -0.81)
    assert (result.plosives, result.sibilances) == (6, 0)
    assert result.clipping.count == 0
    assert result.silence.at_beginning == 0
    info = result.media_info
    assert isinstance(info, MediaInfo)
    assert info.container.size == 11305233
    assert info.video
    assert info.video.frame_rate == 23.976
    assert "quality 3.7 of 10, -14.9 LUFS, 100 % speech" in repr(result)


def test_the_worst_segment_is_found_under_either_score() -> None:
    """Recorded answers and Dolby's own types disagree about its place."""
    raw = {"audio": {"noise_score": {"worst_segment": {"start": 1, "end": 2, "score": 3}}}}
    assert Diagnosis(raw, "diagnose").worst_segment == Segment(1, 2, 3)


@pytest.mark.parametrize("raw", [True, "1", None, [], 10**400, {}])
def test_what_is_no_number_is_none(raw: Any) -> None:
    """Least of all True, which Python takes for 1."""
    assert Loudness.read({"measured": raw}).measured is None


def test_mastering_tells_its_levels() -> None:
    """The quick start has none, the reference has two."""
    result = MediaResult({"initial_level": -18.5, "final_level": -14}, "master")
    assert (result.initial_level, result.final_level) == (-18.5, -14.0)
    assert MediaResult({}, "master").final_level is None


def test_what_the_sandbox_says_in_words_can_be_read() -> None:
    """It tells what it could not know; anything else under that name is left out."""
    assert Diagnosis({"notes": ["A guess.", 3]}, "diagnose").notes == ("A guess.",)
    assert Diagnosis({"notes": "A guess."}, "diagnose").notes == ()


def test_a_diagnosis_is_one_row() -> None:
    """The tables of many files can be joined."""
    frame = Diagnosis(DIAGNOSIS, "diagnose").to_frame()
    assert len(frame) == 1
    assert frame["audio.loudness.measured"][0] == -14.91


def test_an_analysis_is_a_table_of_seconds() -> None:
    """One row a second: time, loudness, sample peak, true peak."""
    result = Analysis(ANALYSIS, "analyze")
    frame = result.to_frame()
    assert list(frame.columns) == ["time", "loudness", "sample_peak", "true_peak"]
    assert frame["true_peak"].tolist() == [-25.64, -47.68]
    assert (result.validation.passed, result.bandwidth) == (False, 7579.0)
    assert result.noise.snr_average == 76.91
    assert result.region.end == 48.0
    assert result.clipping.sections[0].end == 1.5


def test_an_old_answer_of_analyze_is_read_too() -> None:
    """Version 1.0 had the result in the answer itself, with other names for clipping."""
    raw = {"audio": {"clipping": {"num_events": 4, "first_event": 2.5}, "loudness": {"measured": -20}}}
    result = Analysis(raw, "analyze")
    assert (result.clipping.count, result.clipping.first_event) == (4, 2.5)
    assert result.loudness.measured == -20


def test_speech_is_a_table_of_who_speaks_when() -> None:
    """One row for each stretch, and all stretches in the order of time."""
    result = SpeechAnalysis(SPEECH, "analyze-speech")
    assert result.num_talkers == 2
    assert [section.section_id for section in result.sections] == ["tk_2_1", "tk_1_1"]
    assert result.to_frame()["talker_id"].tolist() == [1, 2]
    assert result.speech.percentage == 94.0


def test_music_is_a_table_of_sections() -> None:
    """What music it may be is given as the service gives it, and in the table in words."""
    result = MusicAnalysis(MUSIC, "analyze-music")
    assert result.sections[0].end == 9
    assert result.sections[0].key == (["D major", 0.85],)
    assert result.to_frame()[["bpm", "key", "genre"]].values.tolist() == [[120.5, "D major 85 %", ""]]


def test_a_table_without_pandas_names_what_to_install() -> None:
    """The rest of the result works without it."""
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from dolbyio_nb.media.results import Result\n"
        "from dolbyio_nb.errors import MissingPackage\n"
        "result = Result({'a': {'b': 1}}, 'enhance')\n"
        "assert result.summary == {'a.b': 1}\n"
        "try: result.to_frame()\n"
        "except MissingPackage as error: print(error.next_step)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'dolbyio_nb[lab]'" in done.stdout


def fetching(fetched: list[Any]) -> Callable[..., Any]:
    def fetch(address: Any, path: Any) -> Any:
        fetched.append(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
        return path

    return fetch


def test_an_output_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saving again gives the same path, unless the file is gone or another place is asked for."""
    monkeypatch.chdir(tmp_path)
    fetched: list[Any] = []
    result = MediaResult(
        {}, "enhance", "1", outputs=[Output("dlb://a.wav", "a-enhance.wav", fetching(fetched))]
    )
    assert result.path is None
    first = result.save()
    assert first == result.path == tmp_path / "dolby-output" / "a-enhance.wav"
    assert result.save() == first
    assert len(fetched) == 1
    first.unlink()
    result.save()
    result.save(tmp_path / "b.wav")
    assert len(fetched) == 3
    assert result.save() == tmp_path / "b.wav"


def test_a_result_without_a_known_output_says_how_to_name_it() -> None:
    """A job that was picked up by its id alone."""
    with pytest.raises(TransferError, match=r"dolby\.media\.job"):
        MediaResult({}, "enhance", "1234").save()


def test_secrets_of_a_location_are_not_shown() -> None:
    """A presigned address is a password."""
    output = Output(
        {"url": "https://h/a.wav?X-Amz-Signature=abc", "auth": {"secret": "s"}}, "a.wav", fetching([])
    )
    assert repr(output) == "<https://h/a.wav>"
    assert "abc" not in repr(MediaResult({}, "enhance", outputs=[output]))


def test_a_result_of_a_long_name_has_a_name_that_fits(
    media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name as long as a file system takes leaves room for the operation and the job."""
    monkeypatch.chdir(tmp_path)
    original = tone.rename(tmp_path / ("x" * 250 + ".wav"))
    assert media.enhance(original).result().save().is_file()  # type: ignore[attr-defined]


def test_a_result_can_be_shown_where_there_is_no_working_directory(
    media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repr needs none, and saving beside it says that it is gone."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = media.enhance(tone, output=tmp_path / "better.wav").result()
    assert str(tmp_path / "better.wav") in repr(result)
    with pytest.raises(TransferError, match="working directory was removed"):
        result.save("here.wav")  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400])
def test_a_report_holds_no_number_that_is_none(text: str) -> None:
    """A report is a file: what the service wrote there is read as its answers are."""
    raw = report_of(
        f'{{"media_info": {{"container": {{"duration": {text}, "bitrate": 8}}}}, "a": [{text}, 2]}}'
    )
    assert raw == {"media_info": {"container": {"duration": None, "bitrate": 8}}, "a": [None, 2]}


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, "{", "<html>", "[" + "1," * 1_100_000])
def test_a_report_that_is_none_is_told(text: str) -> None:
    """Cut, nested without an end, more than fits, or something else."""
    with pytest.raises(DolbyError) as error:
        report_of(text)
    assert 2 <= len(str(error.value).splitlines()) <= 3


def report_of(text: str) -> Mapping[str, Any]:
    """What is read of a report's file."""
    with hostile(says(page("200 OK", text.encode()))) as server:
        storage = Storage(cast(Api, Presigning(server.url)), lambda seconds: None)
        spec = JobSpec("/media/analyze", targets=(Target("dlb://out/report.json"),))
        return make_result(spec, "a-job", {"result": {}}, storage).raw
