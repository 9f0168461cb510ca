"""Connections in a forked child."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .server import Server

PROGRAM = Path(__file__).parent / "programs" / "fork_session.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_does_not_share_connections(server: Server) -> None:
    """Parent and child call at the same time, and each gets the answers to its own calls."""
    for path in ("/before", "/inside", "/parent"):
        server.answers[path] = (200, {"X-Path": path})
    done = subprocess.run(
        [sys.executable, PROGRAM, server.url], capture_output=True, text=True, timeout=30, check=True
    )
    assert (done.stdout, done.stderr) == ("101\n", "")
