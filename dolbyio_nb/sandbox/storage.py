"""Storage: objects, and presigned URLs to them."""

import hashlib
import hmac
import os
import re
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode

from dolbyio_nb.sandbox.accounts import App, Apps
from dolbyio_nb.sandbox.http_error import (
    BAD_SIGNATURE,
    FORBIDDEN,
    NO_LENGTH,
    NO_METHOD,
    NO_RANGE,
    NOT_FOUND,
    TOO_LARGE,
    TWO_SIGNATURES,
    HttpError,
)
from dolbyio_nb.sandbox.http_messages import FilePart, Request, Response

LIFE = 3600  # seconds that a presigned URL holds
LARGEST_OBJECT = 5 * 1024**3  # what S3 takes in one PUT
BLOCK = 1024 * 1024
_DATE = "%Y%m%dT%H%M%SZ"
_OPERATIONS = {"PUT": "PutObject", "GET": "GetObject"}


@dataclass(frozen=True)
class StoredObject:
    """One object: the file that holds it, its size in bytes, and when it was written."""

    path: Path
    size: int
    modified: float
    etag: str


class ObjectStore:
    """The objects of all apps. Names from outside never become file names."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._objects: dict[tuple[str, str], StoredObject] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def start(self, folder: Path) -> None:
        """Keep objects in this directory from now on."""
        self._folder = folder

    def stop(self) -> None:
        """Forget every object; the directory is the caller's to remove."""
        with self._lock:
            self._objects.clear()
            self._folder = None

    def new_file(self, suffix: str = "") -> Path:
        """A fresh path to write to."""
        if self._folder is None:
            raise RuntimeError("the sandbox is stopped")
        return self._folder / f"{uuid.uuid4().hex}{suffix}"

    def keep(self, app: App, key: str, path: Path) -> StoredObject:
        """Put a finished file in the place of an object; the file belongs to the store from now on."""
        size = path.stat().st_size
        new = StoredObject(path, size, self._clock(), f'"{path.stem}"')
        with self._lock:
            old = self._objects.get((app.folder, key))
            self._objects[app.folder, key] = new
        if old:
            discard(old.path)
        return new

    def find(self, app: App, key: str) -> StoredObject | None:
        return self._objects.get((app.folder, key))

    def open(self, app: App, key: str) -> tuple[StoredObject, BinaryIO] | None:
        """An object and its bytes as they are now, whatever is written to its name meanwhile."""
        with self._lock:
            stored = self._objects.get((app.folder, key))
            return (stored, stored.path.open("rb")) if stored else None

    def lend(self, app: App, key: str, suffix: str) -> Path | None:
        """A file of its own with the bytes of an object, for the caller to remove."""
        path = self.new_file(suffix)
        with self._lock:
            stored = self._objects.get((app.folder, key))
            if stored is None:
                return None
            _same_bytes(stored.path, path)
        return path


def _same_bytes(old: Path, new: Path) -> None:
    """A second name for a file; a copy where the file system has no hard links."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def discard(path: Path) -> None:
    """Remove a file; one that another thread still reads on Windows stays until the sandbox stops."""
    try:
        os.unlink(path)
    except OSError:
        return


def object_key(url: object) -> str:
    """The key in a `dlb://` name; raises ValueError with the reason in words."""
    if not isinstance(url, str) or not url.startswith("dlb://"):
        raise ValueError("url must start with dlb://")
    key = url.removeprefix("dlb://")
    if not key or len(key) > 1024:
        raise ValueError("the name after dlb:// must have 1 to 1024 characters")
    if not key.isprintable() or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError("the name after dlb:// may not hold control characters, empty parts, . or ..")
    return key


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
            raise HttpError(FORBIDDEN, "Access Denied")
        expected = self._signature(method, path, query)
        if not hmac.compare_digest(expected.encode(), query["X-Amz-Signature"].encode()):
            raise HttpError(
                BAD_SIGNATURE,
                "The request signature we calculated does not match the signature you provided",
            )
        made = datetime.strptime(query["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
        if self._clock() >= made.timestamp() + LIFE:
            raise HttpError(FORBIDDEN, "Request has expired")

    def _signature(self, method: str, path: str, query: Mapping[str, str]) -> str:
        signed = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
        text = "\n".join((method, quote(path, errors="replace"), urlencode(signed, errors="replace")))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


class StorageRoutes:
    """The second port. Reads nothing but what the query allows; wants no Authorization header, as S3."""

    def __init__(self, apps: Apps, store: ObjectStore, signer: Signer) -> None:
        self._apps = apps
        self._store = store
        self._signer = signer
        self.origin = ""

    def presign(self, method: str, app: App, key: str) -> str:
        """A URL for one object of an app."""
        return self._signer.sign(method, self.origin, f"/{app.folder}/{key}")

    def handle(self, request: Request) -> Response:
        if "authorization" in request.headers:
            raise HttpError(
                TWO_SIGNATURES,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
                "string parameter or the Authorization header should be specified",
            )
        if request.method not in ("GET", "PUT"):
            raise HttpError(NO_METHOD, "The specified method is not allowed against this resource.")
        self._signer.check(request.method, request.path, request.query)
        folder, _, key = request.path.lstrip("/").partition("/")
        app = self._apps.in_folder(folder)
        if app is None:
            raise HttpError(NOT_FOUND, "The specified key does not exist.")
        return self._put(request, app, key) if request.method == "PUT" else self._get(request, app, key)

    def _put(self, request: Request, app: App, key: str) -> Response:
        if request.length is None or request.body is None:
            raise HttpError(NO_LENGTH, "You must provide the Content-Length HTTP header.")
        if request.length > LARGEST_OBJECT:
            raise HttpError(TOO_LARGE, "Your proposed upload exceeds the maximum allowed size")
        path = self._store.new_file()
        try:
            with path.open("wb") as file:
                while block := request.body.read(BLOCK):
                    file.write(block)
            kept = self._store.keep(app, key, path)
        except BaseException:
            discard(path)
            raise
        return Response(200, {"ETag": kept.etag})

    def _get(self, request: Request, app: App, key: str) -> Response:
        opened = self._store.open(app, key)
        if opened is None:
            raise HttpError(NOT_FOUND, "The specified key does not exist.")
        stored, file = opened
        try:
            first, count = _range(request.headers.get("range", ""), stored.size)
        except HttpError:
            file.close()
            raise
        headers = _object_headers(stored)
        if count == stored.size:
            return Response(200, headers, FilePart(file, 0, count))
        headers["Content-Range"] = f"bytes {first}-{first + count - 1}/{stored.size}"
        return Response(206, headers, FilePart(file, first, count))


def _object_headers(stored: StoredObject) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "ETag": stored.etag,
        "Last-Modified": formatdate(stored.modified, usegmt=True),
    }


def _range(header: str, size: int) -> tuple[int, int]:
    """First byte and count of a `Range` header; one that is not understood means everything, as in S3."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if not match or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
    if start >= end:
        raise HttpError(NO_RANGE, "The requested range is not satisfiable")
    return start, end - start
