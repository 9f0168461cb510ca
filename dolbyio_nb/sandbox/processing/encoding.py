"""How an output's sound is to be coded: codec, bitrate, channels, rate."""

from __future__ import annotations

from .filters import resampled
from .formats import Format, format_called
from .options import Options
from .progress import Tell, part
from .refusal import invalid
from .sound import Sound
from .stitching import with_channels
from .writing import Encoding

CODECS = {
    "aac": ("aac", "aac_lc"),
    "flac": ("flac",),
    "libmp3lame": ("mp3",),
    "libopus": ("opus",),
    "pcm_s16le": ("pcm", "pcm_s16le"),
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


def encoding_for(kind: str, output: Options) -> Encoding:
    """The format of that kind, with the codec and bitrate that the request asks for."""
    format_ = format_called(kind)
    audio = audio_options(output)
    _check_codec(audio, format_)
    kilobits = audio.number("bitrate_kb", 0, *KILOBITS)
    return Encoding(format_, round(kilobits * 1000) or None)


def _check_codec(audio: Options, format_: Format) -> None:
    names = CODECS[format_.codec]
    if audio.get("codec") is not None and audio.get("codec") not in names:
        raise invalid("outputs.audio.codec", f"{format_.muxer} is written here with {names[0]} only.")


def reshaped(sound: Sound, output: Options, tell: Tell) -> Sound:
    """The sound with the channels and the rate that the output asks for."""
    audio = audio_options(output)
    channels = audio.number("channels", sound.channels, 1, 2)
    rate = audio.number("sample_rate", sound.rate, *RATES)
    shaped = with_channels(sound, round(channels), part(tell, 0, 0.5))
    return resampled(shaped, round(rate), part(tell, 0.5, 1))
