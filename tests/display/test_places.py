"""Where a browser gets a sound from."""

import base64
import sys
import types

import numpy as np
import pytest

from dolbyio_nb import display
from dolbyio_nb.display.player import address

from .checks import sound_html
from .conftest import tone


@pytest.fixture(autouse=True)
def notebook_folder(monkeypatch, tmp_path):
    """The notebook lies in a folder of its own."""
    (tmp_path / "nb").mkdir()
    monkeypatch.chdir(tmp_path / "nb")


def src(path) -> str:
    """What the player of a file points at."""
    elements = sound_html(display.player(path)._repr_html_()).elements
    return next(given["src"] for name, given in elements if name in ("audio", "video"))


def test_a_file_below_the_notebook_is_pointed_at(wav):
    """It costs a few bytes, whatever its name is."""
    path = wav("nb/my talks/a&b #1 100%.wav", tone(440, 1))
    assert src(path) == "./my%20talks/a%26b%20%231%20100%25.wav"
    assert src("my talks/a&b #1 100%.wav") == src(path)


def test_a_name_like_an_address_stays_a_file(wav):
    """`http:x.wav` is a file's name, not a place on the net."""
    assert src(wav("nb/javascript:x.wav", tone(440, 1))).startswith("./javascript%3A")


@pytest.mark.parametrize("name", ["elsewhere/x.wav", "nb/.hidden/x.wav"])
def test_what_the_server_does_not_give_out_is_a_preview(wav, name):
    """A file outside, or in a hidden folder, is embedded, bounded, and said to be a preview."""
    noise = np.random.default_rng(0).uniform(-1, 1, 44_100 * 25)
    path = wav(name, noise, 44_100)
    found = address(path)
    assert found.url.startswith("data:audio/ogg;base64,")
    assert len(found.url) < 100_000
    assert "The first 20 seconds" in found.note
    assert found.note in sound_html(display.player(path)._repr_html_()).text


def test_a_short_preview_is_the_whole_sound(wav, tmp_path):
    """What is embedded decodes to the sound, as long as it was."""
    found = address(wav("x.wav", tone(440, 2, 0.5, 16_000), 16_000))
    assert "The whole sound" in found.note
    copy = tmp_path / "copy.ogg"
    copy.write_bytes(base64.b64decode(found.url.partition(",")[2]))
    sound = display.measure(copy)
    assert sound.seconds == pytest.approx(2, abs=0.05)
    assert sound.peak == pytest.approx(0.5, abs=0.1)


def test_colab_shows_outputs_away_from_the_files(wav, monkeypatch):
    """There a relative address leads nowhere, so a preview is embedded."""
    path = wav("nb/x.wav", tone(440, 1))
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert address(path).url.startswith("data:")


def test_a_missing_file_is_named(tmp_path):
    """Before anything is drawn, the file that is not there is named."""
    with pytest.raises(FileNotFoundError, match=r"nowhere\.wav"):
        display.player(tmp_path / "nowhere.wav")
