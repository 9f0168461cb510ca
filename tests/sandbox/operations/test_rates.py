"""Rates and channels: every operation takes every rate of sound, with one, two or six channels."""

from typing import Any

import numpy as np
import pytest

from dolbyio_nb.sandbox.routes import ENDPOINTS

RATES = (8_000, 16_000, 22_050, 44_100, 48_000, 72_000, 88_200, 96_000, 176_400, 192_000)
BODY = {"inputs": [{"source": "dlb://in"}], "outputs": [{"kind": "wav"}]}
SECONDS = {"report": 2.02}
"""Reports are not written of less than two seconds."""


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", RATES)
def test_every_operation(make: Any, saved: Any, run: Any, heard: Any, rate: int, channels: int) -> None:
    """What writes sound writes all of it, at the rate it came with."""
    for path, endpoint in ENDPOINTS.items():
        time = np.arange(round(SECONDS.get(endpoint.writes, 0.4) * rate)) / rate
        wave = 0.1 * np.sin(2 * np.pi * 440 * time) * (1 + np.sin(30 * time))
        source = saved(make.sound(wave[:, None] * np.linspace(1, 0.5, channels), rate))
        _, output = run(path, source, BODY)
        if endpoint.writes == "media":
            result = heard(output)
            assert (result.rate, result.frames) == (rate, len(time)), path
