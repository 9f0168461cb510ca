"""Error responses of the service and of gateways, in every spelling."""

import html
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from dolbyio_nb.errors import ErrorResponse
from dolbyio_nb.http.body import parse_json
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
