"""Requests of the operations, and sounds to send."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.audio.sound import no_progress
from dolbyio_nb.sandbox.operations import process
from tests.sounds import heard as heard
from tests.sounds import make as make
from tests.sounds import media as media
from tests.sounds import saved as saved
from tests.sounds import second_meter as second_meter
from tests.sounds import si_sdr as si_sdr
from tests.sounds import voice as voice

OFF = {
    "loudness": {"enable": False},
    "dynamics": {"range_control": {"enable": False}},
    "noise": {"reduction": {"enable": False}},
    "filter": {"high_pass": {"enable": False}, "hum": {"enable": False}},
    "speech": {
        "isolation": {"enable": False},
        "sibilance": {"reduction": {"enable": False}},
        "plosive": {"reduction": {"enable": False}},
        "click": {"reduction": {"enable": False}},
    },
}
"""Every switch off; a test puts on what it is about."""


@pytest.fixture(scope="session")
def only() -> Callable[..., Any]:
    """An enhance request with every switch off but those of the groups given."""

    def request(**groups: Any) -> dict[Any, Any]:
        speech = OFF["speech"] | groups.pop("speech", {})
        return {"audio": OFF | groups | {"speech": speech}}

    return request


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Does one job from one file to one file and returns the result and the output's path."""

    def job(path: Any, source: Any, body: Any = None, output: str = "out.wav") -> Any:
        result = process(path, {} if body is None else body, [source], [tmp_path / output], no_progress)
        return result, tmp_path / output

    return job
