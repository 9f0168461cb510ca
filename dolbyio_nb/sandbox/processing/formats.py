"""The kinds of file the sandbox writes, each with its container, codec and what it can hold."""

from __future__ import annotations

from dataclasses import dataclass

from .refusal import unwritable


@dataclass(frozen=True)
class Format:
    """FFmpeg's names for a kind of file; `rates` in Hz is empty where any rate goes."""

    muxer: str
    codec: str
    rates: tuple[int, ...] = ()
    bitrate: int | None = None
    sample_format: str | None = None

    def rate_for(self, rate: int) -> int:
        """The rate to write a sound of `rate` at: the same, or the next one up that the codec knows."""
        if not self.rates or rate in self.rates:
            return rate
        return min((known for known in self.rates if known > rate), default=max(self.rates))


MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
AAC_RATES = (*MP3_RATES, 64000, 88200, 96000)
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)

_OGG = Format("ogg", "libopus", OPUS_RATES, 128_000)

FORMATS = {
    "wav": Format("wav", "pcm_s16le"),
    "flac": Format("flac", "flac", sample_format="s16"),
    "mp3": Format("mp3", "libmp3lame", MP3_RATES, 192_000),
    "m4a": Format("ipod", "aac", AAC_RATES, 192_000),
    "mp4": Format("mp4", "aac", AAC_RATES, 192_000),
    "aac": Format("adts", "aac", AAC_RATES, 192_000),
    "ogg": _OGG,
    "opus": _OGG,
}


def format_called(name: str) -> Format:
    """The format of a file ending or a `kind`."""
    try:
        return FORMATS[name.lower().lstrip(".")]
    except KeyError:
        known = ", ".join(sorted(FORMATS))
        raise unwritable(
            f"The sandbox does not write {name or 'files without an ending'!r}; it writes {known}."
        ) from None
