"""HTTP errors of the sandbox, and failures of its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape

Ending = Literal["Failed", "Cancelled", "InternalError"]
INPUT = "/problems/input-file-access"
PARAMETER = "/problems/validation-error"
OUTPUT = "/problems/output-format"
LIMIT = "/problems/input-limit"


@dataclass(frozen=True)
class Row:
    """One kind of error: HTTP status, Media `type` and `title`, token `type`, S3 code."""

    status: int
    type: str
    title: str
    token_type: str
    s3_code: str


def _row(status: int, slug: str, title: str, token_type: str, s3_code: str) -> Row:
    return Row(status, f"/problems/{slug}", title, token_type, s3_code)


INVALID = "Your request parameters didn't validate"
AUTHENTICATION = "Authentication Failure"
VALIDATION = _row(400, "validation-error", INVALID, "INVALID_REQUEST", "InvalidRequest")
EXPIRED = _row(401, "access-token-expired", AUTHENTICATION, "UNAUTHORIZED", "ExpiredToken")
UNAUTHORIZED = _row(401, "authentication-failure", AUTHENTICATION, "UNAUTHORIZED", "InvalidToken")
FORBIDDEN = _row(403, "forbidden", "Forbidden", "FORBIDDEN", "AccessDenied")
NOT_FOUND = _row(404, "not-found", "Not Found", "NOT_FOUND", "NoSuchKey")
NO_METHOD = _row(405, "method-not-allowed", "Method Not Allowed", "METHOD_NOT_ALLOWED", "MethodNotAllowed")
CONFLICT = _row(409, "conflict", "Conflict", "CONFLICT", "OperationAborted")
NO_LENGTH = _row(411, "length-required", "Length Required", "LENGTH_REQUIRED", "MissingContentLength")
TOO_LARGE = _row(413, "payload-too-large", "Payload Too Large", "PAYLOAD_TOO_LARGE", "EntityTooLarge")
NOT_A_FORM = _row(
    415, "unsupported-media-type", "Unsupported Media Type", "INVALID_REQUEST", "InvalidRequest"
)
NO_RANGE = _row(416, "range-not-satisfiable", "Range Not Satisfiable", "INVALID_REQUEST", "InvalidRange")
MISDIRECTED = _row(421, "misdirected-request", "Misdirected Request", "INVALID_REQUEST", "InvalidRequest")
RATE_LIMITED = _row(429, "too-many-requests", "Too Many Requests", "TOO_MANY_REQUESTS", "SlowDown")
INTERNAL = _row(500, "internal-error", "Internal Server Error", "INTERNAL_ERROR", "InternalError")
BAD_GATEWAY = _row(502, "bad-gateway", "Bad Gateway", "BAD_GATEWAY", "InternalError")
UNAVAILABLE = _row(503, "service-unavailable", "Service Unavailable", "UNAVAILABLE", "SlowDown")
GATEWAY_TIMEOUT = _row(504, "gateway-timeout", "Gateway Timeout", "GATEWAY_TIMEOUT", "RequestTimeout")
BAD_SIGNATURE = _row(403, "forbidden", "Forbidden", "FORBIDDEN", "SignatureDoesNotMatch")
TWO_SIGNATURES = _row(400, "validation-error", INVALID, "INVALID_REQUEST", "InvalidArgument")
_BY_STATUS = {
    row.status: row
    for row in (
        VALIDATION, EXPIRED, FORBIDDEN, NOT_FOUND, NO_METHOD, CONFLICT, NO_LENGTH, TOO_LARGE, NOT_A_FORM,
        NO_RANGE, MISDIRECTED, RATE_LIMITED, INTERNAL, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT,
    )
}  # fmt: skip


class HttpError(Exception):
    """A request that is refused: a row of the table and one sentence about this case."""

    def __init__(self, row: Row, detail: str, *, retry_after: str | None = None) -> None:
        super().__init__(detail)
        self.row = row
        self.detail = detail
        self.retry_after = retry_after


def row_for(status: int) -> Row:
    """The row of an HTTP status; a status that is not in the table gets one made for it."""
    return _BY_STATUS.get(status) or _row(status, f"status-{status}", f"Status {status}", "ERROR", "Error")


def media_body(error: HttpError, path: str) -> dict[str, Any]:
    """The problem JSON of the Media host."""
    row = error.row
    return {
        "type": row.type,
        "title": row.title,
        "status": row.status,
        "instance": path,
        "detail": error.detail,
    }


def token_body(error: HttpError, style: str) -> dict[str, Any]:
    """The error of the token endpoint in one of its spellings.

    `full` holds the keys that every published client reads; `status` and `code` are the two spellings that
    older clients tell of; `oauth` is that of RFC 6749.
    """
    row = error.row
    reason = "Unauthorized" if row.status == 401 else "Bad Request" if row.status == 400 else row.title
    plain = {"type": row.token_type, "status": row.status, "error": reason, "message": error.detail}
    if style == "status":
        return plain
    if style == "code":
        named = {"error_code": row.status, "error_reason": reason, "error_description": error.detail}
        return {"type": row.token_type, **named}
    if style == "oauth":
        code = "invalid_client" if row.status == 401 else "invalid_request"
        return {"error": code, "error_description": error.detail}
    return {**plain, "title": reason, "detail": error.detail}


def s3_body(error: HttpError, request_id: str) -> bytes:
    """The XML that storage answers with."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{error.row.s3_code}</Code><Message>{escape(error.detail)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()


class JobFailure(Exception):
    """A job that cannot go on, and why, as the polling answer tells it."""

    def __init__(self, type: str, title: str, detail: str, status: Ending = "Failed") -> None:
        super().__init__(detail)
        self.error = {"type": type, "title": title, "detail": detail}
        self.status: Ending = status


def no_access(detail: str) -> JobFailure:
    return JobFailure("/problems/input-file-access", "The file could not be accessed", detail)


def too_large(megabytes: int) -> JobFailure:
    detail = f"It is larger than {megabytes} MB"
    return JobFailure("/problems/input-limit", "The input is larger than the sandbox takes", detail)


def no_tools() -> JobFailure:
    detail = "This job needs sound tools that are not installed: pip install 'dolbyio_nb[sandbox]'"
    return JobFailure("/problems/missing-package", "The sandbox cannot process sound", detail)


def not_processed(error: Exception) -> JobFailure:
    """For whatever a damaged or hostile file makes the decoders raise."""
    detail = f"The file could not be processed ({type(error).__name__})"
    return JobFailure("/problems/processing-failed", "Processing failed", detail)


def broken_off() -> JobFailure:
    detail = "The sandbox was stopped"
    return JobFailure("/problems/internal-error", "The job was broken off", detail, "InternalError")


def ordered(status: Ending) -> JobFailure:
    type = "/problems/internal-error" if status == "InternalError" else "/problems/processing-failed"
    return JobFailure(type, "The job was made to fail", "Ordered by sandbox.faults", status)


class Refused(Exception):
    """A job ends here: `type` as in the service's problem JSON, `title` and `detail` in words."""

    def __init__(self, type: str, title: str, detail: str) -> None:
        super().__init__(type, title, detail)
        self.type = type
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


def unreadable(detail: str) -> Refused:
    return Refused(INPUT, "The input file could not be read", detail)


def invalid(field: str, rule: str) -> Refused:
    return Refused(PARAMETER, "Your request parameters didn't validate", f"{field}: {rule}")


def unwritable(detail: str) -> Refused:
    return Refused(OUTPUT, "The output could not be made", detail)


def beyond(detail: str) -> Refused:
    return Refused(LIMIT, "The input is larger than the sandbox takes", detail)
