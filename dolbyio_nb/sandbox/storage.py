"""Temporary storage as S3 would serve it: PUT and GET of one object by presigned URL."""

import re
from email.utils import formatdate

from .apps import App, Apps
from .messages import FilePart, Request, Response
from .presign import Signer
from .problems import NO_LENGTH, NO_METHOD, NO_RANGE, NOT_FOUND, TOO_LARGE, TWO_SIGNATURES, Problem
from .store import Store, StoredObject, discard

LARGEST_OBJECT = 5 * 1024**3  # what S3 takes in one PUT
BLOCK = 1024 * 1024


class Storage:
    """The second port. Reads nothing but what the query allows; wants no Authorization header, as S3."""

    def __init__(self, apps: Apps, store: Store, signer: Signer) -> None:
        self._apps = apps
        self._store = store
        self._signer = signer
        self.origin = ""

    def presign(self, method: str, app: App, key: str) -> str:
        """A URL for one object of an app."""
        return self._signer.sign(method, self.origin, f"/{app.folder}/{key}")

    def handle(self, request: Request) -> Response:
        if "authorization" in request.headers:
            raise Problem(
                TWO_SIGNATURES,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
                "string parameter or the Authorization header should be specified",
            )
        if request.method not in ("GET", "PUT"):
            raise Problem(NO_METHOD, "The specified method is not allowed against this resource.")
        self._signer.check(request.method, request.path, request.query)
        folder, _, key = request.path.lstrip("/").partition("/")
        app = self._apps.in_folder(folder)
        if app is None:
            raise Problem(NOT_FOUND, "The specified key does not exist.")
        return self._put(request, app, key) if request.method == "PUT" else self._get(request, app, key)

    def _put(self, request: Request, app: App, key: str) -> Response:
        if request.length is None or request.body is None:
            raise Problem(NO_LENGTH, "You must provide the Content-Length HTTP header.")
        if request.length > LARGEST_OBJECT:
            raise Problem(TOO_LARGE, "Your proposed upload exceeds the maximum allowed size")
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
            raise Problem(NOT_FOUND, "The specified key does not exist.")
        stored, file = opened
        try:
            first, count = _range(request.headers.get("range", ""), stored.size)
        except Problem:
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
        raise Problem(NO_RANGE, "The requested range is not satisfiable")
    return start, end - start
