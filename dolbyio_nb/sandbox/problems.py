"""Every way the service says no: one table, and how each of its three faces spells a row.

Statuses, types and titles are those of Dolby's documents and of recorded answers where there are any; the
rest is the sandbox's own choice. Storage speaks S3's XML.
"""

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape


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


class Problem(Exception):
    """A request that is refused: a row of the table and one sentence about this case."""

    def __init__(self, row: Row, detail: str, *, retry_after: str | None = None) -> None:
        super().__init__(detail)
        self.row = row
        self.detail = detail
        self.retry_after = retry_after


def row_for(status: int) -> Row:
    """The row of an HTTP status; a status that is not in the table gets one made for it."""
    return _BY_STATUS.get(status) or _row(status, f"status-{status}", f"Status {status}", "ERROR", "Error")


def media_body(problem: Problem, path: str) -> dict[str, Any]:
    """The problem JSON of the Media host."""
    row = problem.row
    return {
        "type": row.type,
        "title": row.title,
        "status": row.status,
        "instance": path,
        "detail": problem.detail,
    }


def token_body(problem: Problem, style: str) -> dict[str, Any]:
    """The error of the token endpoint in one of its spellings.

    `full` holds the keys that every published client reads; `status` and `code` are the two spellings that
    older clients tell of; `oauth` is that of RFC 6749.
    """
    row = problem.row
    reason = "Unauthorized" if row.status == 401 else "Bad Request" if row.status == 400 else row.title
    plain = {"type": row.token_type, "status": row.status, "error": reason, "message": problem.detail}
    if style == "status":
        return plain
    if style == "code":
        named = {"error_code": row.status, "error_reason": reason, "error_description": problem.detail}
        return {"type": row.token_type, **named}
    if style == "oauth":
        error = "invalid_client" if row.status == 401 else "invalid_request"
        return {"error": error, "error_description": problem.detail}
    return {**plain, "title": reason, "detail": problem.detail}


def s3_body(problem: Problem, request_id: str) -> bytes:
    """The XML that storage answers with."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{problem.row.s3_code}</Code><Message>{escape(problem.detail)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()
