"""How far somebody must read to follow one call, or one card."""

import runpy
from pathlib import Path

import pytest


def test_a_call_crosses_few_files(tone: Path, pytestconfig: pytest.Config) -> None:
    """`enhance(path)` up to the job's id, and to the door behind which requests are sent."""
    seen = runpy.run_path(str(pytestconfig.rootpath / "benchmarks" / "trace.py"))["trace_enhance"](tone)
    assert "media/operations.py" in seen.files
    assert len(seen.files) <= 16, sorted(seen.files)
    assert sum(seen.moves.values()) <= 40


def test_a_card_crosses_few_files(tone: Path, pytestconfig: pytest.Config) -> None:
    """What a notebook shows of a saved recording, and of a diagnosis; the scrubber counts too."""
    cards = runpy.run_path(str(pytestconfig.rootpath / "benchmarks" / "trace.py"))["trace_cards"](tone)
    assert {name: len(seen.files) for name, seen in cards.items() if len(seen.files) > 14} == {}
    assert all("display/cards.py" in seen.files for seen in cards.values())
