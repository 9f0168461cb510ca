"""Presigned URLs: permission to PUT or GET one object for an hour, carried in the query."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from .problems import BAD_SIGNATURE, FORBIDDEN, Problem

LIFE = 3600
_DATE = "%Y%m%dT%H%M%SZ"
_OPERATIONS = {"PUT": "PutObject", "GET": "GetObject"}


class Signer:
    """Makes and checks presigned URLs with a key of its own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._session = secrets.token_urlsafe(48)

    def sign(self, method: str, origin: str, path: str) -> str:
        """A URL that allows `method` on `path` for an hour."""
        made = datetime.fromtimestamp(self._clock(), UTC)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
            "X-Amz-Credential": f"ASIASANDBOX/{made:%Y%m%d}/us-west-2/s3/aws4_request",
            "X-Amz-Date": made.strftime(_DATE),
            "X-Amz-Expires": str(LIFE),
            "X-Amz-Security-Token": self._session,
            "X-Amz-SignedHeaders": "host",
            "x-id": _OPERATIONS[method],
        }
        query["X-Amz-Signature"] = self._signature(method, path, query)
        return f"{origin}{quote(path)}?{urlencode(query)}"

    def check(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """Refuse a request whose query does not allow it, or no longer does."""
        if "X-Amz-Signature" not in query:
            raise Problem(FORBIDDEN, "Access Denied")
        expected = self._signature(method, path, query)
        if not hmac.compare_digest(expected.encode(), query["X-Amz-Signature"].encode()):
            raise Problem(
                BAD_SIGNATURE,
                "The request signature we calculated does not match the signature you provided",
            )
        made = datetime.strptime(query["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
        if self._clock() >= made.timestamp() + LIFE:
            raise Problem(FORBIDDEN, "Request has expired")

    def _signature(self, method: str, path: str, query: Mapping[str, str]) -> str:
        signed = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
        text = "\n".join((method, quote(path, errors="replace"), urlencode(signed, errors="replace")))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
