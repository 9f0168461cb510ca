"""What Dolby's own samples ask, in their order and with their bodies; only the way to log in is today's."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import requests

from dolbyio_nb.audio.decode import read_sound
from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox.job_files import is_demo

MEDIA = Path(__file__).parents[2] / "notebooks" / "media"
DEMO = "https://dashboard.dolby.io/static/CleanCutNoise540-debc1025d9e3db58dbc2e06a75931bf4.mp4"
INDOORS = "https://dolbyio.s3-us-west-1.amazonaws.com/public/shelby/indoors.original.mp4"


class Sample:
    """Plain requests, as the samples make them: nothing of this package is between them and the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._origin = sandbox.media_url
        pair = (sandbox.app_key, sandbox.app_secret)
        form = {"grant_type": "client_credentials", "expires_in": 1800}
        answer = requests.post(f"{sandbox.auth_url}/v1/auth/token", data=form, auth=pair, timeout=30)
        self._headers = {
            "Authorization": f"Bearer {answer.json()['access_token']}",
            "Accept": "application/json",
        }

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Start something."""
        answer = requests.post(self._origin + path, json=body, headers=self._headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def upload(self, content: bytes, address: str) -> None:
        """Ask where to put it, and put it there."""
        requests.put(self.post("/media/input", {"url": address})["url"], data=content, timeout=30)

    def result(self, path: str, body: dict[str, Any]) -> Any:
        """Start a job and ask until it is neither waiting nor at work; then give what is told of it."""
        job, end = self.post(path, body)["job_id"], time.monotonic() + 60
        told: dict[str, Any] = {}
        while told.get("status") in (None, "Pending", "Running") and time.monotonic() < end:
            answer = requests.get(
                self._origin + path, params={"job_id": job}, headers=self._headers, timeout=30
            )
            told = answer.json()
        return told

    def download(self, address: str, path: Path) -> Path:
        """Follow where the output is to its bytes."""
        asked = {"url": address}
        with requests.get(
            f"{self._origin}/media/output", params=asked, headers=self._headers, stream=True, timeout=30
        ) as answer:
            answer.raise_for_status()
            path.write_bytes(answer.content)
        return path


@pytest.fixture
def sample(sandbox: Sandbox) -> Sample:
    """A log-in by hand."""
    return Sample(sandbox)


WORKFLOWS: dict[str, dict[str, Any]] = {
    "enhance": {},
    "the most noise reduction": {
        "content": {"type": "podcast"},
        "audio": {"noise": {"reduction": {"amount": "max"}}},
    },
    "the most speech isolation": {
        "content": {"type": "podcast"},
        "audio": {"noise": {"reduction": {"enable": False}}, "speech": {"isolation": {"amount": 100}}},
    },
}


@pytest.mark.parametrize("ending", ["wav", "mp3", "mp4"])
@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_from_and_to_names_without_an_ending(
    sample: Sample, workflow: str, ending: str, tmp_path: Path
) -> None:
    """Sent to `dlb://in/enhance` and written to `dlb://out/enhance`: what comes back is of the same kind."""
    source = (
        MEDIA / "clip.mp4" if ending == "mp4" else recoded(MEDIA / "voice.flac", tmp_path / f"in.{ending}")
    )
    sample.upload(source.read_bytes(), "dlb://in/enhance")
    body = {"input": "dlb://in/enhance", "output": "dlb://out/enhance", **WORKFLOWS[workflow]}
    told = sample.result("/media/enhance", body)
    assert (told["path"], told["status"], told["progress"]) == ("/media/enhance", "Success", 100)
    output = sample.download("dlb://out/enhance", tmp_path / "out")
    assert kind(output) == kind(source)
    assert read_sound(output).seconds == pytest.approx(read_sound(source).seconds, abs=0.06)


def recoded(source: Path, path: Path) -> Path:
    from dolbyio_nb.audio import read_samples, write_samples

    samples, rate = read_samples(source)
    return write_samples(path, samples[: 4 * rate], rate)


def kind(path: Path) -> tuple[str, list[str]]:
    with av.open(str(path)) as container:
        codecs = [stream.codec_context.name for stream in container.streams if stream.codec_context]
        return container.format.name, sorted(codecs)


def test_the_first_notebook_of_the_workshop(sample: Sample, sandbox: Sandbox, tmp_path: Path) -> None:
    """Twelve seconds of Dolby's public example, enhanced for a mobile phone, and fetched."""
    body = {
        "input": {"url": DEMO, "region": {"start": 0, "end": 12}},
        "output": "dlb://out/test_1-enhanced.wav",
        "content": {"type": "mobile_phone"},
    }
    told = sample.result("/media/enhance", body)
    assert told["status"] == "Success", told
    output = sample.download("dlb://out/test_1-enhanced.wav", tmp_path / "test_1-enhanced.wav")
    sound = read_sound(output)
    assert sound.seconds == pytest.approx(12, abs=0.05)
    assert np.abs(sound.samples).max() > 0.05


def test_the_second_notebook_of_the_workshop(
    sample: Sample, make_tone: Callable[..., bytes], tmp_path: Path
) -> None:
    """A recording of one's own enhanced and diagnosed, then a film of Dolby's turned into a WAV."""
    sample.upload(make_tone(seconds=3), "dlb://in/input-Ada.wav")
    audio = {
        "noise": {"reduction": {"amount": "max"}},
        "filter": {"hum": {"enable": True}},
        "speech": {
            "isolation": {"enable": True, "amount": 70},
            "sibilance": {"reduction": {"enable": True, "amount": "medium"}},
            "plosive": {"reduction": {"enable": True, "amount": "medium"}},
            "click": {"reduction": {"enable": False, "amount": "medium"}},
        },
    }
    body = {"input": "dlb://in/input-Ada.wav", "output": "dlb://out/output-Ada.wav", "audio": audio}
    told = sample.result("/media/enhance", body | {"content": {"type": "voice_over"}})
    assert told["status"] == "Success", told
    assert sample.download("dlb://out/output-Ada.wav", tmp_path / "a.wav").read_bytes()[:4] == b"RIFF"
    diagnosis = sample.result("/media/diagnose", {"input": "dlb://in/input-Ada.wav"})
    assert diagnosis["status"] == "Success"
    assert diagnosis["result"]["audio"]["loudness"]["measured"] < 0
    output = {"id": "my_mp4", "destination": "dlb://out/airplane-transcoded.wav", "kind": "wav"}
    told = sample.result("/media/transcode", {"inputs": [{"source": INDOORS}], "outputs": [output]})
    assert told["status"] == "Success", told
    wav = sample.download("dlb://out/airplane-transcoded.wav", tmp_path / "airplane-example.wav")
    assert kind(wav) == ("wav", ["pcm_s16le"])
    assert read_sound(wav).seconds == pytest.approx(15, abs=0.05)


def test_the_stand_in_of_a_demo_is_a_voice_in_noise(sample: Sample) -> None:
    """There is something to enhance: speech is found in it, and a noise that can be told from it."""
    report = sample.result("/media/analyze", {"input": INDOORS, "output": "dlb://out/report.json"})
    assert report["status"] == "Success", report
    audio = sample.result("/media/diagnose", {"input": INDOORS})["result"]["audio"]
    assert 20 < audio["speech"]["percentage"] <= 100


@pytest.mark.parametrize(
    "url",
    [
        "https://dashboard.dolby.io/static/../x.mp4/..",
        "https://dashboard.dolby.io/other/x.mp4",
        "https://dashboard.dolby.io.evil.example/static/x.mp4",
        "https://evil.example/dashboard.dolby.io/static/x.mp4",
        "https://dolbyio.s3-us-west-1.amazonaws.com.evil.example/public/x.mp4",
        "https://dolbyio.s3-us-west-1.amazonaws.com/private/x.mp4",
        "https://user@dashboard.dolby.io/static/x.mp4",
        "ftp://dashboard.dolby.io/static/x.mp4",
    ],
)
def test_no_other_address_has_a_stand_in(sample: Sample, url: str) -> None:
    """Whatever else it looks like, it is refused as any other computer's."""
    assert not is_demo(url)
    told = sample.result("/media/diagnose", {"input": url})
    assert told["status"] == "Failed"
    assert "no other machine" in str(told["error"]) or "not 'ftp'" in str(told["error"])


def test_nothing_is_written_to_a_demos_address(sample: Sample, make_tone: Callable[..., bytes]) -> None:
    """It is an input alone."""
    sample.upload(make_tone(), "dlb://in/a.wav")
    told = sample.result("/media/enhance", {"input": "dlb://in/a.wav", "output": DEMO})
    assert told["status"] == "Failed"
    assert "no other machine" in str(told["error"])
