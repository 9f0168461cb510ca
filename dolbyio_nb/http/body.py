"""Body of an answer: read up to a limit of size, unpacked, and as JSON without numbers that are none."""

import json
import zlib
from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

from dolbyio_nb.http.limits import moved

if TYPE_CHECKING:
    import requests

CALL_SIZE = 20 << 20  # bytes of an API call's answer, once unpacked
TOKEN_SIZE = 1 << 20  # bytes of a token request's answer, once unpacked
PIECE = 1 << 15  # bytes read at a time: small enough for the slowest transfer to be seen moving
MOST_VALUES = 1_000_000  # of an answer's JSON: two bytes of text can take 64 of memory
LONGEST_INTEGER = 300  # digits; a longer one is no floating point number any more


class TooLarge(Exception):
    """The answer is larger than any that such a call has, or packed in a way that nobody asked for."""


def load_body(response: "requests.Response", largest: int) -> None:
    """Read the body of a response that was asked for with `stream=True`, up to `largest` bytes unpacked.

    Raises:
        TooLarge: there is more.
        requests.ConnectionError: it broke off.
    """
    body = bytearray()
    with response:
        for piece in _unpacked(response, largest):
            body += piece
            if len(body) > largest:
                raise TooLarge(f"Its answer is larger than {size(largest)}")
    response._content = bytes(body)  # where requests keeps it; it would unpack without a limit


def _unpacked(response: "requests.Response", largest: int) -> Iterator[bytes]:
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise TooLarge("Its answer is packed in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    for piece in pieces(response):
        if not unpack:
            yield piece
            continue
        yield _unpack(unpack, piece, largest)
        if unpack.eof:  # what comes behind it is no answer, and may have no end
            return


def _unpack(unpack: Any, piece: bytes, largest: int) -> bytes:
    import requests

    try:
        return unpack.decompress(piece, largest + 1)  # type: ignore[no-any-return]  # bytes
    except zlib.error:
        raise requests.ConnectionError("the answer cannot be unpacked") from None


def size(count: int) -> str:
    """Write a number of bytes for people."""
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"


def pieces(response: "requests.Response") -> Iterator[bytes]:
    """Give the bytes as they come, with the errors of requests in place of urllib3's."""
    import requests
    from urllib3.exceptions import HTTPError

    try:
        for piece in response.raw.stream(PIECE, decode_content=False):
            moved(len(piece))
            yield piece
    except (HTTPError, OSError, ValueError) as error:
        kind = type(error).__name__
    else:
        return
    raise requests.ConnectionError(f"the answer broke off ({kind})")


def parse_json(text: str | bytes) -> Any:
    """Read JSON; NaN, infinities and numbers too large to be one become None.

    Raises:
        ValueError, RecursionError: it is no JSON, or would fill the memory.
    """
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MOST_VALUES:
        raise ValueError("more values than any answer has")
    return json.loads(text, parse_constant=lambda _: None, parse_float=_float, parse_int=_int)


def _float(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None


def _int(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_INTEGER else None
