"""Memory of long sound: it does not grow with the length."""

import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

from dolbyio_nb.audio.sound import Sound

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


ALL_ON = {
    "audio": {
        "filter": {"high_pass": {"enable": True, "frequency": 90}},
        "noise": {"reduction": {"enable": True, "amount": "max"}},
        "speech": {
            "click": {"reduction": {"enable": True}},
            "plosive": {"reduction": {"enable": True}},
            "sibilance": {"reduction": {"enable": True}},
        },
        "dynamics": {"range_control": {"enable": True, "amount": "max"}},
        "loudness": {"enable": True, "target_level": -9},
    }
}


MASTERED = {
    "inputs": [{"source": "dlb://in"}],
    "outputs": [{"destination": "dlb://out", "kind": "wav", "master": {"loudness": {"target_level": -8}}}],
}


@pytest.mark.parametrize(("path", "body"), [("/media/enhance", ALL_ON), ("/media/master", MASTERED)])
def test_two_copies_are_kept_at_most(
    path: str, body: dict[str, Any], voice: Sound, saved: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decoded and what is made of it are on the disk, and nothing that came before."""
    live = most = 0
    plain = np.memmap

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal live, most
        mapped = plain(*args, **options)
        live, most = live + mapped.nbytes, max(most, live + mapped.nbytes)
        weakref.finalize(mapped.base, gone, mapped.nbytes)
        return mapped

    def gone(size: int) -> None:
        nonlocal live
        live -= size

    source = saved(voice)
    monkeypatch.setattr(np, "memmap", counted)
    run(path, source, body)
    assert 1.5 * voice.samples.nbytes < most < 2.1 * voice.samples.nbytes
