"""Objects of a store are listed and signed here, and read by the service: with a store in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.batch import State, remote
from dolbyio_nb.errors import DolbyError, InvalidOption, MissingPackage, TransferError
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound

pytest.importorskip("fsspec")
NAMES = ("a.wav", "B.WAV", "deep/c.flac", "deep/notes.txt", ".hidden/d.wav")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A store in memory with five objects, which is known as `memory://` and cannot sign."""
    from fsspec.implementations.memory import MemoryFileSystem

    monkeypatch.setitem(remote.PACKAGES, "memory", "fsspec")
    store = MemoryFileSystem()
    for name in NAMES:
        store.pipe(f"/recordings/{name}", b"sound")
    yield store
    store.rm("/recordings", recursive=True)


@pytest.fixture
def signing(store: Any, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same store, whose signed addresses lead to a recording that the sandbox can read."""
    address = media.upload(sound(tmp_path / "local.wav"))
    asked: list[tuple[str, int]] = []

    def sign(self: Any, path: str, expiration: int) -> Any:
        asked.append((path, expiration))
        return address

    monkeypatch.setattr(type(store), "sign", sign, raising=False)
    return asked


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("memory://recordings/", ["B.WAV", "a.wav", "c.flac"]),
        ("memory://recordings/*", ["B.WAV", "a.wav"]),
        ("memory://recordings/**/*.wav", ["d.wav", "a.wav"]),
        ("MEMORY://recordings/a.*", ["a.wav"]),
        ("memory://recordings/deep/", ["c.flac"]),
        ("memory://recordings/a.wav", ["a.wav"]),
    ],
)
@pytest.mark.usefixtures("signing")
def test_objects_are_listed(media: Media, pattern: str, found: list[str]) -> None:
    """A folder gives its sound and films, a pattern what matches, and neither a folder as a file."""
    batch = media.batch(pattern, "diagnose")
    assert [item.name for item in batch.items] == found
    assert {item.source.partition("://")[0].lower() for item in batch.items} == {"memory"}


def test_objects_are_read_by_the_service(media: Media, sandbox: Sandbox, signing: Any) -> None:
    """Each is signed for an hour when its job starts; no byte of it passes here, so none counts as sent."""
    uploads = sum(one.path == "/media/input" for one in sandbox.requests)
    batch = media.batch("memory://recordings/", "diagnose")
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert {item.size for item in batch.items} == {None}
    assert sum(one.path == "/media/input" for one in sandbox.requests) == uploads
    assert len(sandbox.jobs) == 3
    assert {seconds for _, seconds in signing} == {remote.GOOD_FOR}
    media.batch("memory://recordings/", "diagnose").run()
    assert len(sandbox.jobs) == 3


def test_a_signed_address_is_not_written_down(media: Media, store: Any, signing: Any) -> None:
    """The journal has the object's own address, which opens nothing."""
    media.batch("memory://recordings/", "diagnose").run()
    written = b"".join(path.read_bytes() for path in Path().glob("dolby-batch-*"))
    assert b"memory://recordings/a.wav" in written
    assert store.sign("/recordings/a.wav", expiration=1).encode() not in written


@pytest.mark.usefixtures("store")
def test_a_store_that_cannot_sign_is_told_at_once(media: Media, sandbox: Sandbox) -> None:
    """A pattern is refused in three lines before anything starts; one address is a failed row."""
    with pytest.raises(TransferError, match="cannot be signed") as told:
        media.batch("memory://recordings/*", "diagnose")
    assert len(str(told.value).splitlines()) == 3
    batch = media.batch(["memory://recordings/a.wav"], "diagnose")
    batch.run()
    assert batch.items[0].state == State.FAILED
    assert str(batch.items[0].error) == str(told.value).replace("B.WAV", "a.wav")
    assert not sandbox.jobs


@pytest.mark.usefixtures("store")
def test_a_key_in_an_address_is_not_shown(media: Media) -> None:
    """What stands after a question mark can open a store: it is in no error and in no journal."""
    batch = media.batch(["memory://recordings/a.wav?sig=opens-it"], "diagnose")
    batch.run()
    written = b"".join(path.read_bytes() for path in Path().glob("dolby-batch-*"))
    assert "opens-it" not in f"{batch.items[0].error} {batch.items[0].source} {batch!r}"
    assert b"a.wav" in written
    assert b"opens-it" not in written


@pytest.mark.usefixtures("store")
def test_a_pattern_without_an_object_is_told(media: Media) -> None:
    """So is a folder that is not there."""
    for pattern in ("memory://recordings/*.mp3", "memory://nowhere/"):
        with pytest.raises(InvalidOption, match="gives no file"):
            media.batch(pattern, "diagnose")


@pytest.mark.parametrize("error", [ValueError("no account"), PermissionError("secret"), OSError("down")])
def test_a_store_that_cannot_be_asked_is_told(
    media: Media, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever its package raises, when it is made too, is three lines that quote nothing of it."""

    def fail(address: str) -> Any:
        raise error

    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    with pytest.raises(DolbyError, match="cannot be listed") as told:
        media.batch("s3://recordings/*.wav", "diagnose")
    assert len(str(told.value).splitlines()) == 3
    assert str(error) not in str(told.value)


def test_an_interrupt_of_a_listing_is_one(media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a store lists its objects is no trouble of that store."""

    def interrupt(address: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("fsspec.core.url_to_fs", interrupt)
    with pytest.raises(KeyboardInterrupt):
        media.batch("s3://recordings/*.wav", "diagnose")


def test_a_package_that_is_not_installed_is_named(media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line that installs it."""

    def fail(address: str) -> Any:
        raise ImportError("Install adlfs to access Azure")

    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    with pytest.raises(MissingPackage, match="pip install 'dolbyio_nb\\[batch\\]' adlfs"):
        media.batch("abfs://recordings/*.wav", "diagnose")


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("s3://bucket/a?sig=opens-it", "s3://bucket/a"),
        ("s3://key:opens-it@bucket/a", "s3://bucket/a"),
        ("abfs://container@account/a", "abfs://container@account/a"),
        ("s3://bucket/take #1?.wav", "s3://bucket/take #1?.wav"),
        ("s3://bucket", "s3://bucket"),
    ],
)
def test_an_address_is_written_whole_but_for_what_opens(address: str, written: str) -> None:
    """Keys go; all that is a part of a name stays, or two objects would be one."""
    assert remote.keyless(address) == written
