"""Refusals of storage: what S3, Azure and Google Cloud answer, and the advice that fits."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from dolbyio_nb.errors import TransferError
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import read_content
from dolbyio_nb.media.transfer import Storage
from tests.http.hostile import hostile, page, says

from .conftest import SIGNATURE, Presigning

# status, code, message, and what else the XML holds in an element of its own; then a word of the advice.
REFUSALS = """
403 RequestTimeTooSkewed          | The difference between the request time and the current time | | clock
403 AccessDenied                  | Request has expired | X-Amz-Expires: 3600 | clock
403 AccessDenied                  | Request is not yet valid | | clock
400 ExpiredToken                  | The provided token has expired. | | clock
403 AccessDenied                  | Access Denied | | permission
403 SignatureDoesNotMatch         | The request signature does not match. | StringToSign: AWS4 | permission
403 InvalidAccessKeyId            | The Access Key Id does not exist in our records. | | permission
400 InvalidToken                  | The provided token is malformed. | | permission
400 EntityTooLarge                | Your upload is over the maximum | MaxSizeAllowed: 5368709120 | larger
404 NoSuchKey                     | The specified key does not exist. | | a day
404 NoSuchBucket                  | The specified bucket does not exist | | a day
400 RequestTimeout                | Your socket connection was not read from | | network
507 InsufficientStorage | | | room
403 AuthenticationFailed | Server failed. | AuthenticationErrorDetail: not valid in the time frame | clock
403 AuthenticationFailed | Server failed. | AuthenticationErrorDetail: Signature did not match | permission
403 AuthorizationFailure          | This request is not authorized. | | permission
403 AuthorizationPermissionMismatch | Not authorized using this permission. | | permission
403 AuthorizationSourceIPMismatch | Not authorized using this source IP. | | allowed hosts
413 RequestBodyTooLarge           | The request body is too large. | | larger
404 BlobNotFound                  | The specified blob does not exist. | | a day
404 ContainerNotFound             | The specified container does not exist. | | a day
400 ExpiredToken                  | Invalid argument. | Details: Request signature expired at: 10 | clock
403 AccessDenied                  | Access denied. | Details: no storage.objects.create access | permission
400 EntityTooLarge                | Your proposed upload is larger than the maximum | | larger
403 QuotaExceeded                 | The project exceeded its quota. | | room
"""
ROWS = [tuple(part.strip() for part in row.split("|")) for row in REFUSALS.strip().splitlines()]


def put(storage: Storage) -> None:
    storage.upload(read_content(b"sound"), "dlb://in/talk.wav")


def get(storage: Storage) -> None:
    storage.download("dlb://out/talk.wav", Path("never.wav"))


def refused(act: Callable[[Storage], None], status: str, body: str, kind: str) -> list[str]:
    """The lines of the error for what a store answers."""
    with hostile(says(page(f"{status} Refused", body.encode(), f"Content-Type: {kind}"))) as server:
        storage = Storage(cast(Api, Presigning(server.url)), lambda seconds: None)
        with pytest.raises(TransferError) as error:
            act(storage)
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert status in lines[1]
    assert SIGNATURE not in str(error.value)
    return lines


@pytest.mark.parametrize("act", [put, get])
@pytest.mark.parametrize(("first", "message", "more", "advice"), ROWS)
def test_what_storage_refuses_gets_advice_that_fits(
    act: Callable[[Storage], None], first: str, message: str, more: str, advice: str
) -> None:
    """The clock, the size, the permission, the network: by the words of three stores, in three lines."""
    (status, code), (name, _, value) = first.split(), more.partition(": ")
    element = f"<{name}>{value}</{name}>" if name else ""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message>{element}</Error>"
    lines = refused(act, status, f'\ufeff<?xml version="1.0"?>{error}', "application/xml")
    assert code in lines[1]
    assert advice in lines[2]
    assert not value or name == "Details" or value not in "".join(lines)


@pytest.mark.parametrize(
    ("status", "kind", "body", "advice"),
    [
        ("403", "text/html", "<html><h1>Blocked by your company</h1></html>", "127.0.0.1 has to be on it"),
        ("403", "text/plain", "blocked", "127.0.0.1 has to be on it"),
        ("401", "text/plain", "", "127.0.0.1 has to be on it"),
        ("451", "text/html", "<html></html>", "127.0.0.1 has to be on it"),
        ("511", "text/html", "<html>Sign in</html>", "127.0.0.1 has to be on it"),
        ("413", "text/html", "<html><h1>413 Request Entity Too Large</h1></html>", "larger"),
        ("404", "text/plain", "", "a day"),
    ],
)
def test_what_no_store_says_is_the_networks(status: str, kind: str, body: str, advice: str) -> None:
    """A store says why; a filter in between does not, so that the host to allow is named."""
    assert advice in refused(put, status, body, kind)[2]
