"""Typing slips are refused before anything is sent, and every documented parameter passes."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb import login
from dolbyio_nb.errors import DolbyError, InvalidOption, InvalidRequest
from dolbyio_nb.media import Media
from dolbyio_nb.media.options import as_sent
from dolbyio_nb.sandbox import Sandbox


@pytest.fixture(scope="module")
def asked() -> Iterator[Sandbox]:
    """One sandbox for all calls of this module: most of them never reach it."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shared(asked: Sandbox) -> Iterator[Media]:
    """The Media APIs logged in to it."""
    with login(sandbox=asked) as dolby:
        yield dolby.media


SLIPS: list[tuple[str, dict[str, Any], str]] = [
    ("enhance", {"ouput": "b.wav"}, "`output`"),
    ("enhance", {"contnet": "podcast"}, "`content`"),
    ("enhance", {"content": "podcasts"}, "'podcast'"),
    ("enhance", {"content": "Voice Over"}, "'voice_over'"),
    ("enhance", {"content": {"typ": "podcast"}}, "`content.type`"),
    ("enhance", {"content": {"type": "lectures"}}, "'lecture'"),
    ("enhance", {"audio": {"nois": {}}}, "`audio.noise`"),
    ("enhance", {"audio": {"noise": {"reductoin": {}}}}, "`audio.noise.reduction`"),
    ("enhance", {"audio": {"noise": {"reduction": {"ammount": "low"}}}}, "`audio.noise.reduction.amount`"),
    ("enhance", {"audio": {"noise": {"reduction": {"amount": "hihg"}}}}, "'high'"),
    ("enhance", {"audio": {"loudness": {"target": -18}}}, "`audio.loudness.target_level`"),
    ("enhance", {"audio": {"isolation": {"amount": 30}}}, "`audio.speech.isolation`"),
    ("enhance", {"audio": {"speech": {"plosives": {}}}}, "`audio.speech.plosive`"),
    ("enhance", {"audio": {"filter": {"hum": {"enable": "true"}}}}, "True"),
    ("enhance", {"noise": {"reduction": {"amount": "low"}}}, "`audio.noise`"),
    ("enhance", {"region": {"strat": 1}}, "`region.start`"),
    ("enhance", {"on_complete": {"url": "https://h/", "header": []}}, "`on_complete.headers`"),
    ("diagnose", {"conten": "music"}, "`content`"),
    ("diagnose", {"content": "musik"}, "'music'"),
    ("diagnose", {"on_compleet": "https://h/"}, "`on_complete`"),
    ("analyze", {"loudnes": {}}, "`loudness`"),
    ("analyze", {"loudness": {"metering_mode": "1770_4"}}, "'1770-4'"),
    ("analyze", {"loudness": {"dialogue_intelligence": True}}, "`loudness.dialog_intelligence`"),
    ("analyze", {"content": {"silence": {"treshold": -60}}}, "`content.silence.threshold`"),
    ("analyze", {"validation": {"loudness": {"loudness_maximum": 1}}}, "`validation.loudness.loudness_max`"),
    ("analyze", {"validation": {"loudness_max": -13}}, "`validation.loudness.loudness_max`"),
    ("analyze_speech", {"outptu": "a.json"}, "`output`"),
    ("analyze_music", {"on_complet": "https://h/"}, "`on_complete`"),
    ("transcode", {"knid": "mp3"}, "`kind`"),
    ("transcode", {"kind": "mp33"}, "'mp3'"),
    ("transcode", {"kind": "MP4"}, "'mp4'"),
    ("transcode", {"bitrate_kb": 128}, "`audio.bitrate_kb`"),
    ("transcode", {"kind": "mp3", "audio": {"bitrate": 128}}, "`audio.bitrate_kb`"),
    ("transcode", {"outputs": [{"kind": "mp3", "audio": {"chanels": 1}}]}, "`outputs[0].audio.channels`"),
    ("transcode", {"outputs": [{"kind": "mp4", "vidoe": {}}]}, "`outputs[0].video`"),
    ("transcode", {"kind": "png", "image": {"offset": 3}}, "`image.offset_sec`"),
    ("transcode", {"kind": "mp3", "segment": {"start": 1, "durration": 2}}, "`segment.duration`"),
    ("master", {"dynamic_eq": {"presett": "a"}}, "`dynamic_eq.preset`"),
    ("master", {"kind": "mp33"}, "'mp3'"),
    ("master", {"loudness": {"target_levle": -14}}, "`loudness.target_level`"),
    ("master", {"metadata": {"genere": "club"}}, "`metadata.genre`"),
    ("master_preview", {"preset": "ab"}, "`presets`"),
    ("master_preview", {"segment": {"stat": 1}}, "`segment.start`"),
]


@pytest.mark.parametrize(("name", "options", "meant"), SLIPS, ids=[f"{n}-{m}" for n, _, m in SLIPS])
def test_a_typing_slip_is_refused_with_what_was_meant(
    asked: Sandbox, shared: Media, tone: Path, name: str, options: dict[str, Any], meant: str
) -> None:
    """Nothing is asked of anybody, not even an address for the upload."""
    before = asked.requests.count()
    with pytest.raises(InvalidOption) as error:
        getattr(shared, name)(tone, **options)
    assert f"Did you mean {meant}?" in error.value.next_step
    assert len(str(error.value).splitlines()) == 3
    assert asked.requests.count() == before


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("enhance", {"region": 3}, "a pair of numbers"),
    ("enhance", {"region": (1, 2, 3)}, "a pair of numbers"),
    ("enhance", {"region": (-1, None)}, "from 0 seconds"),
    ("enhance", {"region": (5, 2)}, "must come after"),
    ("enhance", {"region": {"start": 5, "end": 5}}, "must come after"),
    ("enhance", {"content": 3}, "conference"),
    ("enhance", {"audio": "noise"}, "a mapping with loudness"),
    ("enhance", {"audio": {"loudness": {"target_level": 18}}}, "from -70 to 0 LUFS"),
    ("enhance", {"audio": {"loudness": {"target_level": float("nan")}}}, "from -70 to 0 LUFS"),
    ("enhance", {"audio": {"loudness": {"target_level": "-18"}}}, "from -70 to 0 LUFS"),
    ("enhance", {"audio": {"loudness": {"speech_threshold": 101}}}, "from 0 to 100 %"),
    ("enhance", {"audio": {"loudness": {"peak_limit": "loud"}}}, "from -60 to 0 dB"),
    ("enhance", {"audio": {"speech": {"isolation": {"amount": -1}}}}, "from 0 to 100 %"),
    ("enhance", {"audio": {"noise": {"reduction": {"enable": 1}}}}, "True or False"),
    ("enhance", {"on_complete": "htps://h/"}, "begins with http:// or https://"),
    ("enhance", {"on_complete": {"headers": ["x-job-id"]}}, ""),
    ("enhance", {"extra": {"output": "dlb://x"}}, "the method's own options"),
    ("enhance", {"output": {"url": "s3://b/o.wav", "auht": {}}}, "url, auth"),
    ("analyze", {"content": {"silence": {"threshold": 3}}}, "from -120 to 0 dB"),
    ("analyze", {"content": {"tags": "music"}}, "a list"),
    ("transcode", {"kind": "mp3", "audio": {"channels": 0}}, "a whole number from 1"),
    ("transcode", {"kind": "mp3", "audio": {"channels": 1.5}}, "a whole number"),
    ("transcode", {"kind": "mp3", "segment": [(0, 1), (2, 3)]}, "Nothing was sent"),
    ("master", {"dynamic_eq": "o"}, "one of a, b"),
    ("master", {"intensity": 101}, "from 0 to 100"),
    ("master_preview", {"presets": "az"}, "one of a, b"),
    ("master_preview", {"segment": (0, 0)}, ""),
]


@pytest.mark.parametrize(("name", "options", "says"), WRONG, ids=[str(row[1]) for row in WRONG])
def test_a_value_that_cannot_be_is_refused(
    asked: Sandbox, shared: Media, tone: Path, name: str, options: dict[str, Any], says: str
) -> None:
    """With what it may be."""
    before = asked.requests.count()
    with pytest.raises(InvalidOption) as error:
        getattr(shared, name)(tone, **options)
    assert says in str(error.value)
    assert 2 <= len(str(error.value).splitlines()) <= 3
    assert asked.requests.count() == before


CALLS: list[tuple[Callable[[Media], object], str]] = [
    (lambda media: media.job("j", "/media/enhance").result(timeout="5"), "Did you mean 5?"),  # type: ignore[arg-type]
    (lambda media: media.job("j", "/media/enhance").wait(timeout=True), "a number from 0 seconds"),
    (lambda media: media.job("j", "/media/enhance").wait(timeout=-1), "a number from 0 seconds"),
    (lambda media: media.job("j", "/media/enhance").wait(timeout=float("nan")), "a number from 0 seconds"),
    (lambda media: media.jobs(status="Sucess"), "Did you mean 'Success'?"),  # type: ignore[arg-type]
    (lambda media: media.jobs(submited_after="2026-01-01"), "`submitted_after`"),  # type: ignore[call-arg]
    (lambda media: media.usage(form="2026-01-01"), "has no option `form`"),  # type: ignore[call-arg]
    (lambda media: media.usage(since=3), "`since` of usage() cannot be 3"),  # type: ignore[arg-type]
    (lambda media: media.job("j", ouput="a.wav"), "`output`"),  # type: ignore[call-arg]
    (lambda media: media.enhance("dlb://a.wav", "b.wav"), "Options are given by name"),  # type: ignore[call-arg]
    (lambda media: media.enhance(), "cannot be called like this"),  # type: ignore[call-arg]
    (lambda media: media.enhance(None), "of the type NoneType"),  # type: ignore[arg-type]
    (lambda media: media.enhance(3), "of the type int"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), CALLS, ids=[says for _, says in CALLS])
def test_other_calls_are_refused_likewise(
    asked: Sandbox, shared: Media, call: Callable[[Media], object], says: str
) -> None:
    """In three lines, and nothing is asked."""
    before = asked.requests.count()
    with pytest.raises(DolbyError) as error:
        call(shared)
    assert says in str(error.value)
    assert len(str(error.value).splitlines()) == 3
    assert asked.requests.count() == before


def test_secrets_of_a_store_are_not_in_the_error(shared: Media) -> None:
    """A value that is refused is not repeated where it may be one."""
    with pytest.raises(InvalidOption) as error:
        shared.enhance({"url": "s3://b/k.wav", "auth": {"key": "k", "secret": 12345678, "tokn": "t0ken"}})
    assert "12345678" not in str(error.value)
    assert "t0ken" not in str(error.value)


AMOUNTS = ("low", "medium", "high", "max", "auto")
CONTENT = (
    "conference", "interview", "lecture", "meeting", "mobile_phone", "music", "other", "podcast", "studio",
    "voice_over", "voice_recording",
)  # fmt: skip
STEP = {"enable": True, "amount": "low"}
AUTH = {"key": "k", "secret": "s", "token": "t"}
DOCUMENTED: list[tuple[str, dict[str, Any]]] = [
    *(("enhance", {"content": kind}) for kind in CONTENT),
    *(("enhance", {"content": {"type": kind}}) for kind in CONTENT),
    *(("enhance", {"audio": {"noise": {"reduction": {"amount": amount}}}}) for amount in AMOUNTS),
    *(
        ("enhance", {"audio": {"loudness": {name: value}}})
        for name, value in {
            "enable": False,
            "target_level": -18,
            "dialog_intelligence": True,
            "speech_threshold": 15,
            "peak_reference": "sample",
            "peak_limit": "-2",
        }.items()
    ),
    ("enhance", {"audio": {"loudness": {"peak_limit": -2, "peak_reference": "true"}}}),
    ("enhance", {"audio": {"dynamics": {"enable": True, "range_control": STEP}}}),
    ("enhance", {"audio": {"dynamics": {"enable": False}}}),
    ("enhance", {"audio": {"noise": {"reduction": STEP}}}),
    ("enhance", {"audio": {"filter": {"dynamic_eq": {"enable": True}, "hum": {"enable": True}}}}),
    ("enhance", {"audio": {"filter": {"high_pass": {"enable": True, "frequency": 80}}}}),
    ("enhance", {"audio": {"speech": {"isolation": {"enable": True, "amount": 30}}}}),
    ("enhance", {"audio": {"speech": {k: {"reduction": STEP} for k in ("sibilance", "plosive", "click")}}}),
    ("enhance", {"audio": {"music": {"detection": {"enable": True}}}}),
    ("enhance", {"region": (1, None)}),
    ("enhance", {"region": {"start": 0, "end": 2}}),
    ("enhance", {"output": {"url": "s3://bucket/out.wav", "auth": AUTH}}),
    ("enhance", {"output": {"url": "https://h/out.wav", "auth": {"username": "u", "password": "p"}}}),
    ("enhance", {"on_complete": {"url": "http://127.0.0.1:9/", "headers": ["x-job-id"], "body": "b"}}),
    ("enhance", {"on_complete": {"url": "http://127.0.0.1:9/", "headers": {"x-key": "v"}}}),
    ("diagnose", {"content": "podcast", "on_complete": "http://127.0.0.1:9/"}),
    ("analyze", {"content": {"type": "music", "tags": ["a"], "silence": {"threshold": -60, "duration": 2}}}),
    *(("analyze", {"loudness": {"profile": name}}) for name in ("service_spotify", "service_amazon")),
    *(("analyze", {"loudness": {"metering_mode": f"1770-{n}"}}) for n in (1, 2, 3, 4)),
    ("analyze", {"loudness": {"dialog_intelligence": False, "speech_threshold": 10}}),
    (
        "analyze",
        {"validation": {"loudness": {"loudness_max": -13, "loudness_min": -15, "true_peak_max": -1}}},
    ),
    ("analyze_speech", {"on_complete": "http://127.0.0.1:9/"}),
    ("analyze_music", {"on_complete": "http://127.0.0.1:9/"}),
    *(("transcode", {"kind": kind}) for kind in ("mp4", "wav", "mp3", "png", "hls", "dash", "jpg", "webm")),
    ("transcode", {"kind": "mp4", "audio": {"codec": "aac_lc", "bitrate_kb": 128, "channels": 2}}),
    ("transcode", {"kind": "mp4", "audio": [{"codec": "aac_lc"}]}),
    (
        "transcode",
        {
            "kind": "mp4",
            "video": {
                "codec": "h264",
                "width": 640,
                "height": 360,
                "frame_rate": 25,
                "bitrate_mode": "vbr",
                "bitrate_kb": 1000001,
            },
        },
    ),
    ("transcode", {"kind": "png", "image": {"width": 160, "height": 90, "offset_sec": 1}}),
    ("transcode", {"kind": "wav", "segment": {"start": 1, "duration": 1}}),
    ("transcode", {"outputs": [{"id": "a", "kind": "mp3", "destination": {"ref": "mine", "filename": "a"}}],
                   "storage": [{"id": "mine", "bucket": {"url": "s3://b"}, "auth": AUTH}]}),
    ("master", {"dynamic_eq": {"enable": True, "preset": "a", "intensity": 50}}),
    ("master", {"stereo_image": {"enable": True}, "metadata": {"genre": "x", "tags": ["y"]}}),
    ("master", {"loudness": {"enable": True, "target_level": -14}}),
    *(("master", {"dynamic_eq": letter}) for letter in "abcdefghijklmn"),
    *(("master", {"kind": kind}) for kind in ("aac", "mp3", "mp4", "ogg", "wav")),
    ("master_preview", {"segment": {"start": 0, "duration": 30}, "presets": ["a", "b"]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), DOCUMENTED, ids=str)
def test_every_documented_parameter_is_accepted(
    asked: Sandbox, shared: Media, name: str, options: dict[str, Any]
) -> None:
    """By the client, and by the sandbox when the job is started."""
    before = asked.requests.count("media")
    asked.faults.end_next_job("Failed")
    assert getattr(shared, name)("dlb://in/talk.wav", **options).id
    assert asked.requests.count("media") == before + 1


@pytest.mark.parametrize("name", sorted({row[0] for row in DOCUMENTED}))
def test_help_shows_nested_parameters(name: str) -> None:
    """With unit and range; the signature has the names, so that TAB completes them."""
    method = getattr(Media, name)
    assert {"source", "on_complete", "extra"} <= set(inspect.signature(method).parameters)
    assert "on_complete.url: a text that begins with http:// or https://" in (inspect.getdoc(method) or "")
    if name == "enhance":
        assert "audio.speech.isolation.amount: a number from 0 to 100 %" in (inspect.getdoc(method) or "")


HELP = {
    "enhance": (
        "audio.loudness.enable: True or False (by default True).",
        "audio.loudness.target_level: a number from -70 to 0 LUFS.",
        "audio.noise.reduction.amount: one of low, medium, high, max, auto (by default by the content).",
        "audio.filter.high_pass.frequency: a number from 1 to 20000 Hz.",
        "region.start: a number from 0 seconds.",
        "content.type: one of conference, ",
    ),
    "analyze": (
        "loudness.metering_mode: one of 1770-1, ",
        "content.silence.threshold: a number from -120 to 0 dB.",
    ),
    "transcode": (
        "image.offset_sec: a number from 0 seconds; ",
        "outputs.audio.bitrate_kb: a number from 1 kbit/s.",
    ),
    "master": ("dynamic_eq.intensity: a whole number from 0 to 100; ",),
}


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in HELP.items() for line in lines])
def test_help_shows_kind_unit_range_and_default(name: str, line: str) -> None:
    """Of nested parameters too, as `?` and `help()` show them."""
    assert line in (inspect.getdoc(getattr(Media, name)) or "")


def test_extra_is_merged_group_by_group() -> None:
    """What the service may add goes beside what is known, and replaces nothing else."""
    body = {"content": "podcast", "audio": {"noise": {"reduction": {"amount": "high"}}}}
    assert as_sent(body, {"newer": 1, "audio": {"noise": {"newest": 2}}}) == {
        "content": {"type": "podcast"},
        "audio": {"noise": {"reduction": {"amount": "high"}, "newest": 2}},
        "newer": 1,
    }


def test_extra_reaches_the_service(shared: Media) -> None:
    """It is the service that judges it."""
    with pytest.raises(InvalidRequest, match="newer is not a parameter"):
        shared.diagnose("dlb://a.wav", extra={"newer": 1})
    with pytest.raises(InvalidRequest, match="newer is not a parameter"):
        shared.transcode("dlb://a.wav", outputs=[{"kind": "mp3", "extra": {"newer": 1}}])
