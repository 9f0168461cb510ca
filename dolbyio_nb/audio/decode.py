"""Decoding of a file's sound within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from dolbyio_nb.audio.filters import array_of
from dolbyio_nb.audio.sound import Progress, Samples, Sound, collect
from dolbyio_nb.sandbox.http_error import Refused, beyond, unreadable

WELCOME = "wav,mp3,flac,ogg,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aiff"
"""FFmpeg's readers that open nothing but the file they are given; its playlists would open others."""
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}
"""Titles and names that cannot be read are no reason to refuse a file; later releases of PyAV know that."""
MAX_BYTES = 200_000_000
MAX_SECONDS = 600
MAX_SAMPLES = MAX_SECONDS * 96_000 * 2
"""Ten minutes of stereo at 96 kHz, all channels counted: 461 MB on disk while a job runs."""
RATES = (4_000, 192_000)  # Hz
SHORTEST = 0.01  # seconds
LOUDEST = 100.0  # times full scale, in files of floating-point samples
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
        av.open(file, "r", options={"format_whitelist": WELCOME}, **LENIENT) as container,
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


def read_sound(path: Path, progress: Progress) -> Sound:
    """The whole sound of a file, one or two channels; more channels are mixed to two."""
    with opened(path) as container:
        stream = sound_of(container)
        if stream is None:
            raise unreadable("It has no sound track that can be decoded.")
        if not RATES[0] <= stream.rate <= RATES[1]:
            raise unreadable(f"It is sampled at {stream.rate} Hz; the sandbox takes 4 to 192 kHz.")
        layout = "mono" if stream.channels == 1 else "stereo"
        sound = collect(_decoded(stream, layout, progress), stream.rate, 1 if layout == "mono" else 2)
        if sound.seconds < SHORTEST:
            raise unreadable("It holds less than a hundredth of a second of sound.")
        return _without_padding(sound, stream)


def sound_of(container: InputContainer) -> AudioStream | None:
    """The first sound track, if its coding is known."""
    return next((s for s in container.streams.audio if s.codec_context), None)


def _without_padding(sound: Sound, stream: AudioStream) -> Sound:
    """The sound as long as an MP4 track says: AAC fills up its last frame with silence."""
    if stream.duration is None or stream.time_base is None or stream.codec_context.name != "aac":
        return sound
    extra = sound.frames - round(stream.duration * stream.time_base * sound.rate)
    return Sound(sound.samples[:-extra], sound.rate) if 0 < extra < AAC_FRAME else sound


def _decoded(stream: AudioStream, layout: str, progress: Progress) -> Iterator[Samples]:
    container = cast(InputContainer, stream.container)
    expected = max(1, round((container.duration or 0) / av.time_base * stream.rate))
    resampler = av.AudioResampler(format="flt", layout=layout, rate=stream.rate)
    done = 0
    for frame in container.decode(stream):
        for piece in resampler.resample(frame):
            done += piece.samples
            _check_length(done, piece)
            yield _sane(array_of(piece))
        progress(done / expected)
    yield from (array_of(piece) for piece in resampler.resample(None))


def _sane(block: Samples) -> Samples:
    if block.size and not np.abs(block).max() <= LOUDEST:  # also where it is not a number
        raise unreadable("It holds samples that no recording has.")
    return block


def _check_length(done: int, piece: av.AudioFrame) -> None:
    too_long = done > MAX_SECONDS * piece.sample_rate
    if too_long or done * piece.layout.nb_channels > MAX_SAMPLES:
        raise beyond("It lasts longer; the sandbox takes ten minutes, up to 96 kHz stereo.")


def video_of(container: InputContainer) -> VideoStream | None:
    """The moving picture, if its coding is known; the cover of a music file is none."""
    known = (s for s in container.streams.video if s.codec_context)
    return next((s for s in known if not s.disposition & Disposition.attached_pic), None)


def has_picture(path: Path) -> bool:
    with opened(path) as container:
        return video_of(container) is not None
