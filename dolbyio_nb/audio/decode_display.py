"""Decoding for display."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from dolbyio_nb.errors import DolbyError

Floats = NDArray[np.floating[Any]]
WELCOME = "wav,mp3,flac,ogg,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aiff,w64,caf,au"
"""FFmpeg's readers that open nothing but the file they are given; its playlists would open others."""
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}
"""Titles and names that cannot be read are no reason to refuse a file; later releases of PyAV know that."""
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""What a number of channels is taken for; any other is mixed to two."""


def seconds_of(
    container: InputContainer, hear: Callable[[av.AudioFrame], None] | None = None
) -> Iterator[Floats]:
    """Decode the sound in pieces of one second, shape (channels, frames); the last may be shorter.

    `hear` is called with every decoded frame on the way.
    """
    rate = container.streams.audio[0].rate
    held: list[Floats] = []
    count = 0
    for frame in _frames(container):
        if hear:
            hear(frame)
        held.append(frame.to_ndarray())  # type: ignore[arg-type]  # planar floats, as resampled
        count += frame.samples
        if count >= rate:
            whole = np.concatenate(held, axis=1)
            yield from (whole[:, start : start + rate] for start in range(0, count - rate + 1, rate))
            held, count = [whole[:, count - count % rate :]], count % rate
    if count:
        yield np.concatenate(held, axis=1)


def layout_of(container: InputContainer) -> str:
    """Give the layout that the sound is decoded to."""
    return LAYOUTS.get(container.streams.audio[0].channels, "stereo")


def length_of(container: InputContainer) -> float:
    """Read how long a file says it is, in seconds; 0 when it does not say."""
    return (container.duration or 0) / av.time_base


def _frames(container: InputContainer) -> Iterator[av.AudioFrame]:
    stream = container.streams.audio[0]
    resampler = av.AudioResampler(format="fltp", layout=layout_of(container), rate=stream.rate)
    for decoded in container.decode(stream):
        yield from resampler.resample(decoded)
    yield from resampler.resample(None)


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a file that has sound in it.

    Raises:
        DolbyError: it cannot be read as sound, now or while the block reads on.
    """
    with (
        sound_errors(path),
        path.open("rb") as file,
        av.open(file, "r", options={"format_whitelist": WELCOME}, **LENIENT) as container,
    ):
        if not container.streams.audio:
            raise LookupError("there is no sound in it")
        yield container


@contextmanager
def sound_errors(path: Path) -> Iterator[None]:
    """Say in words what FFmpeg and PyAV say in many kinds of exception."""
    try:
        yield
    except (av.error.FFmpegError, OSError, UnicodeError, LookupError, ValueError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DolbyError(
            f"{path.name} cannot be read as sound.",
            f"{why[:1].upper()}{why[1:]}.",
            "Check the path, and that a player can play the file.",
        ) from None
