"""What is asked of the service, and what comes back, for each of its APIs."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pandas
import pytest

from dolbyio_nb.errors import TransferError
from dolbyio_nb.media import Media
from dolbyio_nb.media.analyses import Analysis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.listing import list_usage
from dolbyio_nb.media.results import MediaResult
from dolbyio_nb.sandbox import Sandbox

CLOUD = {"url": "s3://bucket/in.wav", "auth": {"key": "k", "secret": "s", "token": "t"}}


def asked(sandbox: Sandbox) -> dict[Any, Any]:
    return dict(sandbox.jobs[-1].body)


def test_enhance_asks_in_the_documented_words(sandbox: Sandbox, media: Media) -> None:
    """Shorthands are written out, what was not given is not sent."""
    media.enhance(
        "https://h/talk.mp3",
        output="s3://bucket/out.mp3",
        content="podcast",
        audio={"noise": {"reduction": {"amount": "high"}}},
        region=(1, None),
        on_complete="http://127.0.0.1:9/done",
    )
    assert asked(sandbox) == {
        "input": {"url": "https://h/talk.mp3", "region": {"start": 1}},
        "output": "s3://bucket/out.mp3",
        "content": {"type": "podcast"},
        "audio": {"noise": {"reduction": {"amount": "high"}}},
        "on_complete": {"url": "http://127.0.0.1:9/done"},
    }
    assert sandbox.jobs[-1].path == "/media/enhance"


def test_a_cloud_location_keeps_its_credentials_and_shows_them_to_nobody(
    sandbox: Sandbox, media: Media
) -> None:
    """They go to the service as they are; repr and messages have the address alone."""
    job = media.enhance(CLOUD, output=CLOUD, region={"start": 1, "end": 2})
    assert asked(sandbox)["input"] == {**CLOUD, "region": {"start": 1, "end": 2}}
    assert asked(sandbox)["output"] == CLOUD
    assert "region" not in CLOUD
    assert "secret" not in repr(job) + job.resume_code


@pytest.mark.parametrize("wrap", [lambda p: p, str, lambda p: p.read_bytes(), lambda p: p.open("rb")])
def test_whatever_is_on_this_computer_is_sent_first(
    media: Media, tone: Path, wrap: Callable[..., Any], tmp_path: Path
) -> None:
    """Path, text, bytes and open file give the same sound."""
    result = media.enhance(wrap(tone), output=tmp_path / "better.wav").result()
    assert isinstance(result, MediaResult)
    assert result.path == tmp_path / "better.wav"
    assert result.path.read_bytes()[:4] == b"RIFF"


def test_a_missing_file_is_an_error_before_any_network(
    sandbox: Sandbox, media: Media, tmp_path: Path
) -> None:
    """Nothing is asked of anybody."""
    with pytest.raises(TransferError, match="There is no file"):
        media.enhance(tmp_path / "nothing.wav")
    assert sandbox.requests.count() == 0


def test_a_result_stays_in_storage_until_it_is_saved(
    media: Media, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved once, under a name that tells the original, the operation and the job."""
    monkeypatch.chdir(tmp_path)
    job = media.enhance(tone)
    result = job.result()
    assert result.output.startswith("dlb://out/")  # type: ignore[attr-defined]
    assert result.path is None  # type: ignore[attr-defined]
    saved = result.save()  # type: ignore[attr-defined]
    assert saved == tmp_path / "dolby-output" / f"tone-enhance-{job.id[:8]}.wav"
    assert result.source == tone
    assert media.job(job.id, output=result.output, source=tone).result().save() == saved  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("analyze", Analysis), ("analyze_speech", SpeechAnalysis), ("analyze_music", MusicAnalysis)],
)
def test_a_report_is_fetched_by_itself(
    media: Media,
    tone: Path,
    name: str,
    kind: Callable[..., Analysis] | Callable[..., MusicAnalysis] | Callable[..., SpeechAnalysis],
    tmp_path: Path,
) -> None:
    """It is a JSON file in storage; `output` keeps a copy here."""
    result = getattr(media, name)(tone, output=tmp_path / "report.json").result()
    assert isinstance(result, kind)  # type: ignore[arg-type]
    assert result.raw == json.loads((tmp_path / "report.json").read_text())
    assert result.media_info.container.kind == "wav"
    assert isinstance(result.to_frame(), pandas.DataFrame)


def test_analyze_asks_in_the_documented_words(sandbox: Sandbox, media: Media) -> None:
    """Every group has its place in the body."""
    media.analyze(
        "dlb://a.wav",
        content={"type": "music", "silence": {"threshold": -60, "duration": 2}},
        loudness={"profile": "service_spotify"},
        validation={"loudness": {"loudness_max": -13}},
    )
    body = asked(sandbox)
    assert body.pop("output").endswith("/a.json")
    assert body == {
        "input": "dlb://a.wav",
        "content": {"type": "music", "silence": {"threshold": -60, "duration": 2}},
        "loudness": {"profile": "service_spotify"},
        "validation": {"loudness": {"loudness_max": -13}},
    }


def test_a_report_in_another_store_stays_there(media: Media, sandbox: Sandbox) -> None:
    """It cannot be read from here, and the result says where it is."""
    job = media.analyze("dlb://a.wav", output=CLOUD)
    assert job.resume_code == f'dolby.media.job("{job.id}")'


def test_transcode_asks_in_the_documented_words(sandbox: Sandbox, media: Media) -> None:
    """Several sources are joined, several formats are written."""
    media.transcode(
        ["dlb://a.wav", CLOUD],
        outputs=[
            {"kind": "mp3", "audio": {"bitrate_kb": 128}},
            {"destination": CLOUD, "kind": "mp4"},
        ],
        storage=[{"id": "mine", "bucket": {"url": "s3://bucket"}}],
    )
    body = asked(sandbox)
    assert body["inputs"] == [{"source": "dlb://a.wav"}, {"source": CLOUD}]
    assert body["outputs"][0].pop("destination").endswith("/a.mp3")
    assert body["outputs"] == [
        {"kind": "mp3", "audio": {"bitrate_kb": 128}},
        {"kind": "mp4", "destination": CLOUD},
    ]
    assert body["storage"] == [{"id": "mine", "bucket": {"url": "s3://bucket"}}]


def test_transcode_writes_every_format(media: Media, tone: Path, tmp_path: Path) -> None:
    """Where a path was given the file is there; the others are saved on request."""
    result = media.transcode(
        tone, outputs=[{"kind": "mp3", "destination": tmp_path / "a.mp3"}, {"kind": "wav"}]
    ).result()
    assert [output.path for output in result.outputs] == [tmp_path / "a.mp3", None]
    assert result.outputs[1].save(tmp_path / "b.wav").read_bytes()[:4] == b"RIFF"


def test_master_asks_in_the_documented_words(sandbox: Sandbox, media: Media) -> None:
    """A letter is a preset, a number a loudness, True switches on."""
    media.master(
        "dlb://song.flac",
        output="dlb://out/song.mp3",
        dynamic_eq="b",
        intensity=50,
        loudness=-14,
        stereo_image=True,
        metadata={"genre": "club"},
    )
    assert asked(sandbox) == {
        "inputs": [{"source": "dlb://song.flac", "metadata": {"genre": "club"}}],
        "outputs": [
            {
                "destination": "dlb://out/song.mp3",
                "kind": "mp3",
                "master": {
                    "dynamic_eq": {"enable": True, "preset": "b", "intensity": 50},
                    "loudness": {"enable": True, "target_level": -14},
                    "stereo_image": {"enable": True},
                },
            }
        ],
    }


def test_master_falls_back_to_a_kind_that_it_can_write(sandbox: Sandbox, media: Media) -> None:
    """FLAC goes in, but only aac, mp3, mp4, ogg and wav come out."""
    media.master("dlb://song.flac")
    output = asked(sandbox)["outputs"][0]
    assert output["kind"] == "wav"
    assert output["destination"].endswith("/song.wav")


def test_a_preview_has_one_output_for_each_preset(sandbox: Sandbox, media: Media) -> None:
    """All of the same stretch."""
    media.master_preview("dlb://song.wav", presets="ab", segment=(10, 30))  # type: ignore[arg-type]
    body = asked(sandbox)
    assert body["inputs"] == [{"source": "dlb://song.wav", "segment": {"start": 10, "duration": 30}}]
    assert [one["master"]["dynamic_eq"]["preset"] for one in body["outputs"]] == ["a", "b"]


def test_mastering_can_be_heard(media: Media, tone: Path, tmp_path: Path) -> None:
    """Both kinds come back as sound."""
    assert media.master(tone, output=tmp_path / "m.wav", loudness=-16).result().path.stat().st_size > 1000  # type: ignore[attr-defined]
    preview = media.master_preview(tone, presets=["a", "l"], segment=(0, 1)).result()
    saved = [output.save(tmp_path / f"{n}.wav") for n, output in enumerate(preview.outputs)]
    assert all(path.read_bytes()[:4] == b"RIFF" for path in saved)


def test_a_preview_is_known_by_the_letter_of_its_preset(media: Media, tone: Path) -> None:
    """In labels, names of files and the card, also when the job is picked up again by its id."""
    job = media.master_preview(tone, presets=["n", "a"], segment=(0, 1))
    for preview in (job.result(), media.job(job.id).result()):
        assert [output.label for output in preview.outputs] == ["Preset n", "Preset a"]
        assert [output.save().stem[-2:] for output in preview.outputs] == ["-n", "-a"]
        card = preview._repr_html_()
        assert card.index("Preset n") < card.index("Preset a")
    twice = media.master_preview(tone, presets=["a", "a"], segment=(0, 1)).result()
    assert [output.label for output in twice.outputs] == ["After 1", "After 2"]


def test_jobs_are_listed_page_by_page(sandbox: Sandbox, media: Media) -> None:
    """A page holds a hundred; a further one is asked for only when it is wanted."""
    for _ in range(103):
        sandbox.faults.end_next_job("Failed")
        last = media.diagnose("dlb://a.wav")
    last.wait()
    before = sandbox.requests.count("media")
    first = next(media.jobs())
    assert sandbox.requests.count("media") == before + 1
    assert first.path == "/media/diagnose"
    frame = pandas.DataFrame(media.jobs())  # type: ignore[arg-type]
    assert len(frame) == 103
    assert len(set(frame["job_id"])) == 103


def test_usage_is_a_row_for_each_api(sandbox: Sandbox, media: Media) -> None:
    """With the names that came, as a table, for the time that was asked for; the service hears UTC."""
    for start, count in ((media.diagnose, 2), (media.analyze_music, 1)):
        for _ in range(count):
            sandbox.faults.end_next_job("Failed")
            start("dlb://a.wav").wait()
    frame = pandas.DataFrame(media.usage())  # type: ignore[arg-type]
    assert dict(zip(frame["path"], frame["jobs"], strict=True)) == {
        "/media/diagnose": 2,
        "/media/analyze/music": 1,
    }
    since = datetime(2020, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert list(media.usage(since=since, until="2020-02-01T00:00:00Z")) == []
    query = [one for one in sandbox.requests if one.path == "/media/usage"][-1].query
    assert query == {"from": "2020-01-02T03:04:05.000Z", "to": "2020-02-01T00:00:00Z"}


ROW = {"path": "/media/enhance", "jobs": 3}


@pytest.mark.parametrize(
    ("pages", "rows"),
    [
        ([{"usage": [ROW], "next_token": "2"}, {"usage": [ROW]}], 2),
        ([{"jobs": [ROW], "next_token": "2"}, {"jobs": [ROW], "next_token": "2"}, {"jobs": [ROW]}], 2),
        ([[ROW, ROW]], 2),
        ([{"usage": [ROW, None, "text", 3]}], 1),
        ([{}], 0),
        ([{"usage": None, "next_token": None}], 0),
    ],
)
def test_usage_is_read_to_its_last_page_whatever_its_shape(pages: list[Any], rows: int) -> None:
    """Nobody documents the answer: what is no row is left out, and a token that comes back ends it."""
    asked: list[object] = []

    class Pages:
        def get(self, path: str, **query: object) -> Any:
            asked.append(query["next_token"])
            return pages[len(asked) - 1]

    assert list(list_usage(cast(Api, Pages()), None, None)) == [ROW] * rows
    assert asked == [None, "2"][: len(pages)]


def test_jobs_are_filtered_by_the_service(sandbox: Sandbox, media: Media) -> None:
    """Times without a zone are this computer's; the service hears UTC."""
    sandbox.faults.end_next_job("Failed")
    media.diagnose("dlb://a.wav").wait()
    early, late = datetime(2020, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2100-01-01T00:00:00Z"
    assert len(list(media.jobs(submitted_after=early, submitted_before=late, status="Failed"))) == 1
    assert list(media.jobs(status="Success")) == []
    assert list(media.jobs(submitted_before=early)) == []
    seen = next(one for one in sandbox.requests if one.path == "/media/jobs")
    assert seen.query["submitted_after"] == "2020-01-02T03:04:05.000Z"


def test_a_line_of_the_list_picks_up_its_job(sandbox: Sandbox, media: Media) -> None:
    """It has all that is needed."""
    sandbox.faults.end_next_job("Failed")
    media.diagnose("dlb://a.wav").wait()
    record = next(media.jobs())
    assert media.job(record).id == record.id
    assert media.cancel(record) is False


def test_a_webhook_is_set_replaced_and_removed(media: Media) -> None:
    """There is one for the application; setting it again replaces it."""
    assert media.webhook.get() is None
    first = media.webhook.set("http://127.0.0.1:9/a?key=1", {"x-key": "secret"})
    found = media.webhook.get()
    assert (found.id, found.url, found.headers) == (first, "http://127.0.0.1:9/a?key=1", {"x-key": "secret"})  # type: ignore[union-attr]
    assert "secret" not in repr(found) + str(found)
    assert "key=1" not in repr(found) + str(found)
    media.webhook.set("http://127.0.0.1:9/b")
    assert media.webhook.get().url == "http://127.0.0.1:9/b"  # type: ignore[union-attr]
    media.webhook.delete()
    media.webhook.delete()
    assert media.webhook.get() is None


def test_bytes_without_a_name_are_named_by_what_they_are(sandbox: Sandbox, media: Media) -> None:
    """The format of the result follows the name."""
    sandbox.faults.end_next_job("Failed")
    media.enhance(io.BytesIO(b"ID3\x04rest"))
    assert asked(sandbox)["output"].endswith("/audio.mp3")
