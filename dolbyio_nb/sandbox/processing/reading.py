"""From a file of any welcome kind to samples, however badly the file is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from .filters import array_of
from .progress import Tell
from .refusal import Refused, beyond, unreadable
from .sound import Samples, Sound, collect

WELCOME = "wav,mp3,flac,ogg,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aiff"
"""FFmpeg's readers that open nothing but the file they are given; its playlists would open others."""

MAX_BYTES = 200_000_000
MAX_SECONDS = 600
MAX_SAMPLES = MAX_SECONDS * 96_000 * 2
"""Ten minutes of stereo at 96 kHz, all channels counted: 461 MB on disk while a job runs."""

AAC_FRAME = 1024


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The file as a media container; whatever goes wrong in here is said as `Refused`."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise beyond(f"It has {size / 1e6:.0f} MB; the sandbox takes {MAX_BYTES // 1_000_000} MB.")
    with (
        path.open("rb") as file,
        media_errors(),
        av.open(file, "r", options={"format_whitelist": WELCOME}, metadata_errors="replace") as container,
    ):
        yield container


@contextmanager
def media_errors(refusal: Callable[[str], Refused] = unreadable) -> Iterator[None]:
    """Damaged files raise many kinds of exception from FFmpeg and PyAV; a job knows one."""
    try:
        yield
    except (av.error.FFmpegError, UnicodeError, MemoryError, LookupError, ValueError, OverflowError) as error:
        raise refusal(f"It is damaged, or of a kind the sandbox does not take ({_cause(error)}).") from error


def _cause(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def read_sound(path: Path, tell: Tell) -> Sound:
    """The whole sound of a file, one or two channels; more channels are mixed to two."""
    with opened(path) as container:
        if not container.streams.audio:
            raise unreadable("It has no sound track.")
        stream = container.streams.audio[0]
        layout = "mono" if stream.channels == 1 else "stereo"
        sound = collect(_decoded(container, layout, tell), stream.rate, 1 if layout == "mono" else 2)
        return _without_padding(sound, stream)


def _without_padding(sound: Sound, stream: AudioStream) -> Sound:
    """The sound as long as an MP4 track says: AAC fills up its last frame with silence."""
    if stream.duration is None or stream.time_base is None or stream.codec_context.name != "aac":
        return sound
    extra = sound.frames - round(stream.duration * stream.time_base * sound.rate)
    return Sound(sound.samples[:-extra], sound.rate) if 0 < extra < AAC_FRAME else sound


def _decoded(container: InputContainer, layout: str, tell: Tell) -> Iterator[Samples]:
    stream = container.streams.audio[0]
    expected = _expected_frames(container)
    resampler = av.AudioResampler(format="flt", layout=layout, rate=stream.rate)
    done = 0
    for frame in container.decode(stream):
        for piece in resampler.resample(frame):
            done += piece.samples
            _check_length(done, piece)
            yield array_of(piece)
        tell(done / expected)
    yield from (array_of(piece) for piece in resampler.resample(None))


def _expected_frames(container: InputContainer) -> int:
    seconds = (container.duration or 0) / av.time_base
    return max(1, round(seconds * container.streams.audio[0].rate))


def _check_length(done: int, piece: av.AudioFrame) -> None:
    too_long = done > MAX_SECONDS * piece.sample_rate
    if too_long or done * piece.layout.nb_channels > MAX_SAMPLES:
        raise beyond("It lasts longer; the sandbox takes ten minutes, up to 96 kHz stereo.")
