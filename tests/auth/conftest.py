"""A stage for the keeper, and its real threads."""

import pytest

from .stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Time, threads and a token service, moved by hand."""
    return Stage()
