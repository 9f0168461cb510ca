"""Objects of S3, read and written by the service; moto's server stands in for S3."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.batch import State, moves
from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound

s3fs = pytest.importorskip("s3fs")
moto = pytest.importorskip("moto.server")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAOFNOBODY", "AWS_SECRET_ACCESS_KEY": "secret-of-nobody"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that stands in for S3 on this computer."""
    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: Any) -> Iterator[Any]:
    """A store with two buckets of the test's own, and two recordings in one of them."""
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    for bucket in ("recordings", "better"):
        store.mkdir(bucket)
    for name in ("a", "b"):
        store.put(str(sound(tmp_path / f"{name}.wav")), f"recordings/2026/{name}.wav")
    yield store
    for bucket in ("recordings", "better"):
        store.rm(bucket, recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def uploads(sandbox: Sandbox) -> int:
    return sum(one.path == "/media/input" for one in sandbox.requests)


def test_from_a_bucket_to_a_bucket(media: Media, sandbox: Sandbox, s3: Any) -> None:
    """No byte passes here, the second run has nothing to do, and no signature and no key is written down."""
    for _ in range(2):
        batch = media.batch("s3://recordings/2026/*.wav", "enhance", output="s3://better/{parent}/{stem}.wav")
        batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert s3.find("better") == ["better/recordings/2026/a.wav", "better/recordings/2026/b.wav"]
    assert s3.cat("better/recordings/2026/a.wav")[:4] == b"RIFF"
    assert (len(sandbox.jobs), uploads(sandbox)) == (2, 0)
    assert not Path("better").exists()
    written = b"".join(path.read_bytes() for path in Path().glob("dolby-batch-*"))
    assert b"s3://better/recordings/2026/a.wav" in written
    for needle in (b"Signature", *(value.encode() for value in KEYS.values())):
        assert needle not in written


NAMES = (
    "take #1",
    "take #2",
    "what?",
    "why?",
    "a b",
    "a%20b",
    "a+b",
    "50%",
    "[x]",
    "naïve 🎙",
    "k=v",
    "mail@home",
)


def test_names_of_objects_are_what_they_are(media: Media, sandbox: Sandbox, s3: Any) -> None:
    """Nothing in a name is read as a part of an address: each object is one file, with its own result."""
    for number, name in enumerate(NAMES):
        s3.pipe(f"recordings/odd/{name}.wav", sound(Path(f"{number}.wav"), 0.2 + number / 50).read_bytes())
    batch = media.batch("s3://recordings/odd/", "enhance", output="s3://better/{name}")
    batch.run()
    assert {str(item.error) for item in batch.items} == {"None"}
    assert {item.name for item in batch.items} == {f"{name}.wav" for name in NAMES}
    assert {path.rpartition("/")[2] for path in s3.find("better")} == {f"{name}.wav" for name in NAMES}
    assert len(sandbox.jobs) == len(NAMES)


def test_a_bucket_is_listed_anew(media: Media, s3: Any, tmp_path: Path) -> None:
    """What was put there since the last listing is found, though the store remembers listings."""
    assert len(media.batch("s3://recordings/2026/", "diagnose")) == 2
    other = s3fs.S3FileSystem(skip_instance_cache=True)
    other.put(str(sound(tmp_path / "c.wav")), "recordings/2026/c.wav")
    assert len(media.batch("s3://recordings/2026/", "diagnose")) == 3


def test_an_object_of_somebody_is_not_replaced(media: Media, sandbox: Sandbox, s3: Any) -> None:
    """It is said before anything starts; so is a result that is made already, at another place."""
    s3.pipe("better/a.wav", b"of somebody")
    with pytest.raises(InvalidOption, match=r"s3://better/a\.wav is there already"):
        media.batch("s3://recordings/2026/*.wav", "enhance", output="s3://better/")
    assert not sandbox.jobs
    media.batch("s3://recordings/2026/b.wav", "enhance", output="s3://better/").run()
    with pytest.raises(InvalidOption, match=r"It was written to s3://better/b\.wav"):
        media.batch("s3://recordings/2026/b.wav", "enhance", output="s3://better/2/")
    batch = media.batch("s3://recordings/2026/b.wav", "enhance", output="here/{name}")
    batch.run()
    assert os.path.isfile("here/b.wav")
    assert len(sandbox.jobs) == 1


@pytest.mark.parametrize("place", ["az://better/{stem}.wav", "https://host/{stem}.wav", "dlb://out/{stem}"])
def test_a_place_that_cannot_be_written_is_refused(media: Media, tmp_path: Path, place: str) -> None:
    """Where nothing can be signed to be written, no job starts, and no folder of that name is made here."""
    sound(tmp_path / "a.wav")
    with pytest.raises(InvalidOption, match="a path here, or to s3://"):
        media.batch("*.wav", "enhance", output=place)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_lost_answer_is_proved_by_the_object(
    media: Media, sandbox: Sandbox, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose answer was lost is known by what it wrote, and is not started again."""
    monkeypatch.setattr(moves, "LOOK_AGAIN", 0.05)
    sandbox.faults.cut(0, at="/media/enhance")
    batch = media.batch("s3://recordings/2026/a.wav", "enhance", output="s3://better/")
    batch.run()
    assert {item.state for item in batch.items} == {State.DONE}
    assert (len(sandbox.jobs), s3.find("better")) == (1, ["better/a.wav"])
