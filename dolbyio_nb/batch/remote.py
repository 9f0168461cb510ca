"""Stores of objects (S3, Google, Azure) through fsspec: listed and signed here, read by the service."""

from typing import Any

from dolbyio_nb.errors import DolbyError, InvalidOption, MissingPackage, TransferError
from dolbyio_nb.http.retry import kept

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
KEYS = {
    "gcsfs": "gcsfs signs with the key of a service account only: set GOOGLE_APPLICATION_CREDENTIALS.",
    "adlfs": "adlfs signs with an account key only: set AZURE_STORAGE_ACCOUNT_KEY.",
}
GOOD_FOR = 3600
"""Seconds that a signed address is good for: the service reads it within a job's first moments."""


def is_stored(source: object) -> bool:
    """Tell whether it is an address of a store that fsspec knows."""
    return isinstance(source, str) and source.partition("://")[0].lower() in PACKAGES and "://" in source


def list_stored(pattern: str) -> list[str]:
    """List what matches, without a byte of it."""
    store, scheme = _store(pattern), pattern.partition("://")[0]
    outcome = kept(lambda: store.find(pattern) if pattern.endswith("/") else store.glob(pattern))
    if isinstance(outcome, BaseException):
        raise _unreadable(pattern, outcome)
    found = sorted(f"{scheme}://{path}" for path in outcome)
    if not found:
        raise InvalidOption(f"{pattern} gives no file.", "There is none that matches.", "Check the pattern.")
    sign(found[0])
    return found


def sign(address: str) -> str:
    """Give an address of one object that whoever has it can read for an hour."""
    outcome = kept(lambda: _store(address).sign(address, expiration=GOOD_FOR))
    if isinstance(outcome, str):
        return outcome
    if isinstance(outcome, DolbyError):
        raise outcome
    package = _package(address)
    advice = KEYS.get(package, f"Check the keys that {package} finds, or give https:// addresses.")
    raise TransferError(f"{address} cannot be signed.", f"{package} says {type(outcome).__name__}.", advice)


def _package(address: str) -> str:
    return PACKAGES[address.partition("://")[0].lower()]


def _store(address: str) -> Any:
    package = _package(address)
    try:
        import fsspec
        from fsspec.core import url_to_fs

        del fsspec
        return url_to_fs(address)[0]
    except ImportError:
        extra = "'dolbyio_nb[batch]'" if package == "s3fs" else f"'dolbyio_nb[batch]' {package}"
        raise MissingPackage(
            f"{address} needs the package {package}.",
            "It is not installed.",
            f"Install it with: pip install {extra}",
        ) from None


def _unreadable(pattern: str, error: BaseException) -> DolbyError:
    return error if isinstance(error, DolbyError) else TransferError(
        f"{pattern} cannot be listed.", f"{_package(pattern)} says {type(error).__name__}.",
        "Check the bucket's name and the keys that it finds.",
    )  # fmt: skip
