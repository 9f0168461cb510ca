"""Samples with their rate, what IPython plays, and earlier results are sources; results give samples back."""

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.display import Audio

from dolbyio_nb.errors import DolbyError, InvalidOption
from dolbyio_nb.media import Job, Media, MediaResult
from dolbyio_nb.media.arrays import wav_of
from dolbyio_nb.media.inputs import read_content, read_input
from dolbyio_nb.sandbox import Sandbox

RATE = 16_000
TONE = (0.3 * np.sin(np.arange(RATE) * 0.2)).astype(np.float32)
STEREO = np.stack([TONE, -TONE], axis=1)
DATA = 44
"""Bytes before the samples."""


def made(job: Job) -> MediaResult:
    """Wait for what a job makes."""
    result = job.result()
    assert isinstance(result, MediaResult)
    return result


@pytest.mark.parametrize(
    ("samples", "channels"),
    [
        (TONE, 1),
        (TONE.astype(float), 1),
        (TONE.tolist(), 1),
        (TONE[:, None], 1),
        (TONE[None, :], 1),
        (STEREO, 2),
        (STEREO.T, 2),
        (np.asfortranarray(STEREO), 2),
        (STEREO[::-1], 2),
    ],
    ids=["n", "double", "list", "n x 1", "1 x n", "n x 2", "2 x n", "Fortran", "backwards"],
)
def test_floats_of_every_shape(samples: Any, channels: int) -> None:
    """The shorter side is that of the channels; each sample is where it was."""
    written = wav_of((samples, RATE))
    found = np.frombuffer(written[DATA:], "<f4").reshape(-1, channels)
    expected = np.asarray(samples, dtype=np.float32)
    expected = expected.T if expected.ndim == 2 and expected.shape[0] < expected.shape[1] else expected
    assert np.array_equal(found, expected.reshape(-1, channels))


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", ">i2"])
def test_whole_numbers_stay_as_they_are(kind: str) -> None:
    """By the custom of WAV; other libraries read them."""
    samples = np.arange(1, 101).astype(kind)
    with wave.open(io.BytesIO(wav_of((samples, np.int64(RATE))))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (RATE, 1, 100)
        read = np.frombuffer(file.readframes(100), f"<{np.dtype(kind).kind}{file.getsampwidth()}")
    assert np.array_equal(read, samples)


WRONG: list[tuple[Any, str]] = [
    ((RATE, TONE), "rate comes second"),
    ((TONE,), "pair .samples, rate."),
    ((TONE, RATE, 2), "pair .samples, rate."),
    ((TONE, 0), "rate cannot be 0"),
    ((TONE, -RATE), "rate cannot be -16000"),
    ((TONE, 44_100.5), "rate cannot be 44100.5"),
    ((TONE, float("nan")), "rate cannot be nan"),
    ((TONE, 2e9), "rate cannot be"),
    ((TONE, "16000"), "rate cannot be '16000'"),
    ((TONE, True), "rate cannot be True"),
    ((TONE, None), "rate cannot be NoneType"),
    (([], RATE), "shape"),
    ((np.zeros((0, 2), np.float32), RATE), "shape"),
    ((np.zeros((2, 2, 2), np.float32), RATE), "shape"),
    ((np.zeros((500, 500), np.float32), RATE), "shape"),
    ((np.float32(0.5), RATE), "shape"),
    ((TONE * np.nan, RATE), "NaN"),
    ((np.full(9, np.inf), RATE), "NaN or infinity"),
    ((TONE * 32768, RATE), "reach"),
    ((TONE + 1j, RATE), "complex"),
    ((TONE > 0, RATE), "bool"),
    ((np.arange(9), RATE), "int64"),
    ((["a", "b"], RATE), "of the type"),
    (([[1.0], [1.0, 2.0]], RATE), "no array"),
    (TONE, "array without its rate"),
]


@pytest.mark.parametrize(("source", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_is_no_sound_is_refused(sandbox: Sandbox, media: Media, source: Any, says: str) -> None:
    """In three lines, and before anything is sent."""
    with pytest.raises(DolbyError, match=says) as error:
        media.enhance(source)
    assert len(str(error.value).splitlines()) == 3
    assert sandbox.requests.count() == 0


def test_samples_go_there_and_come_back(media: Media) -> None:
    """As many as went, at the same rate."""
    samples, rate = made(media.transcode((STEREO, RATE), kind="wav")).samples()
    assert (samples.shape, rate, samples.dtype.name) == (STEREO.shape, RATE, "float32")
    assert np.abs(samples - STEREO).max() < 1e-3


def test_one_channel_comes_back_as_one_row(media: Media) -> None:
    """So that it can be sent again, or given to any library."""
    result = made(media.enhance((TONE, RATE)))
    samples, rate = result.samples()
    assert (samples.shape, rate) == (TONE.shape, RATE)
    assert read_content((samples, rate)).size == DATA + 4 * RATE


def test_several_arrays_are_joined(media: Media) -> None:
    """A list of pairs is a list of sources; a pair is one source."""
    samples, _ = made(media.transcode([(TONE, RATE), (TONE, RATE)], kind="wav")).samples()
    assert len(samples) == 2 * RATE


@pytest.mark.parametrize("how", ["array", "bytes", "path"])
def test_what_ipython_plays_is_a_source(how: str, tone: Path) -> None:
    """Its sound is sent, and not the player."""
    given: dict[str, Callable[[], Audio]] = {
        "array": lambda: Audio(TONE, rate=RATE),
        "bytes": lambda: Audio(data=tone.read_bytes()),
        "path": lambda: Audio(filename=str(tone)),
    }
    read = read_input(given[how]())
    assert read.content is not None
    assert b"".join(read.content.chunks())[:4] == b"RIFF"


def test_an_address_that_ipython_plays_is_a_source() -> None:
    """The service fetches it by itself."""
    assert read_input(Audio(url="https://h/talk.wav")).location == "https://h/talk.wav"


def test_an_earlier_result_is_a_source(sandbox: Sandbox, media: Media, tone: Path, tmp_path: Path) -> None:
    """From where the service has it: nothing is sent again, and the card knows the file that is here."""
    result = made(media.enhance(tone, output=tmp_path / "better.wav"))
    uploads = sandbox.requests.count("storage")
    for source in (result, result.outputs[0]):
        diagnosis = media.diagnose(source).result()
        assert diagnosis.source == tmp_path / "better.wav"
    assert sandbox.requests.count("storage") == uploads
    assert made(media.transcode([result, result], kind="mp3")).output


def test_a_report_is_no_source(media: Media, tone: Path) -> None:
    """It says what to give in its place."""
    report = media.diagnose(tone).result()
    with pytest.raises(InvalidOption, match="A Diagnosis holds no sound"):
        media.enhance(report)


def test_the_numbers_of_a_card_are_attributes_and_columns(media: Media, tmp_path: Path) -> None:
    """For one's own tables over many files."""
    quiet = TONE * np.repeat([1.0, 0.01], RATE // 2).astype(np.float32)
    (tmp_path / "tone.wav").write_bytes(wav_of((quiet, RATE)))
    result = made(media.transcode(tmp_path / "tone.wav", output=tmp_path / "copy.wav"))
    assert result.before
    assert result.after
    assert result.before.loudness == pytest.approx(result.after.loudness, abs=0.1)
    assert result.pauses == pytest.approx((-53.5, -53.5), abs=0.5)
    row = result.to_frame().iloc[0]
    assert row["loudness_before"] == result.before.loudness
    assert row["true_peak_after"] == result.after.true_peak
    assert (row["pauses_before"], row["pauses_after"]) == result.pauses


def test_what_is_not_here_has_no_numbers(media: Media) -> None:
    """Its columns are there, so that tables can be joined."""
    result = made(media.enhance((TONE, RATE)))
    assert (result.before, result.after, result.pauses) == (None, None, None)
    assert result.to_frame().iloc[0]["loudness_before"] is None
