"""The players and pictures on a page of their own: the switch, the keyboard, the themes."""

import html
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import numpy as np
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import Browser, Page

from dolbyio_nb import display
from dolbyio_nb.display.markup import Picture

from .bare import themes

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
PAGE = """<!doctype html><html lang="en" {attributes}><head><meta charset="utf-8"><title>A page</title>
<style>{theme}
body {{ background: var(--jp-layout-color0, Canvas); color: var(--jp-ui-font-color1, CanvasText) }}
</style></head><body><main><h1>A notebook</h1><h2>A cell</h2>{body}</main></body></html>"""
STATE = """() => {
  const sounds = [...document.querySelectorAll("audio")];
  return {
    heard: sounds.findIndex((sound) => !sound.muted),
    seen: sounds.map((sound) => sound.checkVisibility()),
    at: sounds.map((sound) => sound.currentTime),
    playing: sounds.map((sound) => !sound.paused),
    volume: sounds.map((sound) => sound.volume),
  };
}"""
READY = (
    "() => [...document.querySelectorAll('audio')].every((sound) => sound.readyState >= 2 && !sound.seeking)"
)


def write_tone(path: Path, peak: float) -> Path:
    """Twenty seconds of a tone."""
    samples = peak * 32767 * np.sin(np.arange(20 * 16_000) / 8)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.fixture
def open_page(
    chromium: "Browser", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """open_page(*pictures, theme=, scripts=): a page that shows them, whose errors fail the test."""
    monkeypatch.chdir(tmp_path)
    contexts, errors = [], []

    def open_(*pictures: Any, theme: str = "light", scripts: bool = True, width: int = 900) -> Page:
        attributes, style = themes()[theme]
        body = "".join(picture._repr_html_() for picture in pictures)
        file = tmp_path / "page.html"
        file.write_text(PAGE.format(attributes=attributes, theme=style, body=body))
        contexts.append(
            chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        )
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Picture:
    """A quiet and a loud tone next to each other."""
    monkeypatch.chdir(tmp_path)
    return display.compare(
        write_tone(tmp_path / "a.wav", 0.05), write_tone(tmp_path / "b.wav", 0.5), target=-16
    )


def test_the_switch_keeps_the_position(open_page: Callable[..., Any], comparison: Picture) -> None:
    """An arrow key hears the other sound at the same place, and back again."""
    page = open_page(comparison)
    page.wait_for_function(READY)
    page.evaluate("() => { document.querySelector('audio').currentTime = 7.5 }")
    page.wait_for_function(READY)
    page.get_by_role("radio", name="Before").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(READY)
    state = page.evaluate(STATE)
    assert (state["heard"], state["seen"]) == (1, [False, True])
    assert state["at"][1] == pytest.approx(7.5, abs=0.03)
    page.keyboard.press("ArrowUp")
    assert page.evaluate(STATE)["heard"] == 0
    assert page.get_by_role("radio", name="Before").is_checked()


def test_the_switch_goes_on_playing(open_page: Callable[..., Any], comparison: Picture) -> None:
    """While one plays the other runs along unheard, so that the switch is at once; pause stops both."""
    page = open_page(comparison)
    page.wait_for_function(READY)
    page.locator("audio").first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => [...document.querySelectorAll('audio')].every((a) => a.currentTime > 0.3)")
    assert page.evaluate(STATE)["playing"] == [True, True]
    page.get_by_role("radio", name="After").check()
    state = page.evaluate(STATE)
    assert (state["heard"], state["playing"]) == (1, [True, True])
    assert state["at"][0] == pytest.approx(state["at"][1], abs=0.15)
    page.locator("audio").nth(1).focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => [...document.querySelectorAll('audio')].every((a) => a.paused)")


def test_equal_loudness_turns_the_louder_one_down(open_page: Callable[..., Any], comparison: Picture) -> None:
    """Twenty dB louder is played at a tenth, and the quieter one as it is; without the tick both are."""
    page = open_page(comparison)
    page.wait_for_function(READY)
    page.get_by_role("radio", name="After").check()
    page.get_by_role("checkbox", name="equal loudness").check()
    assert page.evaluate(STATE)["volume"][1] == pytest.approx(0.1, abs=0.005)
    page.get_by_role("radio", name="Before").check()
    assert page.evaluate(STATE)["volume"][0] == pytest.approx(1)
    page.get_by_role("radio", name="After").check()
    page.get_by_role("checkbox", name="equal loudness").uncheck()
    assert page.evaluate(STATE)["volume"][1] == pytest.approx(1)


def test_a_click_on_a_waveform_goes_there(open_page: Callable[..., Any], comparison: Picture) -> None:
    """It seeks and chooses at once."""
    page = open_page(comparison)
    page.wait_for_function(READY)
    place = page.locator(".lane .canvas").nth(1)
    place.click(position={"x": place.bounding_box()["width"] / 4, "y": 20})
    page.wait_for_function(READY)
    state = page.evaluate(STATE)
    assert state["heard"] == 1
    assert state["at"][1] == pytest.approx(5, abs=0.2)


def test_two_comparisons_on_a_page_do_not_meet(open_page: Callable[..., Any], comparison: Picture) -> None:
    """Each has a switch of its own."""
    page = open_page(comparison, comparison)
    page.get_by_role("radio", name="After").nth(1).check()
    assert page.get_by_role("radio", name="Before").first.is_checked()
    assert page.locator(".stage").count() == 2


def test_without_scripts_each_sound_has_its_own_controls(
    open_page: Callable[..., Any], comparison: Picture
) -> None:
    """A notebook that is not trusted shows two players and no switch."""
    page = open_page(comparison, scripts=False)
    assert page.locator("audio[controls]").count() == 2
    assert all(player.is_visible() for player in page.locator("audio").all())
    assert page.get_by_role("radio").count() == 0


@pytest.mark.parametrize("theme", ["none", "none, dark page", "light", "dark"])
def test_everything_is_accessible_in_every_theme(
    open_page: Callable[..., Any], comparison: Picture, tmp_path: Path, theme: str
) -> None:
    """axe finds nothing, contrast of all texts among it."""
    lanes = display.timeline({"Anna": [(0, 3)], "Ben": [(3, 9)]}, 20)
    page = open_page(comparison, display.spectrogram(tmp_path / "a.wav"), lanes, theme=theme)
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        "async () => (await axe.run()).violations.map((v) => v.id + v.nodes.map((n) => n.html))"
    )
    assert found == []
    wide = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]


OVERLAPS = """() => [...document.querySelectorAll(".below, .side")].flatMap((scale) => {
  const marks = [...scale.children].filter((mark) => mark.checkVisibility());
  const boxes = marks.map((mark) => mark.getBoundingClientRect());
  const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return marks.filter((_, i) => boxes.slice(i + 1).some((b) => meets(boxes[i], b))).map((m) => m.textContent);
})"""


@pytest.mark.parametrize("seconds", [4.9, 20, 71, 660, 3601, 12_000, 86_000])
@pytest.mark.parametrize("width", [320, 400, 640, 900])
def test_marks_never_overlap(
    open_page: Callable[..., Any], comparison: Picture, width: int, seconds: float
) -> None:
    """However narrow the page and however long the sound, each mark of a scale stands alone."""
    lanes = display.timeline({"Anna": [(0, seconds / 3)], "A rather long name": [(3, seconds)]}, seconds)
    page = open_page(comparison, lanes, width=width)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 479, 481, 900])
def test_a_picture_keeps_its_scale(open_page: Callable[..., Any], comparison: Picture, width: int) -> None:
    """Every mark of a vertical scale is seen, to the left of its picture, on the narrowest page as well."""
    page = open_page(comparison, width=width)
    outside = """() => [...document.querySelectorAll('.side > span')].filter(mark => {
        const box = mark.getBoundingClientRect();
        const picture = mark.closest('.row').querySelector('.canvas').getBoundingClientRect();
        return !box.width || box.left < 0 || box.right > picture.left + 1;
    }).length"""
    assert page.locator(".side > span").count() > 6
    assert page.evaluate(outside) == 0


def test_a_page_without_its_files_says_so(
    open_page: Callable[..., Any], comparison: Picture, tmp_path: Path
) -> None:
    """Moved or mailed, each dead player gives way to a sentence that names the file and what helps."""
    alone = display.player("a.wav")
    (tmp_path / "a.wav").unlink()
    (tmp_path / "b.wav").unlink()
    page = open_page(comparison, alone)
    page.locator(".note", has_text="b.wav is not beside this page.").wait_for()
    page.locator(".note", has_text="a.wav is not beside this page.").nth(1).wait_for()
    assert [player.is_visible() for player in page.locator("audio").all()] == [False] * 3
    assert not page.get_by_text("equal loudness").is_visible()


def test_a_frame_of_its_own_is_as_high_as_the_card(
    open_page: Callable[..., Any], comparison: Picture
) -> None:
    """marimo gives a card with a script a frame of 400 pixels: nothing is cut off, and it does not grow."""
    page = open_page()
    page.set_content(f'<iframe width="900" height="400" srcdoc="{html.escape(comparison._repr_html_())}">')
    page.wait_for_function("() => document.querySelector('iframe').offsetHeight > 420")
    inside = page.frame_locator("iframe").locator(".dolby-sound")
    needed = inside.evaluate("(card) => card.offsetTop + card.offsetHeight")
    inside.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert 0 <= page.locator("iframe").evaluate("(frame) => frame.offsetHeight") - needed <= 20


def test_as_markdown_each_part_is_a_block_of_html(comparison: Picture) -> None:
    """CommonMark ends a block of style or script at the end tag, one of a div at an empty line."""
    parts = comparison._repr_html_().split("\n\n")
    starts = [i for i, part in enumerate(parts) if part.startswith(("<style>", "<div ", "<script>"))]
    style, card, script = ("\n\n".join(parts[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True))
    assert style.endswith("</style>")
    assert (card.startswith("<div"), "\n\n" in card) == (True, False)
    assert script.endswith("</script>")


def test_a_sanitized_export_shows_no_style_sheet(comparison: Picture) -> None:
    """What a sanitizer leaves of style and script is no text of theirs."""
    outputs = [new_output("display_data", data={"text/html": comparison._repr_html_()})]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)])
    page, _ = HTMLExporter(sanitize_html=True).from_notebook_node(notebook)
    assert "Below the mean" in page
    assert "dolby-sound [" not in page
    assert "set_up" not in page
