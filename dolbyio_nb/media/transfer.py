"""Files on their way to and from temporary storage, through addresses that are good for an hour."""

import errno
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests

from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.config import is_local
from dolbyio_nb.errors import (
    DolbyError,
    ErrorResponse,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    TransferError,
)
from dolbyio_nb.http.connections import TooLarge, load_body, pieces, size
from dolbyio_nb.http.error_response import cause_of
from dolbyio_nb.http.limits import WINDOW, OutOfTime, Speed, limited
from dolbyio_nb.http.redact import hide_in_logs, scrub
from dolbyio_nb.http.retry import NO_ANSWER, TRANSFER, Attempts, kept, run
from dolbyio_nb.http.session import PlainSession, exchange
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import Content
from dolbyio_nb.media.locations import is_temporary, shown
from dolbyio_nb.media.progress import Show, progress_bar

TIME_LIMITS = (10.0, 60.0)
"""Seconds to connect, and seconds without a byte, before a transfer counts as broken."""
LARGEST_REFUSAL = 1 << 20
"""Bytes of what storage says about a refusal."""

hide_in_logs()


@dataclass(frozen=True)
class TransferLimits:
    """Limits of one transfer: seconds below the lowest speed, bytes of a file of unknown length."""

    window: float = WINDOW
    largest: int = 8 << 30


class Storage:
    """Temporary storage: what is under a `dlb://` address.

    Attributes:
        session: what sends and fetches; its connections are kept.
    """

    def __init__(
        self,
        api: Api,
        sleep: Callable[[float], None] = time.sleep,
        limits: TransferLimits | None = None,
    ) -> None:
        self._api, self._sleep, self._limits = api, sleep, limits or TransferLimits()
        self.session = PlainSession()

    @brief_interrupt
    def upload(self, content: Content, address: str) -> None:
        """Send a file's bytes to an address."""
        with progress_bar(f"Sending {content.name}", content.size, unit="B", unit_scale=True) as show:
            self._try(f"{content.name} was not sent.", lambda: self._send(content, address, show))

    @brief_interrupt
    def download(self, address: str, path: Path, largest: int | None = None) -> Path:
        """Fetch what is under an address into a file, which is there whole or not at all.

        Args:
            largest: bytes that it may have; where none are given, whatever the answer announces.
        """
        if not is_temporary(address):
            raise TransferError(
                f"{shown(address)} cannot be fetched from here.",
                "Only dlb:// addresses are in Dolby.io's temporary storage.",
                "Fetch it with the tools of the store it is in.",
            )
        self._try(f"{shown(address)} was not fetched.", lambda: self._fetch(address, path, largest))
        return path

    def _send(self, content: Content, address: str, show: Show) -> None:
        url = self._presigned("/media/input", address)
        self._exchange(
            "PUT", url, lambda response: load_body(response, LARGEST_REFUSAL), content.chunks(show)
        )

    def _fetch(self, address: str, path: Path, largest: int | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        url = self._presigned("/media/output", address)

        def take(response: requests.Response) -> None:
            if (
                packing := response.headers.get("Content-Encoding", "")
                .strip()
                .lower()
                .replace("identity", "")
            ):
                raise _Broken(f"Storage sent the file packed ({packing}), which was not asked for.", NEVER)
            total = _announced(response)
            if total is None and "chunked" not in response.headers.get("Transfer-Encoding", "").lower():
                raise _Broken("Storage did not say how long the file is: it may be cut.")
            most = largest or total or self._limits.largest
            _check_space(path, total or 0)
            with whole_or_nothing(path) as file:
                _receive(response, file, path.name, total, most)

        self._exchange("GET", url, take)

    def _exchange(
        self, method: str, url: str, take: Callable[[requests.Response], None], body: Any = None
    ) -> None:
        """Ask storage, as long as it goes on at the speed of a slow line; `take` has the answer."""
        try:
            limited(Speed(window=self._limits.window), lambda: self._ask(method, url, take, body))
            return
        except (requests.RequestException, OutOfTime, TooLarge) as error:
            cause = cause_of(error, url)
        # The library's own text would show the address with its signature.
        advice = f"{allow(url)} {cause.advice}" if cause.closed and not is_local(url) else cause.advice
        raise _Broken(f"Storage: {cause.why}", NO_ANSWER if cause.passes else NEVER, advice)

    def _ask(self, method: str, url: str, take: Callable[[requests.Response], None], body: Any) -> None:
        with exchange(self.session, method, url, {}, body, timeout=TIME_LIMITS) as response:
            _check(response)
            take(response)

    def _presigned(self, path: str, address: str) -> str:
        try:
            answer = self._api.post(path, {"url": address})
        except NotFound as error:
            what, advice = f"There is nothing at {shown(address)}.", "Temporary files are kept for a day."
            raise NotFound(what, error.response, advice) from None
        url = answer.get("url") if isinstance(answer, dict) else None
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            return url
        response = ErrorResponse(200, "An answer without an address to send to or fetch from")
        raise ServiceUnavailable(
            f"POST {path} failed for {shown(address)}.", response, "Try again in a minute."
        )

    def _try(self, what: str, once: Callable[[], None]) -> None:
        """Send or fetch, again if need be, which does no harm."""

        def attempt() -> _Failure | None:
            return _trouble(what, once)

        def wish(trouble: _Failure | BaseException | None) -> float | None:
            if not isinstance(trouble, _Failure):
                return None
            return TRANSFER.wish(trouble.status, trouble.retry_after)

        trouble = run(Attempts(TRANSFER, sleep=self._sleep), attempt, wish)
        if trouble:
            raise trouble.error


class _Broken(Exception):
    """One attempt did not get through; `status` is what storage answered, 0 for nothing."""

    def __init__(self, why: str, status: int = NO_ANSWER, advice: str = "") -> None:
        super().__init__(why)
        self.status, self.advice = status, advice


NEVER = -1
"""The status of a failure that no other attempt would mend."""


@dataclass(frozen=True)
class _Failure:
    error: DolbyError
    status: int = NEVER
    retry_after: float | None = None


def _trouble(what: str, once: Callable[[], None]) -> _Failure | None:
    """Try once, and give back what went wrong: raised here, it would hold on to frames with the address."""
    outcome = kept(once)
    match outcome:
        case None:
            return None
        case ServiceUnavailable() | RateLimited():
            return _Failure(outcome, outcome.response.status, outcome.response.retry_after)
        case _Broken():
            passes = outcome.status in TRANSFER.statuses
            advice = "Check the network and try again." if passes else "Try again, or report it to Dolby.io."
            return _Failure(TransferError(what, str(outcome), outcome.advice or advice), outcome.status)
        case DolbyError():
            raise outcome
        case OSError():
            place = f": {outcome.filename}" if outcome.filename else ""
            why = f"{outcome.strerror or type(outcome).__name__}{place}"
            return _Failure(TransferError(what, why, "Choose another place for the file."))
    raise outcome


def allow(url: str) -> str:
    """Say what a network with a list of allowed hosts needs."""
    return f"If this network has a list of allowed hosts, {urlsplit(url).hostname} has to be on it."


ADVICE = (
    ("RequestTimeout", "Check the network and try again."),
    (
        "TimeTooSkewed|expired|ExpiredToken|not yet valid|time frame",
        "Check this computer's clock: an address of storage is good for an hour.",
    ),
    ("TooLarge|^413", "It is larger than storage takes: send a shorter or a compressed file."),
    (
        "Quota|InsufficientStorage|^507",
        "Storage has no room left: try again later, or report it to Dolby.io.",
    ),
    (
        "NoSuch(Key|Bucket)|(Blob|Container|Resource)NotFound|^404|^410",
        "Temporary files are kept for a day: send it again.",
    ),
    (
        "AccessDenied|Signature|InvalidAccessKeyId|InvalidToken|Authenti|Authori|Permission|^40[13]",
        "The permission did not hold: check this computer's clock, and report it to Dolby.io if it stays so.",
    ),
)
"""What S3, Azure and Google Cloud write (the first that fits counts), and what to do about it."""
SAID = ("Code", "Message", "Details", "AuthenticationErrorDetail")
"""The elements of their XML that say it; the first two are shown, the others may quote the signed text."""
OF_THE_NETWORK = "SourceIP|^451|^511"


def _check(response: requests.Response) -> None:
    if response.status_code == 200:
        return
    load_body(response, LARGEST_REFUSAL)
    status, text = response.status_code, response.text
    found = [re.search(f"<{tag}>([^<]*)<", text) for tag in SAID]
    said = [match[1].strip() if match else "" for match in found]
    words = " ".join([str(status), *filter(None, said)])
    why = f"{shown(response.url)} answered {status} {': '.join(filter(None, said[:2]))}".rstrip()
    passes = "RequestTimeout" in words
    raise _Broken(scrub(f"{why}."), NO_ANSWER if passes else status, _advice(response, words, any(said)))


def _advice(response: requests.Response, words: str, of_storage: bool) -> str:
    """Choose what to do by the words of a store; a refusal without any is a network's."""
    if re.search(OF_THE_NETWORK, words) or (not of_storage and response.status_code in (401, 403, 407)):
        return allow(response.url)
    return next((advice for sign, advice in ADVICE if re.search(sign, words, re.IGNORECASE)), "")


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """Write a file under another name, and give it its own once the block has ended well."""
    part = path.with_name(f".dolby-{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _announced(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdecimal() else None


def _check_space(path: Path, count: int) -> None:
    if count > shutil.disk_usage(path.parent).free:
        raise OSError(errno.ENOSPC, f"No space left for {count / 1e6:.0f} MB", str(path.parent))


def _receive(response: requests.Response, file: BinaryIO, name: str, total: int | None, most: int) -> None:
    done = 0
    with progress_bar(f"Fetching {name}", total, unit="B", unit_scale=True) as show:
        for chunk in pieces(response):
            done += len(chunk)
            if done > most:
                raise TooLarge(f"The file is larger than {size(most)}")
            file.write(chunk)
            show(done)
    if total is not None and done != total:
        raise _Broken(f"{done} of {total} bytes arrived.")
