"""A sandbox, and the Media APIs logged in to it."""

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def media(sandbox: Sandbox) -> Media:
    token = requests.post(f"{sandbox.auth_url}/v1/auth/token", auth=(sandbox.app_key, sandbox.app_secret), data={"grant_type": "client_credentials"}, timeout=5).json()["access_token"]
    session = requests.Session()
    session.auth = lambda r: (r.headers.__setitem__("Authorization", f"Bearer {token}"), r)[1]
    return Media(session, sandbox.media_url)
