"""Where a browser gets a sound from."""

import base64
import io
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dolbyio_nb import display
from dolbyio_nb.display.player import address
from dolbyio_nb.media import MediaResult, Output

from .checks import images, sound_html
from .conftest import Write, tone


@pytest.fixture(autouse=True)
def notebook_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The notebook lies in a folder of its own."""
    (tmp_path / "nb").mkdir()
    monkeypatch.chdir(tmp_path / "nb")


def src(path: str | Path) -> str:
    """What the player of a file points at."""
    elements = sound_html(display.player(path)._repr_html_()).elements
    return next(given["src"] for name, given in elements if name in ("audio", "video"))


def test_a_file_below_the_notebook_is_pointed_at(wav: Write) -> None:
    """It costs a few bytes, whatever its name is."""
    path = wav("nb/my talks/a&b #1 100%.wav", tone(440, 1))
    assert src(path) == "./my%20talks/a%26b%20%231%20100%25.wav"
    assert src("my talks/a&b #1 100%.wav") == src(path)


def test_a_name_like_an_address_stays_a_file(wav: Write) -> None:
    """`http:x.wav` is a file's name, not a place on the net."""
    assert src(wav("nb/javascript:x.wav", tone(440, 1))).startswith("./javascript%3A")


@pytest.mark.parametrize("name", ["elsewhere/x.wav", "nb/.hidden/x.wav"])
def test_what_the_server_does_not_give_out_is_a_preview(wav: Write, name: str) -> None:
    """A file outside, or in a hidden folder, is embedded, bounded, and said to be a preview."""
    noise = np.random.default_rng(0).uniform(-1, 1, 44_100 * 35)
    path = wav(name, noise, 44_100)
    found = address(path)
    assert found.url.startswith("data:audio/ogg;base64,")
    assert 400_000 < len(found.url) < 500_000
    assert "The first 30 seconds" in found.note
    assert "folder" in found.note
    assert found.note in sound_html(display.player(path)._repr_html_()).text


def test_a_short_preview_is_the_whole_sound(wav: Write, tmp_path: Path) -> None:
    """What is embedded decodes to the sound, as long as it was."""
    found = address(wav("x.wav", tone(440, 2, 0.5, 16_000), 16_000))
    assert "The whole sound" in found.note
    copy = tmp_path / "copy.ogg"
    copy.write_bytes(base64.b64decode(found.url.partition(",")[2]))
    sound = display.measure(copy)
    assert sound.seconds == pytest.approx(2, abs=0.05)
    assert sound.peak == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_preview_has_the_channels_of_the_sound(wav: Write, tmp_path: Path, channels: int) -> None:
    """Stereo stays stereo, with left on the left."""
    sound = np.stack([tone(440, 1, 0.5 / (n + 1)) for n in range(channels)], axis=1)
    copy = tmp_path / "copy.ogg"
    copy.write_bytes(base64.b64decode(address(wav("x.wav", sound)).url.partition(",")[2]))
    found = read_sound_of(copy)
    assert len(found) == channels
    assert np.abs(found[0]).max() == pytest.approx(0.5, abs=0.15)


def read_sound_of(path: Path) -> np.ndarray:
    """The samples of a file, shape (channels, frames)."""
    import av

    with av.open(str(path)) as file:
        return np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)


def test_colab_shows_outputs_away_from_the_files(wav: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """There a relative address leads nowhere, so a preview is embedded, and says so."""
    path = wav("nb/x.wav", tone(440, 1))
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert address(path).url.startswith("data:")
    assert "Colab" in address(path).note


def test_vs_code_plays_files_from_the_folder_of_the_notebook(
    wav: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its kernel may have started anywhere; the page's addresses start at the notebook."""
    shell = types.SimpleNamespace(user_ns={"__vsc_ipynb_file__": str(tmp_path / "other" / "a.ipynb")})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert address(wav("other/sounds/x.wav", tone(440, 1))).url == "./sounds/x.wav"
    assert address(wav("other/clip.mp4", tone(440, 1))).url == "./clip.mp4"
    assert address(wav("nb/x.wav", tone(440, 1))).url.startswith("data:")


def test_a_format_that_browsers_do_not_play_is_named_as_the_reason(wav: Write) -> None:
    """The reason in the note is the true one."""
    path = wav("nb/x.wav", tone(440, 1))
    other = path.rename(path.with_suffix(".aiff"))
    assert "format" in address(other).note


def test_a_player_holds_a_sentence_for_a_page_without_its_file(wav: Write) -> None:
    """Where the notebook was moved or mailed, the player says why nothing is heard, and what helps."""
    html = display.player(wav("nb/x.wav", tone(440, 1)))._repr_html_()
    assert "x.wav is not beside this page" in sound_html(html).text
    assert "embed=True" in html
    assert "not beside" not in display.player("x.wav", embed=True)._repr_html_()


@pytest.mark.parametrize("size", [(320, 200), (3000, 2000)])
def test_a_picture_is_in_the_page_whatever_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """A small one as it is, a large one smaller, so that it goes wherever the notebook goes."""
    noise = np.random.default_rng(2).integers(0, 255, (size[1], size[0], 3), np.uint8)
    path = tmp_path / "still.png"
    Image.fromarray(noise).save(path)
    output = Output("dlb://out/still.png", "still.png", lambda address, path: path)
    output.path = path
    html = MediaResult({}, "transcode", "j", None, [output])._repr_html_()
    (src,) = [given["src"] for given in images(html)]
    data = base64.b64decode(src.partition(",")[2])
    assert len(data) < 700_000
    assert Image.open(io.BytesIO(data)).width in (320, 640)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Before anything is drawn, the file that is not there is named."""
    with pytest.raises(FileNotFoundError, match=r"nowhere\.wav") as caught:
        display.player(tmp_path / "nowhere.wav")
    assert len(str(caught.value).splitlines()) == 3
