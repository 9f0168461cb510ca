"""Transfers by threads of this process, over kept connections."""

from collections.abc import Callable
from pathlib import Path

import requests

from dolbyio_nb.batch.carry import NEVER, Carried
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.http.connections import TooLarge, load_body
from dolbyio_nb.http.error_response import retry_after
from dolbyio_nb.http.retry import kept
from dolbyio_nb.http.session import PlainSession, exchange
from dolbyio_nb.media.inputs import CHUNK, Content, read_content
from dolbyio_nb.media.transfer import LARGEST_REFUSAL, TIME_LIMITS, whole_or_nothing


class LocalCarrier:
    """Puts and gets with one session, which keeps its connections."""

    def __init__(self, session: PlainSession) -> None:
        self._session = session

    def put(self, url: str, source: str | Content) -> Carried:
        """Send a file, bytes or an open file."""
        return _reported(lambda: self._put(url, source))

    def get(self, url: str, path: str) -> Carried:
        """Fetch into a file, which is there whole or not at all."""
        return _reported(lambda: self._get(url, Path(path)))

    def _put(self, url: str, source: str | Content) -> Carried:
        content = source if isinstance(source, Content) else read_content(source)
        with exchange(self._session, "PUT", url, {}, content.chunks(), timeout=TIME_LIMITS) as response:
            load_body(response, LARGEST_REFUSAL)
            return _answered(response)

    def _get(self, url: str, path: Path) -> Carried:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exchange(self._session, "GET", url, {}, timeout=TIME_LIMITS) as response:
            if response.status_code != 200:
                return _answered(response)
            with whole_or_nothing(path) as file:
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
            return _answered(response)


def _answered(response: requests.Response) -> Carried:
    asked = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
    return response.status_code, asked, ""


def _reported(transfer: Callable[[], Carried]) -> Carried:
    outcome = kept(transfer)
    match outcome:
        case tuple():
            return outcome
        case requests.Timeout():
            return 0, None, "The storage took too long to answer."
        case requests.RequestException() | TooLarge():
            return 0, None, "The connection to the storage broke."
        case DolbyError():
            return NEVER, None, str(outcome)
        case OSError():
            return (
                NEVER,
                None,
                f"{outcome.strerror or type(outcome).__name__}: {outcome.filename or ''}".rstrip(": "),
            )
        case Exception():
            return NEVER, None, type(outcome).__name__
    raise outcome
