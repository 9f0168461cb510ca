"""Results show themselves, in every front end that asks an object for its look."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dolbyio_nb._util import place
from dolbyio_nb.display.cards import CARDS
from dolbyio_nb.media import Diagnosis, MediaResult, Output, Result

from .checks import sound_html
from .conftest import Write, tone


@pytest.fixture
def shell() -> InteractiveShell:
    """A shell without the extension."""
    return InteractiveShell()


def test_results_are_shown_as_html_and_text(shell: InteractiveShell) -> None:
    """A notebook takes the card, a terminal the line."""
    data, _ = shell.display_formatter.format(Diagnosis({}, "diagnose", "0123456789"))  # type: ignore[union-attr]
    assert "dolby-sound" in data["text/html"]
    assert data["text/plain"].startswith("<Diagnosis of diagnose")


def test_a_terminal_reads_loudness_before_and_after(shell: InteractiveShell, wav: Write) -> None:
    """What enhance did is one more line of text."""
    output = Output("dlb://out/b.wav", "b.wav", lambda address, path: path)
    output.path = wav("b.wav", tone(1000, 2, 0.5))
    result = MediaResult({}, "enhance", "job", wav("a.wav", tone(1000, 2, 0.05)), [output])
    text = shell.display_formatter.format(result, include=["text/plain"])[0]["text/plain"]  # type: ignore[union-attr]
    first, second = text.splitlines()
    assert first == repr(result)
    assert second == "Before: −29.0 LUFS, true peak −26.0 dBTP; After: −9.0 LUFS, true peak −6.0 dBTP"


def test_the_text_beside_a_card_names_the_file(
    shell: InteractiveShell, wav: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consoles show the text alone, though the file was brought for the card. A list brings none."""
    source, brought = wav("a.wav", tone(1000, 2, 0.05)), []

    def bring(address: str, path: Path) -> Path:
        brought.append(address)
        path.parent.mkdir(exist_ok=True)
        return Path(shutil.copy(source, path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, "shell", lambda: shell)
    result = MediaResult({}, "enhance", "job", source, [Output("dlb://out/b.wav", "b.wav", bring)])
    show = shell.display_formatter.format  # type: ignore[union-attr]
    assert "dlb://out/b.wav" in show([result])[0]["text/plain"]
    assert not brought
    assert "written to dolby-output/b.wav" in show(result)[0]["text/plain"].replace("\\", "/")
    assert brought == ["dlb://out/b.wav"]


@pytest.mark.parametrize("kind", [Result, *CARDS])
def test_a_result_needs_no_shell_to_be_seen(kind: Callable[..., Result]) -> None:
    """What asks an object for its HTML alone, as marimo and others do, gets the card."""
    result = kind({}, "enhance", "0123")
    assert "dolby-sound" in result._repr_html_()
    assert result.show()._repr_html_() == result._repr_html_()
    assert repr(result.show()) == repr(result)


@pytest.mark.parametrize(
    ("embed", "setting", "schemes"),
    [
        (None, "", ["./", "./"]),
        (True, "", ["data:audio/ogg", "data:audio/ogg"]),
        (None, "1", ["data:audio/ogg", "data:audio/ogg"]),
        (False, "1", ["./", "./"]),
    ],
)
def test_sound_goes_into_the_page_when_asked(
    wav: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    embed: bool | None,
    setting: str,
    schemes: list[str],
) -> None:
    """`embed` decides, and where it says nothing the setting does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOLBYIO_EMBED", setting)
    output = Output("dlb://out/b.wav", "b.wav", lambda address, path: path)
    output.path = wav("b.wav", tone(1000, 2, 0.5))
    result = MediaResult({}, "enhance", "job", wav("a.wav", tone(1000, 2, 0.05)), [output])
    players = [
        given["src"]
        for name, given in sound_html(result.show(embed=embed)._repr_html_()).elements
        if name == "audio"
    ]
    assert [src[: len(scheme)] for src, scheme in zip(players, schemes, strict=True)] == schemes


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """To load the extension costs no numpy, av, matplotlib or pandas."""
    code = (
        "import sys, dolbyio_nb.display, dolbyio_nb.notebook.extension;"
        "print([name for name in ('numpy', 'av', 'matplotlib', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_numpy_and_av_there_are_still_players(wav: Write, tmp_path: Path) -> None:
    """The plain install plays before and after, and says what draws and measures them."""
    wav("a.wav", tone(1000, 1))
    code = """
import sys
sys.modules["av"] = sys.modules["numpy"] = None
import importlib.util, pathlib
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("av", "numpy") else find(name, *rest)
from dolbyio_nb.media import MediaResult, Output
from dolbyio_nb import display
from dolbyio_nb.display.cards import CARDS
output = Output("dlb://out/a.wav", "a.wav", None)
output.path = pathlib.Path("a.wav")
print(CARDS[MediaResult](MediaResult({}, "enhance", "j", output.path, [output])))
print(display.player("a.wav")._repr_html_().count("<audio"))
try:
    display.waveform("a.wav")
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    card, count, error = done.stdout.strip().split("\n", 2)
    assert card.count("<audio") == 2
    assert "pip install" in card
    assert count == "1"
    assert error.startswith("display.waveform() needs av and numpy")
