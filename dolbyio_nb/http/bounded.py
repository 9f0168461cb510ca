"""Bounded exchange: one POST whose answer has an end, in time and in size; then its connection is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from dolbyio_nb.http.body import TOKEN_SIZE, load_body, parse_json
from dolbyio_nb.http.limits import within
from dolbyio_nb.http.session import PlainSession


@dataclass(frozen=True)
class Answer:
    """An answer that was read to its end."""

    status_code: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def text(self) -> str:
        """The body as text, with a sign in place of what is none."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises ValueError or RecursionError."""
        return parse_json(self.content)


def post(url: str, *, seconds: float, **options: Any) -> Answer:
    """Send one POST and read its answer; no redirect is followed, nothing is sent twice.

    Raises:
        OutOfTime: it took longer than `seconds` in all.
        TooLarge: it goes on for more than a token's answer does.
        requests.RequestException: as in requests.
    """

    def send() -> Answer:
        with (
            PlainSession() as session,
            session.post(url, stream=True, allow_redirects=False, **options) as response,
        ):
            load_body(response, TOKEN_SIZE)
            headers = requests.structures.CaseInsensitiveDict(response.headers)
            return Answer(response.status_code, response.reason or "", headers, response.content)

    return within(seconds, send, alone=True)
