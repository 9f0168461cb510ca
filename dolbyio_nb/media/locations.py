"""Locations that the service can reach: dlb://, https:// and s3:// addresses."""

import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from dolbyio_nb._util.paths import expanded
from dolbyio_nb.errors import TransferError
from dolbyio_nb.media.parameters import Location

SCHEMES = ("dlb", "https", "http", "s3")


def remote_location(place: object) -> Location | None:
    """Give the place back when the service can reach it by itself, or None when it is on this computer."""
    if isinstance(place, Mapping):
        return place if isinstance(place.get("url"), str) or "ref" in place else _refuse(place)
    if isinstance(place, str) and (scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", place)):
        return place if scheme[1].lower() in SCHEMES else _refuse(place)
    return None


def is_temporary(location: Location | None) -> bool:
    """Tell whether a location is in Dolby.io's own temporary storage."""
    return isinstance(address := address_of(location), str) and address.startswith("dlb://")


def address_of(location: Location | None) -> str | None:
    """Give the address in a location, which may be a string or a mapping."""
    return location.get("url") if isinstance(location, Mapping) else location


def shown(location: Location | None) -> str:
    """Write a location for people: no query, no user name, no password, since these can be secrets."""
    address = address_of(location)
    if not isinstance(address, str):
        return "a place named elsewhere in the request" if location else "nowhere"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def unsigned(location: Location | None) -> str:
    """Give an address without what may be a signature or a password; in temporary storage it has none."""
    address = address_of(location)
    return address if isinstance(address, str) and address.startswith("dlb://") else shown(location)


def name_of(location: Location) -> str:
    """Give the file name at the end of an address, or `audio` when it has none."""
    scheme, _, place = shown(location).partition("://")
    path = place if scheme == "dlb" else place.partition("/")[2]  # elsewhere a host or bucket comes first
    return PurePosixPath(unquote(path)).name or "audio"


def new_input(name: str) -> str:
    """Make a `dlb://` address for an upload that no other upload has."""
    return f"dlb://in/{uuid.uuid4().hex}/{plain(name)}"


def new_output(stem: str, suffix: str) -> str:
    """Make a `dlb://` address for a result that no other result has."""
    return f"dlb://out/{uuid.uuid4().hex}/{plain(stem + suffix)}"


def plain(name: str) -> str:
    """Keep the letters and digits that the service advises for names, and put a dash for all else."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("-.") or "audio"


def local_path(place: str | os.PathLike[str]) -> Path:
    """Read a path on this computer; `~` is the home directory."""
    path = Path(place)
    path = expanded(path) if path.parts[:1] and path.parts[0].startswith("~") else path
    if "\0" in str(path):
        raise TransferError(
            f"{str(path)!r} can be no file.", "Its name holds a null character.", "Check where it comes from."
        )
    return path


def from_here(path: Path) -> Path:
    """Make a path absolute."""
    try:
        return path.absolute()
    except OSError:
        raise TransferError(
            f"It is not clear where {path} is.",
            "The working directory was removed.",
            "Change to another one.",
        ) from None


def _refuse(place: object) -> Location:
    what = "a mapping without `url`" if isinstance(place, Mapping) else shown(str(place))
    raise TransferError(
        f"Dolby.io cannot read from or write to {what}.",
        "It takes dlb://, https:// and s3:// addresses, and mappings with a `url`.",
        "For a file on this computer give its path.",
    )
