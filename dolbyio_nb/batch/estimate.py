"""Length of sound, read from the headers of WAV files alone, for saying how much there is to do."""

import os
import struct
from collections.abc import Iterable

from dolbyio_nb.batch.item import Item

HEAD = 4096
"""Bytes that are read: a WAV file has its format in its first chunks."""


def hours_of_sound(items: Iterable[Item]) -> tuple[float, int]:
    """Add up the hours of the files whose header tells, and count those files."""
    known = [seconds for item in items if (seconds := _seconds(item)) is not None]
    return sum(known) / 3600, len(known)


def _seconds(item: Item) -> float | None:
    if not isinstance(item.content, str) or not item.name.lower().endswith((".wav", ".wave")):
        return None
    try:
        if not os.path.isfile(item.content):  # a pipe would be waited for
            return None
        with open(item.content, "rb") as file:
            return wav_seconds(file.read(HEAD), item.size or 0)
    except OSError:
        return None


def wav_seconds(head: bytes, size: int) -> float | None:
    """Read the length from the head of a WAV file of `size` bytes; None when it is none."""
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 20 <= len(head):
            rate = struct.unpack_from("<I", head, at + 16)[0]
        if name == b"data":
            return min(length, max(0, size - at - 8)) / rate if rate else None
        at += 8 + length + length % 2
    return None


def in_words(hours: float) -> str:
    """Write a length of time for people."""
    if hours >= 10:
        return f"{hours:,.0f} h"
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{hours * 60:.0f} min" if hours >= 1 / 60 else f"{hours * 3600:.0f} s"
