"""Files that are no sound: each ends in three lines that name it, whatever is drawn of it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from dolbyio_nb import display
from dolbyio_nb.display.cards import file_player  # type: ignore[attr-defined]
from dolbyio_nb.errors import DolbyError

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
DRAW = {
    "measure": display.measure,
    "player": lambda path: display.player(path, embed=True),
    "compare": display.compare,
    "spectrogram": display.spectrogram,
}


def wav_bytes(
    rate: int, samples: np.ndarray, code: int = PCM, channels: int = 1, bits: int | None = None
) -> bytes:
    """A WAV file whose header says what it is told to say."""
    data, bits = samples.tobytes(), samples.itemsize * 8 if bits is None else bits
    block = channels * bits // 8 % 2**16
    head = struct.pack("<HHIIHH", code, channels, rate, rate * block % 2**32, block, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


SHORTS = np.zeros(8000, "<i2")
RATES = [0, 1, 7, 100, 999, 500_001, 10**6, 2 * 10**9, 2**31 - 1, 2**32 - 1]
CODES = [0, 4, 9, 0x24, 0x4D, 0x1234, 0x7FFF, 0xABCD, 0xFEFE, 0xFFFF]
NOT_NUMBERS = {
    "nan first": {0: np.nan},
    "nan last": {-1: np.nan},
    "nan in the middle": {4000: np.nan},
    "all nan": {...: np.nan},
    "three nan": {1: np.nan, 2: np.nan, 7000: np.nan},
    "infinity": {17: np.inf},
    "minus infinity": {17: -np.inf},
    "both infinities": {17: np.inf, 18: -np.inf},
    "1e30": {4000: 1e30},
    "-1e9": {7999: -1e9},
}
MISSING = [
    "a.wav",
    "no/a.wav",
    "ä ö.wav",
    "a\nb.wav",
    "x" * 300 + ".wav",
    "~nobody/a.wav",
    ".",
    "..",
    "a.wav/",
    "%20.wav",
]


def bad_files() -> dict[str, bytes]:
    """Contents by what is wrong with them."""
    found = {f"rate {rate}": wav_bytes(rate, SHORTS) for rate in RATES}
    found |= {f"codec {code:#x}": wav_bytes(16_000, SHORTS, code, bits=16) for code in CODES}
    for name, changes in NOT_NUMBERS.items():
        samples = np.zeros(8000, "<f4")
        for place, number in changes.items():  # type: ignore[attr-defined]
            samples[place] = number
        found[name] = wav_bytes(16_000, samples, FLOAT)
    good = wav_bytes(16_000, SHORTS)
    found |= {
        "empty": b"",
        "one byte": b"R",
        "header alone": good[:44],
        "half a header": good[:20],
        "text": b"this is no sound\n" * 50,
        "zeros": bytes(5000),
        "html": b"<!doctype html><html><body>404</body></html>",
        "playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        "concat": b"ffconcat version 1.0\nfile good.wav\n",
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "no channels": wav_bytes(16_000, SHORTS, channels=0, bits=16),
        "65535 channels": wav_bytes(16_000, SHORTS, channels=65_535, bits=16),
    }
    return found


def assert_three_lines(error: BaseException, name: str) -> None:
    assert isinstance(error, DolbyError), repr(error)
    lines = str(error).splitlines()
    assert len(lines) == 3
    assert name in lines[0]


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("kind", bad_files())
def test_a_file_that_is_no_sound_is_refused_in_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, draw: str
) -> None:
    """Header or samples: the file is named, then why, then what to do."""
    monkeypatch.chdir(tmp_path)
    Path("bad.wav").write_bytes(bad_files()[kind])
    with pytest.raises(DolbyError) as caught:
        DRAW[draw](Path("bad.wav"))  # type: ignore[no-untyped-call]
    assert_three_lines(caught.value, "bad.wav")


@pytest.mark.parametrize("kind", bad_files())
def test_a_card_says_it_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A result of such a file is a card all the same."""
    monkeypatch.chdir(tmp_path)
    Path("bad.wav").write_bytes(bad_files()[kind])
    assert "bad.wav cannot be read as sound" in (file_player(Path("bad.wav")) or "")


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("path", MISSING)
def test_a_missing_file_is_named_in_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, draw: str
) -> None:
    """Also a folder, and a name that no file can have, is a file that is not there."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DolbyError) as caught:
        DRAW[draw](path)  # type: ignore[no-untyped-call]
    assert isinstance(caught.value, FileNotFoundError)
    assert len(str(caught.value).splitlines()) == 3
