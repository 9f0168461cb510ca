"""A picture of levels: sixteen shades from quiet to loud, as a small PNG."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from dolbyio_nb.notebook.display.markup import Html, tag

SHADES = 16
STOPS = (
    (4, 3, 12),
    (42, 15, 84),
    (113, 32, 107),
    (185, 53, 86),
    (234, 106, 44),
    (251, 182, 26),
    (252, 253, 196),
)
"""From quiet to loud, ever lighter, so that it reads without colours as well."""


def heat(
    levels: NDArray[np.float32], low: float, high: float, alt: str, pixels: int, share: float = 1
) -> Html:
    """Draw levels of shape (columns, rows from the bottom up) between `low` and `high`."""
    scaled = (levels.T[::-1] - low) / (high - low) * SHADES
    data = b64encode(_png(np.clip(scaled, 0, SHADES - 1).astype(np.uint8))).decode()
    return tag(
        "img",
        src=f"data:image/png;base64,{data}",
        alt=alt,
        style=f"width:{100 * share:.4g}%;height:{pixels}px",
    )


def _png(shades: NDArray[np.uint8]) -> bytes:
    """Write shade numbers of shape (rows, columns), two to a byte."""
    tall, wide = shades.shape
    even = np.pad(shades, ((0, 0), (0, wide % 2)))
    packed = even[:, ::2] << 4 | even[:, 1::2]
    lines = b"".join(b"\0" + line.tobytes() for line in packed)
    header = struct.pack(">IIBBBBB", wide, tall, 4, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", _palette()), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _palette() -> bytes:
    places = np.linspace(0, len(STOPS) - 1, SHADES)
    stops = np.array(STOPS, float)
    columns = [np.interp(places, range(len(STOPS)), stops[:, i]) for i in range(3)]
    return np.stack(columns, axis=1).round().astype(np.uint8).tobytes()
