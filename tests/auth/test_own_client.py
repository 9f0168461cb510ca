"""Clients of one's own, as the README shows them: every snippet is run as it stands there."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dolbyio_nb import AccessToken, Dolby, login
from dolbyio_nb.sandbox import Sandbox
from tests.waiting import run_loop

README = Path(__file__).parents[2] / "README.md"
SECTION = README.read_text(encoding="utf-8").split("**With your own client.**")[1].split("\n**")[0]
SNIPPETS = re.findall(r"(?s)```python\n(.*?)```", SECTION)


@pytest.fixture
def dolby(environment: pytest.MonkeyPatch) -> Iterator[Dolby]:
    """A log-in at the sandbox, whose token was accepted before."""
    with login() as dolby:
        dolby.keeper.accept(dolby.token)
        yield dolby


def run(snippet: str, dolby: Dolby) -> Any:
    """Run a snippet as a cell does, which may await; returns its answer."""
    names: dict[str, Any] = {"dolby": dolby, "dolby_token": dolby.token}
    outcome = eval(compile(snippet, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.iscoroutine(outcome):
        run_loop(outcome)
    return names["answer"]


def test_the_readme_shows_every_client() -> None:
    """requests, httpx, httpx in asyncio, and the token alone."""
    for name in ("requests.get(", "httpx.Client(", "httpx.AsyncClient(auth=", "dolby.token_async()"):
        assert any(name in snippet for snippet in SNIPPETS)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_is_let_in(dolby: Dolby, sandbox: Sandbox, snippet: str) -> None:
    """The service answers with a list of jobs."""
    answer = run(snippet, dolby)
    assert answer.status_code == 200
    assert "jobs" in answer.json()


@pytest.mark.parametrize("snippet", [snippet for snippet in SNIPPETS if "auth=dolby.auth" in snippet])
def test_a_snippet_outlives_its_token(dolby: Dolby, sandbox: Sandbox, snippet: str) -> None:
    """A token that was revoked meanwhile is replaced, and the request is sent once more."""
    sandbox.faults.revoke()
    assert run(snippet, dolby).status_code == 200


@pytest.mark.parametrize("write", [lambda t: f"Bearer {t}", lambda t: "Bearer %s" % t])  # noqa: UP031
def test_a_header_of_ones_own(dolby: Dolby, write: Callable[[AccessToken], str]) -> None:
    """An f-string and the old way of formatting both give a header that can be sent."""
    answer = requests.get(
        f"{dolby.media_url}/media/jobs", headers={"Authorization": write(dolby.token)}, timeout=10
    )
    assert answer.status_code == 200
