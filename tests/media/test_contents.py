"""What is on this computer, before it is sent."""

import io
import os
import threading
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from dolbyio_nb.errors import DolbyError, TransferError
from dolbyio_nb.media.inputs import CHUNK, Content, read_content


def sent(content: Content) -> bytes:
    return b"".join(content.chunks())


def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    """Never more than one chunk at a time, whatever the file's size."""
    data = os.urandom(2 * CHUNK + 5)
    (tmp_path / "a.wav").write_bytes(data)
    chunks = read_content(tmp_path / "a.wav").chunks()
    assert len(chunks) == len(data)
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 5]
    assert b"".join(chunks) == data


def test_progress_is_told_in_bytes() -> None:
    """The listener hears how much was read so far."""
    heard: list[Any] = []
    list(read_content(b"x" * (CHUNK + 1)).chunks(heard.append))
    assert heard == [CHUNK, CHUNK + 1]


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_come_in_every_dress(wrap: Callable[..., Any] | Callable[..., BytesIO]) -> None:
    """Bytes, buffers and files in memory are the same thing."""
    content = read_content(wrap(b"fLaC..."))
    assert sent(content) == sent(content) == b"fLaC..."
    assert (content.name, content.path) == ("audio.flac", None)


def test_an_open_file_is_read_from_where_it_stands_and_stays_open(tmp_path: Path) -> None:
    """The caller opened it, and closes it; a second try reads the same bytes."""
    (tmp_path / "a.wav").write_bytes(b"headerbody")
    with (tmp_path / "a.wav").open("rb") as file:
        file.seek(6)
        content = read_content(file)
        assert sent(content) == sent(content) == b"body"
        assert content.path is None
        assert not file.closed


def test_an_open_file_is_known_by_its_path(tmp_path: Path) -> None:
    """The original of a whole file can be played beside the result."""
    (tmp_path / "a.wav").write_bytes(b"data")
    with (tmp_path / "a.wav").open("rb") as file:
        assert read_content(file).path == tmp_path / "a.wav"


def test_a_pipe_is_kept_until_its_length_is_known() -> None:
    """Storage wants the length first, which a pipe does not tell."""
    reading, writing = os.pipe()
    threading.Thread(target=lambda: (os.write(writing, b"OggSdata"), os.close(writing))).start()  # type: ignore[func-returns-value]
    with os.fdopen(reading, "rb") as pipe:
        content = read_content(pipe)
    assert content.size == 8
    assert sent(content) == b"OggSdata"


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    """The error says where it was looked for, and what may be meant."""
    (tmp_path / "interview.wav").write_bytes(b"x")
    with pytest.raises(TransferError) as error:
        read_content(tmp_path / "intervew.wav")
    assert str(tmp_path) in str(error.value)
    assert error.value.next_step == "Did you mean interview.wav?"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "is empty"),
        (io.StringIO("text"), "opened as text"),
        (3, "the type int, which"),
        (".", "is a folder"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_any_network(source: Any, words: str) -> None:
    """Each with its own words."""
    with pytest.raises(TransferError, match=words):
        read_content(source)


def test_a_file_that_was_read_to_its_end_asks_to_be_rewound() -> None:
    """The usual cause of nothing to send."""
    file = io.BytesIO(b"data")
    file.read()
    with pytest.raises(TransferError, match=r"seek\(0\)"):
        read_content(file)


def test_a_file_that_shrinks_while_it_is_sent_is_an_error(tmp_path: Path) -> None:
    """Fewer bytes than were announced would leave the connection hanging."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"12345678")
    content = read_content(path)
    path.write_bytes(b"123")
    with pytest.raises(DolbyError, match="became shorter"):
        sent(content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    """To open one would wait for somebody who writes into it."""
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(TransferError, match="no ordinary file"):
        read_content(tmp_path / "pipe.wav")


@pytest.mark.parametrize("name", ["a\0b.wav", "x" * 300 + ".wav", "y" * 5000, "~nobody-of-this-name/a.wav"])
def test_a_name_that_no_file_can_have_is_no_riddle(name: str) -> None:
    """It is an error in words, whatever the system says to such a name."""
    with pytest.raises(TransferError):
        read_content(name)


def test_a_working_directory_that_is_gone_is_no_riddle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path leads nowhere then, and the error says so."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(TransferError, match=r"no file a\.wav"):
        read_content("a.wav")


class Broken(io.BytesIO):
    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        raise OSError("the disk has a scratch")


def closed() -> io.BytesIO:
    file = io.BytesIO(b"sound")
    file.close()
    return file


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (closed, "closed file"),
        (lambda: Broken(b"sound" * 9), "scratch"),
        (Path(os.devnull).open, "text"),
        (partial(Path(os.devnull).open, "wb"), "not open for reading"),
    ],
)
def test_an_open_file_that_cannot_be_read_is_no_riddle(make: Any, why: str) -> None:
    """A closed file, a broken one, one that is open for writing: an error that says which."""
    file = make()
    with pytest.raises(TransferError, match=why):
        read_content(file)
    file.close()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
NO_SOUND = [
    (POINTER, "Git LFS pointer"),
    (b"\xef\xbb\xbf" + POINTER, "Git LFS pointer"),
    (POINTER.replace(b"\n", b"\r\n"), "Git LFS pointer"),
    (b"version https://hawser.github.com/spec/v1\noid sha256:4d7a\n", "Git LFS pointer"),
    (b"/annex/objects/SHA256E-s12345--4d7a.wav\n", "git-annex pointer"),
    (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
    (b"\r\n\n  <!doctype HTML>", "web page"),
    (b"<HTML lang=en>", "web page"),
    (b"<!-- portal --><html>", "web page"),
    ("\ufeff<!DOCTYPE html>".encode("utf-16-le"), "web page"),
    (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
    (b"<Error><Code>NoSuchKey</Code></Error>", "XML"),
    (b"", "is empty"),
    (b"RIFF\x24\0\0\0WAVEfmt " + bytes(28), "is empty"),
]


@pytest.mark.parametrize(
    ("head", "says"), NO_SOUND, ids=[f"{n}-{says}" for n, (_, says) in enumerate(NO_SOUND)]
)
def test_what_only_bears_the_name_of_a_sound_is_refused(tmp_path: Path, head: bytes, says: str) -> None:
    """In three lines; as a path, as bytes and as an open file."""
    path = tmp_path / "talk.wav"
    path.write_bytes(head)
    with path.open("rb") as file:
        for source in (path, head, file):
            with pytest.raises(TransferError, match=says) as error:
                read_content(source)
            assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\x28\0\0\0WAVEfmt " + bytes(32),
        b"ID3\x04<html>",
        b"\0" * 600,
        b"version 2 of a format",
        b"#!AMR\n",
    ],
)
def test_what_may_be_sound_is_sent(head: bytes) -> None:
    """It is for the service to say what it cannot read."""
    assert sent(read_content(head)) == head
