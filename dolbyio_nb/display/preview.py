"""Preview of a sound, small enough to be embedded in a page."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from itertools import islice
from pathlib import Path

import av
import numpy as np

from dolbyio_nb.audio.decode_display import opened, seconds_of

SECONDS = 20
BITS = 24_000
"""Bits a second. Twenty seconds become 60 KB, and 80 KB as base64."""


def preview(path: Path) -> tuple[str, bool]:
    """Give a `data:` URL, and whether the whole sound is in it."""
    state = path.stat()
    return _preview(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=32)
def _preview(path: Path, changed: int, size: int) -> tuple[str, bool]:
    with opened(path) as container:
        rate = container.streams.audio[0].rate
        pieces = list(islice(seconds_of(container), SECONDS + 1))
    mono = np.concatenate([piece.mean(axis=0) for piece in pieces[:SECONDS]])
    data = base64.b64encode(_opus(mono.astype(np.float32), rate)).decode()
    return f"data:audio/ogg;base64,{data}", len(pieces) <= SECONDS


def _opus(mono: np.ndarray[tuple[int], np.dtype[np.float32]], rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono", options={"vbr": "off"})
        stream.bit_rate = BITS
        frame = av.AudioFrame.from_ndarray(mono.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()
