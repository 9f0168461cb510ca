"""Files of a job: from and to dlb:// or this machine."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import JobFailure, no_access, too_large
from dolbyio_nb.sandbox.outbound import download, local_url, upload
from dolbyio_nb.sandbox.storage import ObjectStore, discard, object_key

LARGEST_INPUT = 200 * 1000 * 1000


@dataclass(frozen=True)
class Location:
    """A place named in a request: a plain string, or an object with `url` and perhaps `auth`."""

    url: str = field(repr=False)
    auth: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def suffix(self) -> str:
        """The ending of its name, which tells the wanted format: ".wav"; empty when it has none."""
        name = self.url if self.is_stored else self.url.partition("?")[0]
        ending = re.search(r"\.[A-Za-z0-9]{1,10}$", name)
        return ending[0].lower() if ending else ""

    @property
    def is_stored(self) -> bool:
        """Whether it names an object of temporary storage."""
        return self.url.startswith("dlb://")


def location(value: object) -> Location | None:
    """What a request names as a place; None when it is none."""
    if isinstance(value, str) and value:
        return Location(value)
    if isinstance(value, Mapping) and isinstance(value.get("url"), str) and value["url"]:
        auth = value.get("auth")
        return Location(value["url"], auth if isinstance(auth, Mapping) else {})
    return None


class JobFiles:
    """Fetches inputs and delivers outputs for the jobs of one sandbox."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def fetch(self, app: App, place: Location, tick: Callable[[], None]) -> Path:
        """A local file with the input's bytes, for the caller to remove."""
        if place.is_stored:
            return self._stored(app, place)
        path = self._store.new_file(place.suffix)
        try:
            with path.open("wb") as file:
                for block in download(place.url, place.auth, tick):
                    file.write(block)
                    _check_size(file.tell())
        except BaseException:
            discard(path)
            raise
        return path

    def deliver(self, app: App, place: Location, path: Path, tick: Callable[[], None]) -> None:
        """Put a finished file where the request wants it."""
        if place.is_stored:
            self._store.keep(app, _key(place.url), path.rename(self._store.new_file()))
        else:
            upload(place.url, place.auth, path, tick)

    def check(self, place: Location) -> None:
        """Refuse a place that could not be reached, before any work is done."""
        if place.is_stored:
            _key(place.url)
        else:
            local_url(place.url)

    def _stored(self, app: App, place: Location) -> Path:
        path = self._store.lend(app, _key(place.url), place.suffix)
        if path is None:
            raise no_access(f"Nothing was uploaded to {place.url}")
        try:
            _check_size(path.stat().st_size)
            _check_no_form(path)
        except JobFailure:
            discard(path)
            raise
        return path


def _check_size(size: int) -> None:
    if size > LARGEST_INPUT:
        raise too_large(LARGEST_INPUT // 1_000_000)


def _check_no_form(path: Path) -> None:
    """A form has its boundary and headers before the file: no tool finds the sound behind them."""
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(b"--") and b"content-disposition: form-data" in head.lower():
        raise no_access("The upload is a multipart form; PUT the bytes of the file alone (curl -T, not -F)")


def _key(url: str) -> str:
    try:
        return object_key(url)
    except ValueError as error:
        raise no_access(str(error)) from None
