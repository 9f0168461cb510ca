"""Objects of Google's and Azure's stores: listed and signed here, read by the service, with stores in memory.

The stores sign as gcsfs and adlfs do: to read, for so many seconds, and only with a key that can sign.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.batch import State, remote
from dolbyio_nb.errors import InvalidOption, TransferError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound

pytest.importorskip("fsspec")
NAMES = ("2026/a.wav", "2026/b 🎙 #1.wav", "2026/notes.txt")

# scheme, its package, what that raises without a key that can sign, and the advice
STORES = [
    ("gs", "gcsfs", AttributeError("you need a private key"), "GOOGLE_APPLICATION_CREDENTIALS"),
    ("gcs", "gcsfs", AttributeError("you need a private key"), "GOOGLE_APPLICATION_CREDENTIALS"),
    ("az", "adlfs", ValueError("no account key"), "AZURE_STORAGE_ACCOUNT_KEY"),
    ("abfs", "adlfs", ValueError("no account key"), "AZURE_STORAGE_ACCOUNT_KEY"),
]


class Store:
    """A store as fsspec knows it: its scheme, what it was asked to sign, and what it answers."""

    def __init__(self, scheme: str, package: str, refusal: Exception, advice: str) -> None:
        self.scheme, self.package, self.refusal, self.advice = scheme, package, refusal, advice
        self.signed: list[tuple[str, int, dict[str, Any]]] = []
        self.address: str | None = None


@pytest.fixture(params=STORES, ids=[row[0] for row in STORES])
def store(request: Any, monkeypatch: pytest.MonkeyPatch, media: Media, tmp_path: Path) -> Iterator[Store]:
    """A store with a bucket of two recordings, which signs addresses that lead to one in the sandbox."""
    from fsspec.implementations.memory import MemoryFileSystem

    made = Store(*request.param)
    made.address = media.upload(sound(tmp_path / "local" / "x.wav"))

    class InMemory(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
        protocol = made.scheme
        store: dict[str, Any] = {}  # noqa: RUF012 - as the class above has it
        pseudo_dirs = [""]  # noqa: RUF012

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return "/" + str(path).removeprefix(f"{made.scheme}://").strip("/")

        def sign(self, path: str, expiration: int = 100, **options: Any) -> str:
            made.signed.append((path, expiration, options))
            if made.address is None:
                raise made.refusal
            return made.address

    monkeypatch.setattr("fsspec.core.get_filesystem_class", lambda scheme: InMemory)
    monkeypatch.setattr("fsspec.core.filesystem", lambda scheme, **options: InMemory())
    for name in NAMES:
        InMemory().pipe(f"/bucket/{name}", b"sound")
    yield made
    InMemory.clear_instance_cache()


def test_its_objects_are_read_by_the_service(media: Media, sandbox: Sandbox, store: Store) -> None:
    """Each is signed to be read, for an hour, when its job starts; no byte of it passes here."""
    uploads = sum(one.path == "/media/input" for one in sandbox.requests)
    for _ in range(2):
        batch = media.batch(f"{store.scheme}://bucket/2026/", "diagnose")
        batch.run()
    assert [(item.name, item.state) for item in batch.items] == [
        ("a.wav", State.DONE),
        ("b 🎙 #1.wav", State.DONE),
    ]
    assert sum(one.path == "/media/input" for one in sandbox.requests) == uploads
    assert len(sandbox.jobs) == 2
    assert {(seconds, tuple(options)) for _, seconds, options in store.signed} == {(3600, ())}
    written = b"".join(path.read_bytes() for path in Path().glob("dolby-batch-*"))
    assert f"{store.scheme}://bucket/2026/a.wav".encode() in written
    assert str(store.address).encode() not in written


def test_without_a_key_it_says_which_is_missing(media: Media, sandbox: Sandbox, store: Store) -> None:
    """In three lines, before anything starts; nothing of its package's text is quoted."""
    store.address = None
    with pytest.raises(TransferError, match="cannot be signed") as told:
        media.batch(f"{store.scheme}://bucket/2026/*.wav", "diagnose")
    lines = str(told.value).splitlines()
    assert lines[1] == f"{store.package} says {type(store.refusal).__name__}."
    assert store.advice in lines[2]
    assert str(store.refusal) not in str(told.value)
    assert not sandbox.jobs


def test_results_are_not_written_there(media: Media, sandbox: Sandbox, store: Store) -> None:
    """Their packages sign addresses to read alone: said before anything starts."""
    with pytest.raises(InvalidOption, match="a path here, or to s3://"):
        media.batch(f"{store.scheme}://bucket/2026/*.wav", "enhance", output=f"{store.scheme}://bucket/x/")
    assert not sandbox.jobs
    assert store.scheme in remote.PACKAGES
