"""Preview of a sound or a picture, small enough to be embedded in a page."""

from __future__ import annotations

import base64
import io
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb.media.progress import progress_bar

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement
    from dolbyio_nb.audio.sound import Floats, Progress, Samples


SECONDS = 30
BITS = 96_000
"""Bits a second. Thirty seconds become 360 KB, and 480 KB as base64."""
VIDEO_BYTES, SOUND_BYTES, PICTURE_BYTES = 3_000_000, 500_000, 300_000
"""A file up to this size is embedded as it is."""
WIDTH = 640
"""Pixels across of a picture that had to be made smaller."""
LONG = 600
"""Seconds. To read what is longer takes more than a moment; a shorter one's bar would only leave traces."""


def sound_preview(path: Path) -> tuple[str, bool]:
    """Give the beginning as a `data:` URL of Opus with the same channels, and whether that is all of it.

    Raises:
        DolbyError: the file cannot be read as sound.
    """
    state = path.stat()
    return _sound_preview(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _sound_preview(path: Path, changed: int, size: int) -> tuple[str, bool]:
    import numpy as np

    from dolbyio_nb.audio.decode import opened_sound

    with opened_sound(path) as track:
        pieces = list(islice(track.by_second(), SECONDS + 1))
        data = _opus(np.concatenate(pieces[:SECONDS]), track.rate)
    return _data_url("audio/ogg", data), len(pieces) <= SECONDS


def _opus(samples: Samples, rate: int) -> bytes:
    import av

    from dolbyio_nb.audio.filters import frame_of
    from dolbyio_nb.audio.sound import layout_of

    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        layout = layout_of(samples.shape[1])
        stream = container.add_stream("libopus", rate=48_000, layout=layout, options={"vbr": "off"})
        stream.bit_rate = BITS
        resampler = av.AudioResampler(format="flt", layout=layout, rate=48_000)
        for piece in (*resampler.resample(frame_of(samples, rate, 0)), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


def file_url(path: Path, *, sound: bool) -> str | None:
    """Give a small video as it is, as a `data:` URL, or with `sound` a small sound; None for any other."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    most = {"video": VIDEO_BYTES, "audio": SOUND_BYTES if sound else 0}.get(kind.partition("/")[0], 0)
    return _data_url(kind, path.read_bytes()) if 0 < path.stat().st_size <= most else None


def picture_url(path: Path) -> str | None:
    """Give a picture as a `data:` URL, a large one made smaller; None where that cannot be done."""
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    if path.stat().st_size <= PICTURE_BYTES:
        return _data_url(kind, path.read_bytes())
    try:
        return _data_url("image/jpeg", _smaller(path))
    except (ImportError, OSError, ValueError, LookupError):
        return None


def _smaller(path: Path) -> bytes:
    import av

    with path.open("rb") as file, av.open(file, "r", options={"format_whitelist": PICTURE_READERS}) as found:
        frame = next(found.decode(video=0))
    file_out = io.BytesIO()
    height = max(2, round(frame.height * WIDTH / frame.width / 2) * 2)
    with av.open(file_out, "w", format="image2pipe") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH, height, "yuvj420p"
        container.mux(stream.encode(frame.reformat(WIDTH, height, "yuvj420p")))
        container.mux(stream.encode(None))
    return file_out.getvalue()


PICTURE_READERS = "png_pipe,jpeg_pipe,gif,webp_pipe"
"""FFmpeg's readers of pictures that open nothing but the file they are given."""


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def measured(path: Path) -> Measurement:
    """Measure a file, or give what was measured before."""
    from dolbyio_nb.audio.measure import measure

    with _bar("Measuring", path) as show:
        return measure(path, show)


def spectral_powers(path: Path, top: float) -> tuple[Floats, float]:
    """Give a file's spectrogram up to `top` Hz, in dB, and its seconds."""
    from dolbyio_nb.audio.spectrum import powers

    with _bar("Looking at", path) as show:
        return powers(path, top, show)


def seconds_of_file(path: Path) -> float:
    """Read how long a file says it is, in seconds; 0 when it does not say."""
    from dolbyio_nb.audio.decode import opened_sound

    with opened_sound(path) as track:
        return track.seconds


@contextmanager
def _bar(doing: str, path: Path) -> Iterator[Progress]:
    seconds = seconds_of_file(path)
    if seconds < LONG:
        yield lambda fraction: None
        return
    with progress_bar(f"{doing} {path.name}", seconds, unit="s") as show:
        yield lambda fraction: show(fraction * seconds)
