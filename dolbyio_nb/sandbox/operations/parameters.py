"""Parameters of a request: inputs, outputs, encodings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from av.container import InputContainer

from dolbyio_nb.audio.decode import FileVersion, opened, sound_of, version_of, video_of
from dolbyio_nb.audio.encode import FORMATS, Encoding, Format, format_called
from dolbyio_nb.audio.filters import resampled, with_channels
from dolbyio_nb.audio.sound import Progress, Sound, no_progress, stage
from dolbyio_nb.sandbox.http_error import invalid

SHORTEST = 0.01  # seconds that a region must last
AMOUNTS = ("low", "medium", "high", "max", "auto")
CONTENT_TYPES = (
    "conference", "interview", "lecture", "meeting", "mobile_phone", "music", "other", "podcast", "studio",
    "voice_over", "voice_recording",
)  # fmt: skip


class Options:
    """A request's JSON by dotted names, such as `audio.noise.reduction.amount`. Unknown names are ignored."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def get(self, name: str) -> Any:
        """The value, or None where it is absent. A step through anything but an object is refused."""
        value, seen = self._body, "the body"
        for key in name.split("."):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise invalid(seen, "must be an object.")
            value, seen = value.get(key), key
        return value

    def flag(self, name: str, default: bool = True) -> bool:
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(name, "must be true or false.")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number, also when it comes as text: the service's own guide writes one so."""
        value = self.get(name)
        return default if value is None else number(name, value, low, high)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.get(name)
        if value is None:
            return None
        if value not in choices:
            raise invalid(name, f"must be one of {', '.join(choices)}.")
        return str(value)

    def content(self) -> str | None:
        return self.choice("content.type", CONTENT_TYPES)

    def amount(self, name: str) -> str:
        return self.choice(name, AMOUNTS) or "auto"


def number(name: str, value: Any, low: float, high: float) -> float:
    """The value as a number from `low` to `high`."""
    try:
        read = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        read = math.nan
    if not low <= read <= high:
        raise invalid(name, f"must be a number from {low:g} to {high:g}.")
    return read


def has_region(location: Any) -> bool:
    """Whether only a stretch of a location is wanted."""
    return isinstance(location, Mapping) and location.get("region") is not None


def region(source: Any, seconds: float) -> tuple[float, float]:
    """The stretch of an input location that is wanted: start and end in seconds."""
    asked = Options(source if isinstance(source, Mapping) else {})
    start = asked.number("region.start", 0.0, 0.0, seconds)
    end = min(seconds, asked.number("region.end", seconds, 0.0, math.inf))
    if end - start < SHORTEST:
        raise invalid("region", f"its end must come after its start, inside the {seconds:.2f} s there are.")
    return start, end


def wanted(options: Options, destinations: Sequence[Path]) -> Iterator[tuple[Options, Path]]:
    """Every output's own options, with the file it goes to."""
    asked = options.get("outputs")
    if not isinstance(asked, list) or not asked:
        raise invalid("outputs", "must be a list of at least one output.")
    if len(asked) != len(destinations):
        raise invalid("outputs", "each needs a destination.")
    return zip(map(Options, asked), destinations, strict=True)


def inputs(options: Options, sources: Sequence[Path]) -> list[tuple[Any, Path]]:
    """Every input as the request names it, with the file it came in."""
    asked = options.get("inputs")
    if not isinstance(asked, list) or len(asked) != len(sources):
        raise invalid("inputs", "must be a list of at least one source.")
    return list(zip(asked, sources, strict=True))


def kind(options: Options, destination: Path) -> str:
    """The kind of file: as asked, or by its ending."""
    asked = options.get("kind")
    if asked is not None and not isinstance(asked, str):
        raise invalid("outputs.kind", "must be a text such as mp3.")
    return asked or destination.suffix


PCM = ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le")
CODECS = {
    "aac": ("aac", "aac_lc"),
    "flac": ("flac",),
    "libmp3lame": ("mp3",),
    "libopus": ("opus",),
    "pcm_s16le": ("pcm", *PCM),
}
"""The names by which a request may ask for what FFmpeg calls by its own."""
KILOBITS = (8, 512)
RATES = (8000, 96000)


def audio_options(output: Options) -> Options:
    """The output's `audio`: an object, or a list of one."""
    audio = output.get("audio")
    if isinstance(audio, list):
        if len(audio) > 1:
            raise invalid("outputs.audio", "can have one entry: the sandbox writes one sound track.")
        audio = audio[0] if audio else None
    return Options(audio)


def encoding_for(kind: str, output: Options, source: Path) -> Encoding:
    """The format of that kind, with the codec and bitrate asked for, or samples as deep as the source's."""
    format_ = format_called(kind)
    audio = audio_options(output)
    _check_codec(audio, format_)
    kilobits = audio.number("bitrate_kb", 0, *KILOBITS)
    codec = audio.get("codec") if audio.get("codec") in PCM else None
    as_deep = Encoding(format_, codec=codec) if codec else with_bits_of(source, format_)
    return replace(as_deep, bitrate=round(kilobits * 1000) or None)


def with_bits_of(source: Path, format_: Format) -> Encoding:
    """The format, lossless formats with samples as deep as the source's."""
    facts = facts_of(source)
    is_exact = facts.codec.startswith("pcm_") or facts.codec in LOSSLESS
    deep = DEEP.get(facts.sample_format) if is_exact else None
    if deep is None:
        return Encoding(format_)
    exact = facts.codec.replace("be", "le")
    codec = exact if exact in PCM else deep
    if format_.codec == "pcm_s16le":
        return Encoding(format_, codec=codec)
    return Encoding(format_, sample_format="s32" if format_.codec == "flac" else None)


DEEP = {"s32": "pcm_s24le", "flt": "pcm_f32le", "dbl": "pcm_f32le", "s64": "pcm_s32le"}
"""What keeps samples that FFmpeg decodes to more than 16 bits, and how they are called."""
LOSSLESS = ("alac", "flac")


def _check_codec(audio: Options, format_: Format) -> None:
    names = CODECS[format_.codec]
    if audio.get("codec") is not None and audio.get("codec") not in names:
        raise invalid("outputs.audio.codec", f"{format_.muxer} is written here with {names[0]} only.")


def reshaped(sound: Sound, output: Options, progress: Progress) -> Sound:
    """The sound with the channels and the rate that the output asks for."""
    audio = audio_options(output)
    channels = audio.number("channels", sound.channels, 1, 2)
    rate = audio.number("sample_rate", sound.rate, *RATES)
    shaped = with_channels(sound, round(channels), stage(progress, 0, 0.5))
    return resampled(shaped, round(rate), stage(progress, 0.5, 1))


MP4, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
WEBM = {"av1", "opus", "vorbis", "vp8", "vp9"}
FALLBACK = "wav"  # for inputs of kinds that are read here and not written, under a name that says nothing


@dataclass(frozen=True)
class Facts:
    """What of a source decides how its result is written; `taken` is the sound track that counts, from 1."""

    kind: str
    has_video: bool
    codec: str
    sample_format: str
    channels: int
    sounds: int
    taken: int


def facts_of(source: Path) -> Facts:
    """What a file is; it is opened once, however often that is asked."""
    return _facts_of(version_of(source, no_progress))


@lru_cache
def _facts_of(version: FileVersion) -> Facts:
    with opened(version.path) as container:
        kind, has_video = container_kind(container), video_of(container) is not None
        sound, sounds = sound_of(container), [stream.index for stream in container.streams.audio]
        if sound is None:
            return Facts(kind, has_video, "", "", 0, len(sounds), 0)
        coded = sound.codec_context
        taken = sounds.index(sound.index) + 1
        return Facts(
            kind, has_video, coded.name, sound.format.packed.name, sound.channels, len(sounds), taken
        )


def container_kind(container: InputContainer) -> str:
    """The kind of an open file, where FFmpeg has one name for several."""
    codecs = {
        stream.codec_context.codec.canonical_name for stream in container.streams if stream.codec_context
    }
    is_quicktime = container.metadata.get("major_brand", "").strip() == "qt"
    families = {MP4: "mov" if is_quicktime else "mp4", MATROSKA: "webm" if codecs <= WEBM else "mkv"}
    return families.get(container.format.name, container.format.name)


def kind_of(source: Path, destination: Path) -> str:
    """The kind of the input; the one that the output's name says only where that cannot be written here."""
    facts = facts_of(source)
    if facts.kind == "mp4" and not facts.has_video and source.suffix != ".mp4":
        return "m4a"
    named = destination.suffix.lstrip(".")
    return facts.kind if facts.kind in FORMATS else (named if named in FORMATS else FALLBACK)


def changes(source: Path, destination: Path) -> list[str]:
    """Sentences on what of the input the output cannot have, or has of several."""
    kind, written = facts_of(source).kind.partition(",")[0], kind_of(source, destination)
    said = f"The input is {kind}, which is not written here: the result is {written}."
    return [said] * (kind not in FORMATS and kind != written) + losses(source)


def losses(source: Path) -> list[str]:
    """Sentences on tracks and channels that no output here has."""
    facts = facts_of(source)
    several = f"Of its {facts.sounds} sound tracks number {facts.taken} was taken, which players take."
    mixed = f"Its {facts.channels} channels were mixed to two."
    said = [(several, facts.sounds > 1), (mixed, facts.channels > STEREO)]
    return [sentence for sentence, holds in said if holds]


STEREO = 2


def same_as(source: Path, destination: Path) -> Encoding:
    """The format of the input, with samples as deep."""
    return with_bits_of(source, format_called(kind_of(source, destination)))
