"""A folder as it is in the field: sixty odd files, sixty rows, and every good one done."""

import os
import random
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from dolbyio_nb.batch import State
from dolbyio_nb.media import Media
from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound

NAMES = (
    "🎙 talk", "naïve café", "日本語の録音", "it's", 'a "quote"', "50% #1", "{stem}", "[x]", "a b  c", "-rf",
    "ünïcödé", "a.b.c", "why?", "star*", "new\nline", "tab\there", "back\\slash", "% s %d", "&amp;<b>", "é",
    "\u202eright to left", "zero\u200bwidth", "x" * 200, ".hidden", "~",
)  # fmt: skip
RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
LONG = 300  # seconds; an hour is done as well, in half a minute

Make = Callable[[Path], object]


def wav(rate: int, seconds: float, channels: int = 1) -> Make:
    """A recording of a low noise, the same second again and again."""

    def make(path: Path) -> None:
        second = random.Random(rate).randbytes(2 * channels * rate)
        with wave.open(str(path), "wb") as file:
            file.setparams((channels, 2, rate, 0, "NONE", ""))
            for _ in range(int(seconds)):
                file.writeframes(second)
            file.writeframes(second[: 2 * channels * int(rate * (seconds % 1))])

    return make


def cut(path: Path) -> None:
    """A recording whose header promises more than there is."""
    sound(path, 1.0)
    os.truncate(path, 5000)


def closed(path: Path) -> None:
    sound(path).chmod(0)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


BAD: dict[str, Make] = {
    "empty.wav": Path.touch,
    "gone.wav": lambda path: None,
    "folder.wav": Path.mkdir,
    "text.wav": lambda path: path.write_text("not a recording at all"),
    "page.wav": lambda path: path.write_text("<!DOCTYPE html><title>Sign in</title>"),
    "pointer.wav": lambda path: path.write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    ),
    "picture.wav": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "header.wav": lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVE"),
    "zeros.wav": lambda path: path.write_bytes(bytes(4096)),
    "random.mp3": lambda path: path.write_bytes(random.Random(1).randbytes(4096)),
    "loop.wav": loop,
    "link to nothing.wav": lambda path: path.symlink_to("nowhere.wav"),
    "pipe.wav": lambda path: os.mkfifo(path),
    "device.wav": lambda path: path.symlink_to("/dev/zero"),
    "closed.wav": closed,
}
GOOD: dict[str, Make] = {
    **{f"{name}.wav": sound for name in NAMES},
    **{f"{rate}.wav": wav(rate, 0.5) for rate in RATES},
    "stereo.wav": wav(44100, 0.5, 2),
    "5.1.wav": wav(48000, 0.5, 6),
    "short.wav": wav(16000, 0.05),
    "long.wav": wav(8000, LONG),
    "CAPITALS.WAV": sound,
    "no suffix": sound,
    "wrong suffix.mp3": sound,
    "cut.wav": cut,
    "link.wav": lambda path: path.symlink_to("8000.wav"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_sixty_odd_files_are_sixty_rows(media: Media, sandbox: Sandbox, tmp_path: Path) -> None:
    """What cannot be read is a row with a reason in a line; all else is done, whatever it is called."""
    for name, make in (GOOD | BAD).items():
        make(tmp_path / name)
    sources = [*map(str, (tmp_path / name for name in GOOD | BAD))]
    assert len(sources) == 60
    batch = media.batch(sources, "diagnose")
    batch.run()
    assert len(batch.items) == len(batch.to_frame()) == 60
    states = {item.name: item.state for item in batch.items}
    bad = set(BAD) - ({"closed.wav"} if os.getuid() == 0 else set())  # root reads all
    assert {name for name, state in states.items() if state is State.FAILED} == bad
    assert {state for name, state in states.items() if name not in bad} == {State.DONE}
    assert all(item.reason.in_a_line for item in batch.failed)  # type: ignore[union-attr]
    long = next(item for item in batch.items if item.name == "long.wav").result()
    assert long.media_info.container.duration == pytest.approx(LONG, abs=0.1)  # type: ignore[attr-defined]
    jobs = len(sandbox.jobs)
    batch.run()
    assert len(sandbox.jobs) == jobs
