"""Failures of calls: error responses in every spelling, and the causes of having no answer."""

import html
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from dolbyio_nb.config import is_local, sandbox_gone
from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.http.connections import TooLarge, authorities, parse_json, proxy_of
from dolbyio_nb.http.limits import OutOfTime
from dolbyio_nb.http.redact import scrub

# Spellings seen in Dolby's documents and clients, and OAuth 2.0's own (RFC 6749, 5.2).
TITLES = ("title", "error_reason", "error")
DETAILS = ("detail", "details", "error_description", "message")
REQUEST_IDS = ("Apigw-Requestid", "X-Request-Id", "X-Amz-Cf-Id")
LONGEST_TEXT = 300
LONGEST_PAGE, LONGEST_SECRET = 1 << 20, 1 << 13


class Response(Protocol):
    """What of a response is read here: one of requests, or one like it."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def reason(self) -> str:
        """The words beside the status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    @property
    def text(self) -> str:
        """The body as text."""

    @property
    def content(self) -> bytes:
        """The body."""


def read_error_response(response: Response) -> ErrorResponse:
    """Read an error answer: problem JSON, OAuth 2.0 errors, gateway JSON, HTML, plain text or nothing."""
    body = _json_object(response)
    return ErrorResponse(
        status=response.status_code,
        title=_first(body, TITLES) or _one_line(response.reason or ""),
        detail=_first(body, DETAILS) or _plain_text(response, body),
        type=_first(body, ("type",)),
        request_id=_first(response.headers, REQUEST_IDS),
        retry_after=retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
        from_json=bool(body),
    )


def retry_after(header: str | None, date: str | None) -> float | None:
    """Give the seconds that a `Retry-After` header asks for, or None.

    A moment in the header counts from the same answer's `Date`, so a wrong clock on this side does no harm.
    """
    if not header:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", header):
        return float(header)
    try:
        wait = parsedate_to_datetime(header) - parsedate_to_datetime(date or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wait.total_seconds())


def _json_object(response: Response) -> dict[str, Any]:
    try:
        body = parse_json(response.content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    inner = body.get("data")  # the Streaming API's envelope, seen when a call went to the wrong host
    return {**inner, **body} if isinstance(inner, dict) else body


def _first(source: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = source.get(name)
        if isinstance(value, str) and value.strip():
            return _one_line(value)
    return ""


def _plain_text(response: Response, body: dict[str, Any]) -> str:
    if body:
        return ""
    whole = response.text
    text = scrub(whole[:LONGEST_PAGE])  # before it is cut: half a secret is not recognized any more
    if len(whole) > LONGEST_PAGE:
        text = text[:-LONGEST_SECRET]
    without_style = re.sub(r"(?is)<(script|style|head)\b.*?</\1>", " ", text[:20_000])
    return _one_line(html.unescape(re.sub(r"(?s)<[^>]*>", " ", without_style)))


def _one_line(text: str) -> str:
    line = " ".join(scrub(text).split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


NETWORK = "Check the network and try again."


class InsecureAddress(requests.RequestException):
    """The address is plain http at another computer."""


@dataclass(frozen=True)
class Cause:
    """Why there was no answer.

    Attributes:
        why: a sentence for people, without the request's address.
        advice: what to do about it.
        may_have_arrived: whether the request may have reached the service.
        passes: whether another attempt may go better.
        closed: whether the network may have closed the way, as one with a list of allowed hosts does.
    """

    why: str
    advice: str = NETWORK
    may_have_arrived: bool = False
    passes: bool = False
    closed: bool = False


def cause_of(error: BaseException, url: str) -> Cause:
    """Name the cause without the request's address, whose query could hold more than people should see."""
    host = urlsplit(url).hostname or "the service"
    errors = list(_inside(error))
    text = " ".join(map(str, errors))
    match error:
        case InsecureAddress():
            why = f"The address at {host} is plain http, where anybody on the way reads along."
            return Cause(why, "Nothing was sent there. Try again, and report it to Dolby.io if it stays so.")
        case requests.exceptions.ProxyError():
            return _proxy(errors, text, url, host)
        case requests.exceptions.InvalidProxyURL():
            return Cause(f"The proxy in {proxy_of(url)} has no address.", "Write it as http://host:port.")
        case requests.exceptions.InvalidSchema() if "SOCKS" in text:
            why = f"The proxy in {proxy_of(url)} speaks SOCKS, which needs the package PySocks."
            return Cause(why, "Install it: %pip install pysocks")
        case requests.exceptions.SSLError():
            return _tls(errors, text, host)
        case TooLarge():
            why = f"{error}: something else than the service may answer there."
            return Cause(why, "Ask for less at a time, or check the network.", may_have_arrived=True)
        case OutOfTime() | requests.Timeout():
            return _too_late(error, text, host)
        case OSError() if not isinstance(error, requests.RequestException):
            return _bundle()
    return _connection(errors, text, url, host)


def _inside(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those that it was made of."""
    yield error
    for part in (*error.args, getattr(error, "reason", None)):
        if isinstance(part, BaseException):
            yield from _inside(part)


def _unknown_name(errors: list[BaseException]) -> bool:
    """Tell whether a name was not found: urllib3 raises its own error while it handles the system's."""
    return any(isinstance(error.__context__, socket.gaierror) for error in errors)


def proxy_wants_password(url: str) -> Cause:
    """Name the cause of a 407."""
    why = f"The proxy in {proxy_of(url)} wants a password (407)."
    return Cause(why, "Write both into the variable: http://user:password@host:port.")


def _proxy(errors: list[BaseException], text: str, url: str, host: str) -> Cause:
    name, status = proxy_of(url), re.search(r"Tunnel connection failed: (\d+)", text)
    if not status:
        what = "has a name that is not known here" if _unknown_name(errors) else "cannot be reached"
        return Cause(
            f"The proxy in {name} {what}.", "Correct the variable, or unset it where no proxy is needed."
        )
    if status[1] == "407":
        return proxy_wants_password(url)
    what = f"cannot reach {host}" if status[1].startswith("5") else f"does not let {host} through"
    return Cause(f"The proxy in {name} {what} ({status[1]}).", f"Have {host} allowed there.", closed=True)


UNKNOWN_AUTHORITY = (
    "is of an authority that is not known here",
    "In a company's network, name the file of its authorities in REQUESTS_CA_BUNDLE.",
)
OTHER_HOST = ("is for another host", "A sign-in page may stand in between: open a web page in a browser.")
CERTIFICATES = {  # by OpenSSL's code (X509_V_ERR_…)
    9: ("is not valid yet", "Check this computer's clock."),
    10: ("has expired", "Check this computer's clock; if that is right, report it."),
    **dict.fromkeys((2, 18, 19, 20, 21), UNKNOWN_AUTHORITY),
    **dict.fromkeys((62, 64), OTHER_HOST),
}
NO_BUNDLE = r"NO_CERTIFICATE|no certificate or crl|PEM lib|\[X509|BAD_BASE64|Errno (2|13|21)\b|invalid path"


def _tls(errors: list[BaseException], text: str, host: str) -> Cause:
    codes = [error.verify_code for error in errors if isinstance(error, ssl.SSLCertVerificationError)]
    if "doesn't match" in text:  # said by urllib3 itself, where it checks the host's name
        codes.append(62)
    if codes:
        words, advice = CERTIFICATES.get(codes[0], ("could not be checked", NETWORK))
        return Cause(f"The TLS certificate of {host} {words}.", advice)
    if re.search(NO_BUNDLE, text):
        return _bundle()
    if re.search("WRONG_VERSION|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER", text):
        return Cause(f"{host} does not speak TLS there.", "Check the address, and what stands in between.")
    if "CERTIFICATE" in text.upper():
        return Cause(f"The TLS certificate of {host} could not be checked.")
    return Cause(f"The TLS connection to {host} broke.", may_have_arrived=True, passes=True, closed=True)


def _bundle() -> Cause:
    named = authorities()
    if not named:
        return Cause(
            "The certificate authorities cannot be read.", "Install them again: %pip install certifi"
        )
    return Cause(
        f"{named[0]} names {named[1]}, whose certificates cannot be read.", "Correct it, or unset it."
    )


def _too_late(error: BaseException, text: str, host: str) -> Cause:
    limit = re.search(r"timeout=([\d.]+)|within ([\d.]+) s", text)
    within = f" within {float(limit[1] or limit[2]):g} s" if limit else " in time"
    if isinstance(error, requests.ConnectTimeout):
        return Cause(f"{host} took no connection{within}.", passes=True, closed=True)
    if isinstance(error, OutOfTime):
        return Cause(f"{error}.", "Try again in a minute.", may_have_arrived=True, passes=True)
    return Cause(
        f"{host} did not answer{within}.", "Try again in a minute.", may_have_arrived=True, passes=True
    )


def _connection(errors: list[BaseException], text: str, url: str, host: str) -> Cause:
    if _unknown_name(errors):
        advice = "Check the network, and the host's name."
        return Cause(f"The name {host} is not known here (DNS).", advice, passes=True, closed=True)
    if not any(isinstance(error, NewConnectionError) for error in errors):
        return Cause(f"The connection to {host} broke.", may_have_arrived=True, passes=True, closed=True)
    if is_local(url):
        return Cause(
            f"Nothing on this computer answers at {urlsplit(url).netloc}.", sandbox_gone(), passes=True
        )
    refused = "refuses the connection" if "refused" in text.lower() else "cannot be reached"
    advice = f"Check the network, and that it lets you reach {host}."
    return Cause(f"{host} {refused}.", advice, passes=True, closed=True)
