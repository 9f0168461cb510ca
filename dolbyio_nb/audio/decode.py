"""Decoding of a file's sound within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from dolbyio_nb.audio.filters import array_of
from dolbyio_nb.audio.sound import LAYOUTS, Progress, Samples, Sound, collect, layout_of, no_progress
from dolbyio_nb.errors import SoundError, SoundTooLarge, SoundUnreadable

READERS = (
    "wav,mp3,flac,ogg,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mxf,aiff,w64,caf,au,amr,asf,"
    "ac3,eac3,mpegts"
)
"""FFmpeg's readers that open nothing but the file they are given; its playlists would open others."""
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}
"""Titles and names that cannot be read are no reason to refuse a file; later releases of PyAV know that."""
MAX_BYTES = 2_000_000_000
MAX_SECONDS = 4 * 3600
MAX_SAMPLES = MAX_SECONDS * 48_000 * 2
"""Four hours of stereo at 48 kHz, all channels counted: 5.5 GB on disk while a job runs."""
RATES = (4_000, 192_000)  # Hz
SHORTEST = 0.01  # seconds
LOUDEST = 100.0  # times full scale, in files of floating-point samples
AAC_FRAME = 1024
LATE = 0.005  # seconds after the picture that are kept as silence


@dataclass(frozen=True, eq=False)
class Track:
    """The sound track of an open file."""

    path: Path
    stream: AudioStream

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""
        return int(self.stream.rate)

    @property
    def channels(self) -> int:
        """How many the file has."""
        return int(self.stream.channels)

    @property
    def layout(self) -> str:
        """What the channels are taken for."""
        return layout_of(self.channels)

    @property
    def decoded_channels(self) -> int:
        """How many are decoded."""
        return self.channels if self.channels in LAYOUTS else 2

    @property
    def seconds(self) -> float:
        """How long the file says it is; 0 where it does not say."""
        return length_of(cast(InputContainer, self.stream.container))

    @property
    def late(self) -> float:
        """How many seconds after the picture it begins; 0 where there is none."""
        container, stream = cast(InputContainer, self.stream.container), self.stream
        if video_of(container) is None or stream.start_time is None or stream.time_base is None:
            return 0.0
        begins = float(stream.start_time * stream.time_base) - (container.start_time or 0) / av.time_base
        return begins if LATE <= begins <= self.seconds else 0.0

    def blocks(self, progress: Progress = no_progress, layout: str | None = None) -> Iterator[Samples]:
        """The sound as it is decoded, block by block, shape (frames, channels)."""
        expected, done = max(1, round(self.seconds * self.rate)), 0
        resampler = av.AudioResampler(format="flt", layout=layout or self.layout, rate=self.rate)
        silent = round(self.late * self.rate)
        for frame in cast(InputContainer, self.stream.container).decode(self.stream):
            for piece in resampler.resample(frame):
                while silent:
                    missing = min(silent, self.rate)
                    yield np.zeros((missing, piece.layout.nb_channels), np.float32)
                    done, silent = done + missing, silent - missing
                done += piece.samples
                _check_length(self.path, done, self.rate, piece.layout.nb_channels)
                yield _sane(self.path, array_of(piece))
            progress(done / expected)
        for piece in resampler.resample(None):
            done += piece.samples
            yield _sane(self.path, array_of(piece))
        if not done:
            raise _unreadable(self.path, "It holds no sound at all.")

    def by_second(self, progress: Progress = no_progress) -> Iterator[Samples]:
        """The same in pieces of one second; the last may be shorter."""
        held: list[Samples] = []
        count = 0
        for block in self.blocks(progress):
            held.append(block)
            count += len(block)
            if count >= self.rate:
                whole, left = np.concatenate(held), count % self.rate
                yield from (whole[s : s + self.rate] for s in range(0, count - left, self.rate))
                held, count = [whole[count - left :]], left
        if count:
            yield np.concatenate(held)


@dataclass(frozen=True)
class FileVersion:
    """A file as it stands; who is told how far it is read makes no difference to what is found in it."""

    path: Path
    changed: int
    size: int
    progress: Progress = field(default=no_progress, compare=False)


def version_of(path: Path, progress: Progress) -> FileVersion:
    """The file's version, to look up what was found in it before."""
    with media_errors(lambda error: _unreadable(path, _why(error))):
        state = path.stat()
    return FileVersion(path, state.st_mtime_ns, state.st_size, progress)


def read_sound(path: Path, progress: Progress = no_progress, *, surround: bool = False) -> Sound:
    """The whole sound of a file; more than two channels are mixed to two, or with `surround` kept."""
    with opened_sound(path) as track:
        layout = track.layout if surround else layout_of(min(2, track.channels))
        channels = track.decoded_channels if surround else min(2, track.channels)
        sound = collect(track.blocks(progress, layout), track.rate, channels)
        if sound.seconds < SHORTEST:
            raise _unreadable(path, "It holds less than a hundredth of a second of sound.")
        return _without_padding(sound, track.stream)


def read_samples(path: str | Path) -> tuple[Samples, int]:
    """Read the sound of any media file, and give `(samples, rate)`, as `librosa` and `soundfile` take them.

    Samples are floats, 1 at full scale, of shape `(n,)`, or `(n, 2)` for two channels and more; the rate is
    in Hz, 4,000 to 192,000.

    Raises:
        SoundError: it is no sound, or is longer than four hours of stereo at 48 kHz.
    """
    sound = read_sound(Path(path))
    return sound.samples[:, 0] if sound.channels == 1 else sound.samples, sound.rate


def _without_padding(sound: Sound, stream: AudioStream) -> Sound:
    """The sound as long as an MP4 track says: AAC fills up its last frame with silence."""
    if stream.duration is None or stream.time_base is None or stream.codec_context.name != "aac":
        return sound
    extra = sound.frames - round(stream.duration * stream.time_base * sound.rate)
    return Sound(sound.samples[:-extra], sound.rate) if 0 < extra < AAC_FRAME else sound


@contextmanager
def opened_sound(path: Path) -> Iterator[Track]:
    """The sound track of a file.

    Raises:
        SoundUnreadable, SoundTooLarge: it cannot be read as sound, now or while the block reads on.
    """
    with opened(path) as container:
        stream = sound_of(container)
        if stream is None:
            raise _unreadable(path, "It has no sound track that can be decoded.")
        if not RATES[0] <= stream.rate <= RATES[1]:
            raise _unreadable(path, f"It is sampled at {stream.rate} Hz; 4 to 192 kHz are taken.")
        yield Track(path, stream)


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The file as a media container; whatever goes wrong in here is said as a `SoundError`."""
    with media_errors(lambda error: _unreadable(path, _why(error, path))), path.open("rb") as file:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path, f"It has {size / 1e6:.0f} MB; {MAX_BYTES // 1_000_000} MB are taken.")
        with av.open(file, "r", options={"format_whitelist": READERS}, **LENIENT) as container:
            yield container


@contextmanager
def media_errors(refusal: Callable[[Exception], SoundError]) -> Iterator[None]:
    """Damaged files raise many kinds of exception from FFmpeg and PyAV; whoever reads knows one."""
    try:
        yield
    except (
        av.error.FFmpegError, OSError, UnicodeError, MemoryError, LookupError, ValueError, OverflowError,
    ) as error:  # fmt: skip
        raise refusal(error) from None


def cause(error: Exception) -> str:
    """What went wrong, in the fewest words."""
    return getattr(error, "strerror", None) or type(error).__name__


def _why(error: Exception, path: Path | None = None) -> str:
    if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError):
        return f"{cause(error)}."
    mistaken = mistaken_for(path) if path else None
    return mistaken or f"It is damaged, or of a kind that is not taken ({cause(error)}); {TAKEN}."


TAKEN = "taken are WAV, FLAC, MP3, AAC, Ogg, MP4, MOV, WebM, MKV, AVI, MXF, AIFF, CAF, AMR, WMA, AC-3, TS"
MISTAKEN = (
    (b"version https://git-lfs", "It is a Git LFS pointer, not the sound itself: run git lfs pull."),
    (b"<!doctype html", "It is a web page, not a sound: the address may need a log-in, or has moved."),
    (b"<html", "It is a web page, not a sound: the address may need a log-in, or has moved."),
    (b"<?xml", "It is an XML document, as storage answers with when a link has expired."),
    (b"#extm3u", "It is a playlist, not a sound: give one of the files that it names."),
    (b"--", "It is the body of a web form (multipart): send the file's bytes alone."),
    (b"%pdf", "It is a PDF document."),
    (b"pk\x03\x04", "It is a ZIP archive: unpack it first."),
)
"""What files that are no sound begin with, in small letters, and what they are."""


def mistaken_for(path: Path) -> str | None:
    """What a file is that somebody took for sound; None where its beginning does not tell."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        return "It is empty."
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((what for start, what in MISTAKEN if bare.startswith(start)), None)


def _unreadable(path: Path, why: str) -> SoundUnreadable:
    return SoundUnreadable(
        f"{path.name} cannot be read as sound.", why, "Check the path, and that a player can play the file."
    )


def _too_large(path: Path, why: str) -> SoundTooLarge:
    return SoundTooLarge(f"{path.name} is too large to be worked on.", why, "Cut it into parts.")


def _sane(path: Path, block: Samples) -> Samples:
    if block.size and not np.abs(block).max() <= LOUDEST:  # also where it is not a number
        raise _unreadable(path, "It holds samples that no recording has.")
    return block


def _check_length(path: Path, done: int, rate: int, channels: int) -> None:
    if done > MAX_SECONDS * rate or done * channels > MAX_SAMPLES:
        raise _too_large(
            path, f"It lasts longer; {MAX_SECONDS // 3600} hours are taken, as of 48 kHz stereo."
        )


def length_of(container: InputContainer) -> float:
    """How long a file says it is, in seconds; 0 where it does not say."""
    return (container.duration or 0) / av.time_base


def sound_of(container: InputContainer) -> AudioStream | None:
    """The sound track that players take, the default one or the first, of those whose coding is known."""
    known = [s for s in container.streams.audio if s.codec_context]
    return next((s for s in known if s.disposition & Disposition.default), known[0] if known else None)


def video_of(container: InputContainer) -> VideoStream | None:
    """The moving picture, if its coding is known; the cover of a music file is none."""
    known = (s for s in container.streams.video if s.codec_context)
    return next((s for s in known if not s.disposition & Disposition.attached_pic), None)


def cover_of(container: InputContainer) -> VideoStream | None:
    """The cover of a music file."""
    known = (s for s in container.streams.video if s.codec_context)
    return next((s for s in known if s.disposition & Disposition.attached_pic), None)
