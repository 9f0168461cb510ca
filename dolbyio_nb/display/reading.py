"""Reading of sound files for display, with a progress bar for the long ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb.media.progress import progress

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement
    from dolbyio_nb.audio.sound import Floats, Progress


def measured(path: Path) -> Measurement:
    """Measure a file, or give what was measured before."""
    from dolbyio_nb.audio.measure import measure

    with _bar("Measuring", path) as show:
        return measure(path, show)


def spectral_powers(path: Path, top: float) -> tuple[Floats, float]:
    """Give a file's spectrogram up to `top` Hz, in dB, and its seconds."""
    from dolbyio_nb.audio.spectrogram import powers

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
    with progress(doing, path, seconds) as show:
        yield lambda fraction: show(fraction * seconds)
