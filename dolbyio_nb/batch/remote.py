"""Stores of objects (S3, Google, Azure) through fsspec: listed and signed here, read by the service."""

from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath
from typing import Any

from dolbyio_nb.errors import DolbyError, InvalidOption, MissingPackage, TransferError
from dolbyio_nb.http.retry import kept

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
KEYS = {
    "gcsfs": "gcsfs signs with the key of a service account only: set GOOGLE_APPLICATION_CREDENTIALS.",
    "adlfs": "adlfs signs with an account key only: set AZURE_STORAGE_ACCOUNT_KEY.",
}
TO_WRITE = {"s3fs": {"client_method": "put_object"}}
"""What makes `sign` give an address to write to; other packages than these sign addresses to read."""
GOOD_FOR = 3600
"""Seconds that a signed address is good for: the service reads it within a job's first moments."""
AS_IT_IS = (DolbyError, KeyboardInterrupt, SystemExit)
"""What is raised as it is: all else that a store's package raises is told in three lines."""


def is_stored(source: object) -> bool:
    """Tell whether it is an address of a store that fsspec knows."""
    return isinstance(source, str) and source.partition("://")[0].lower() in PACKAGES and "://" in source


def keyless(address: str) -> str:
    """Write an address without what may open a store: a password, and what is given as `?name=value`.

    Everything else is a part of the object's name, `#` and `%20` included.
    """
    scheme, _, place = address.partition("://")
    bucket, slash, path = place.partition("/")
    account, _, host = bucket.rpartition("@")
    name, _, query = path.partition("?")
    return f"{scheme}://{host if ':' in account else bucket}{slash}{name if '=' in query else path}"


def is_writable(address: str) -> bool:
    """Tell whether an address of this store can be signed so that the service writes to it."""
    return is_stored(address) and _package(address) in TO_WRITE


def list_stored(pattern: str, suffixes: Collection[str]) -> list[str]:
    """List the objects that match, or those of a folder with these suffixes, without a byte of them."""
    outcome = _translated(pattern, lambda: _listed(pattern))
    if pattern.endswith("/"):
        outcome = [path for path in outcome if _suffix(path) in suffixes and "/." not in path]
    scheme = pattern.partition("://")[0].lower()
    found = sorted(f"{scheme}://{path.lstrip('/')}" for path in outcome)
    if not found:
        raise InvalidOption(
            f"{keyless(pattern)} gives no file.", "There is none that matches.", "Check the pattern."
        )
    sign(found[0])
    return found


def _listed(pattern: str) -> list[str]:
    list_them = "find" if pattern.endswith("/") else "glob"
    store, pattern = _fresh_store(pattern)
    found = getattr(store, list_them)(pattern, detail=True)
    return [path for path, about in found.items() if about["type"] == "file"]


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def present(addresses: Iterable[str]) -> set[str]:
    """Tell which of these objects are there, by one listing of each of their folders."""
    folders = {address.rpartition("/")[0] for address in addresses}
    return {address for folder in folders for address in _children(folder)}


def _children(folder: str) -> set[str]:
    return {f"{folder}/{name}" for name in _translated(folder, lambda: _names(folder))}


def _names(folder: str) -> list[str]:
    store, address = _fresh_store(folder)
    try:
        return [PurePosixPath(path).name for path in store.ls(address, detail=False)]
    except FileNotFoundError:
        return []


def written_since(address: str, moment: float) -> bool:
    """Tell whether an object is there and was written after a moment, with a minute for odd clocks."""
    return bool(_translated(address, lambda: _modified(address) > moment - 60))


def _modified(address: str) -> float:
    store, path = _fresh_store(address)
    try:
        return float(store.modified(path).timestamp())
    except FileNotFoundError:
        return float("-inf")


def sign(address: str, to_write: bool = False) -> str:
    """Give an address of one object that whoever has it can read, or write, for an hour."""
    outcome = kept(lambda: _signed(address, to_write))
    if isinstance(outcome, str):
        return outcome
    if isinstance(outcome, AS_IT_IS):
        raise outcome
    package = _package(address)
    advice = KEYS.get(package, f"Check the keys that {package} finds, or give https:// addresses.")
    raise TransferError(
        f"{keyless(address)} cannot be signed.", f"{package} says {type(outcome).__name__}.", advice
    )


def _signed(address: str, to_write: bool) -> Any:
    store, address = _store(address)
    return store.sign(address, expiration=GOOD_FOR, **(TO_WRITE[_package(address)] if to_write else {}))


def _fresh_store(address: str) -> tuple[Any, str]:
    """Give the store without what it remembers of earlier listings: others write to it, too."""
    store, address = _store(address)
    store.invalidate_cache()
    return store, address


def _translated(address: str, ask: Callable[[], Any]) -> Any:
    """Ask a store; what its package raises is told in three lines."""
    outcome = kept(ask)
    if isinstance(outcome, BaseException):
        raise _unreadable(address, outcome)
    return outcome


def _package(address: str) -> str:
    return PACKAGES[address.partition("://")[0].lower()]


def _store(address: str) -> tuple[Any, str]:
    """Give the store of an address, and the address as the store knows it: with a scheme in small letters."""
    package, scheme = _package(address), address.partition("://")[0]
    address = scheme.lower() + address.removeprefix(scheme)
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(address)[0], address
    except ImportError:
        extra = "'dolbyio_nb[batch]'" if package == "s3fs" else f"'dolbyio_nb[batch]' {package}"
        raise MissingPackage(
            f"{keyless(address)} needs the package {package}.",
            "It is not installed.",
            f"Install it with: pip install {extra}",
        ) from None


def _unreadable(pattern: str, error: BaseException) -> BaseException:
    return error if isinstance(error, AS_IT_IS) else TransferError(
        f"{keyless(pattern)} cannot be listed.", f"{_package(pattern)} says {type(error).__name__}.",
        "Check the bucket's name and the keys that it finds.",
    )  # fmt: skip
