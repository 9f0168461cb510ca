"""Memory of long sound: it does not grow with the length."""

import tracemalloc
from typing import Any

RATE = 8_000
MEBIBYTE = 1 << 20


def test_longer_sound_takes_no_more_memory(make: Any, saved: Any, run: Any) -> None:
    """A minute, and two and a half: within 3 MiB; the samples alone would be 6 MiB more."""
    peaks = []
    for minutes in (1, 2.5):
        source = saved(make.noise(round(minutes * 60 * RATE), rate=RATE, channels=2))
        tracemalloc.start()
        try:
            run("/media/enhance", source)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * MEBIBYTE
