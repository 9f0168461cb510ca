"""Parameters of operations as Dolby documents them: names, units, ranges, defaults."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Required, TypedDict

from dolbyio_nb.media.kinds import About

Options = Mapping[str, Any]
"""A group of parameters as it is sent."""
ContentType = Literal[
    "conference", "interview", "lecture", "meeting", "mobile_phone", "music", "other", "podcast", "studio",
    "voice_over", "voice_recording",
]  # fmt: skip
Amount = Annotated[Literal["low", "medium", "high", "max", "auto"], About(default="by the content")]
Preset = Literal["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"]
MasterKind = Literal["aac", "mp3", "mp4", "ogg", "wav"]
Kind = Literal[
    "aac", "ac3", "aiff", "avi", "dash", "eac3", "flac", "gif", "hls", "jpeg", "jpg", "m4a", "mkv", "mov",
    "mp2", "mp3", "mp4", "mxf", "ogg", "opus", "png", "ts", "wav", "webm", "webp",
]  # fmt: skip
"""Kinds of files that transcode may be asked for; the documents show some of them."""
Seconds = Annotated[float, About(unit="seconds", low=0)]
Switch = Annotated[bool, About(default="True")]
Percent = Annotated[float, About(unit="%", low=0, high=100)]
Level = Annotated[float, About(unit="LUFS", low=-70, high=0)]
Decibels = Annotated[float, About(unit="dB", low=-120, high=20)]
Intensity = Annotated[int, About("how much of the preset", low=0, high=100)]
Count = Annotated[int, About(low=1)]
Kilobits = Annotated[float, About(unit="kbit/s", low=1)]
Amplitude = Annotated[float | str, About("the highest peak", unit="dB", low=-60, high=0)]
Status = Literal["Pending", "Running", "Success", "Failed", "Cancelled", "InternalError"]
Timeout = Annotated[float, About(unit="seconds", low=0)]
Web = ("http://", "https://")


class Store(TypedDict, total=False):
    """Credentials of a store: `key` and `secret` (and `token`), or `username` and `password`."""

    key: str
    secret: str
    token: str
    username: str
    password: str


class Region(TypedDict, total=False):
    """A stretch of a source; a bound that is left out is the file's own."""

    start: Seconds
    end: Seconds


class Segment(TypedDict, total=False):
    """A stretch of a source by its length."""

    start: Seconds
    duration: Annotated[float, About(unit="seconds", low=0.01)]


class StoredAt(TypedDict, total=False):
    """A location with credentials, or one in a named store."""

    url: str
    auth: Store
    region: Region
    ref: str
    filename: str


Location = str | Annotated[Mapping[str, Any], About(keys=StoredAt)]
"""A place the service can reach: a `dlb://`, `https://` or `s3://` address, or a mapping
`{"url": ..., "auth": {...}}` with the store's own credentials."""
Pair = tuple[Annotated[float | None, About(unit="seconds", low=0)], Annotated[float | None, About(low=0)]]


class Callback(TypedDict, total=False):
    """Where the service calls when a job has ended, and with which headers."""

    url: Required[Annotated[str, About(prefixes=Web)]]
    headers: Sequence[str] | Annotated[Mapping[str, Any], About("names and values")]
    body: Any


OnComplete = Annotated[str, About(prefixes=Web)] | Callback


class Content(TypedDict, total=False):
    """What a recording is; by default the service works it out."""

    type: ContentType


class Silence(TypedDict, total=False):
    """What counts as silence."""

    threshold: Annotated[float, About(unit="dB", low=-120, high=0)]
    duration: Annotated[float, About(unit="seconds", low=0.01)]


class AnalyzedContent(Content, total=False):
    """What a recording is, its tags, and what counts as silence in it."""

    tags: Sequence[str]
    silence: Silence


class Loudness(TypedDict, total=False):
    """Levelling of the loudness."""

    enable: Switch
    target_level: Level
    dialog_intelligence: Annotated[bool, About("measure speech alone", default="True")]
    speech_threshold: Percent
    peak_reference: Literal["sample", "true"]
    peak_limit: Amplitude


class Adjustable(TypedDict, total=False):
    """A step with a switch and an amount."""

    enable: Switch
    amount: Amount


class Switchable(TypedDict, total=False):
    """A step with a switch alone."""

    enable: Switch


class Dynamics(TypedDict, total=False):
    """Levelling of loud and soft; `enable` beside `range_control` is an older spelling."""

    enable: Switch
    range_control: Adjustable


class Reduction(TypedDict, total=False):
    """What is made less of."""

    reduction: Adjustable


class HighPass(TypedDict, total=False):
    """Removal of rumble."""

    enable: Switch
    frequency: Annotated[float, About(unit="Hz", low=1, high=20_000)]


class Filter(TypedDict, total=False):
    """Filters of tone."""

    dynamic_eq: Switchable
    high_pass: HighPass
    hum: Switchable


class Isolation(TypedDict, total=False):
    """Separation of speech from all else."""

    enable: Switch
    amount: Annotated[float, About(unit="%", low=0, high=100, default="by the content, about 20 to 80")]


class Speech(TypedDict, total=False):
    """Repair of speech."""

    isolation: Isolation
    sibilance: Reduction
    plosive: Reduction
    click: Reduction


class Music(TypedDict, total=False):
    """What is done about music."""

    detection: Switchable


class Audio(TypedDict, total=False):
    """How enhance treats the sound. What is left out is on."""

    loudness: Loudness
    dynamics: Dynamics
    noise: Reduction
    filter: Filter
    speech: Speech
    music: Music


class Metering(TypedDict, total=False):
    """How analyze measures loudness."""

    profile: Annotated[str, About("a service's limits, such as service_spotify or service_amazon")]
    metering_mode: Literal["1770-1", "1770-2", "1770-3", "1770-4"]
    dialog_intelligence: Annotated[bool, About("gate by speech, not by level", default="True")]
    speech_threshold: Percent


class LoudnessLimits(TypedDict, total=False):
    """Limits of loudness and peak."""

    loudness_min: Annotated[float, About(unit="LUFS", low=-120, high=20)]
    loudness_max: Annotated[float, About(unit="LUFS", low=-120, high=20)]
    true_peak_max: Decibels


class Limits(TypedDict, total=False):
    """Limits that analyze checks a file against."""

    loudness: LoudnessLimits


class AudioTrack(TypedDict, total=False):
    """The sound of a transcoded file."""

    codec: Annotated[str, About("such as aac_lc")]
    bitrate_kb: Kilobits
    channels: Count
    sample_rate: Annotated[float, About(unit="Hz", low=1, high=384_000)]


class VideoTrack(TypedDict, total=False):
    """The pictures of a transcoded file."""

    codec: Annotated[str, About("such as h264")]
    width: Annotated[int, About(unit="pixels", low=1)]
    height: Annotated[int, About(unit="pixels", low=1)]
    frame_rate: Annotated[float, About(unit="per second", low=0.01, high=1000)]
    bitrate_mode: Annotated[str, About("such as vbr")]
    bitrate_kb: Kilobits


class Image(TypedDict, total=False):
    """A still of a video."""

    width: Annotated[int, About(unit="pixels", low=1)]
    height: Annotated[int, About(unit="pixels", low=1)]
    offset_sec: Annotated[float, About("where it is taken", unit="seconds", low=0)]


class Rendition(TypedDict, total=False):
    """One of several files that transcode writes; `destination` may be a path on this computer."""

    id: str
    destination: Any
    kind: Kind
    audio: AudioTrack | Sequence[AudioTrack]
    video: VideoTrack
    image: Image
    extra: Annotated[Mapping[str, Any], About("what the service may add")]


class DynamicEq(TypedDict, total=False):
    """The sound that mastering gives: a preset from `a` (pop) to `n` (classical), and how much of it."""

    enable: Switch
    preset: Preset
    intensity: Intensity


class MasterLoudness(TypedDict, total=False):
    """The loudness that mastering reaches."""

    enable: Switch
    target_level: Level


class Piece(TypedDict, total=False):
    """What a piece of music is."""

    genre: str
    tags: Sequence[str]


Extra = Annotated[Mapping[str, Any], About("what the service may add, merged into the request")]
