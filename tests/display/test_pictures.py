"""What is drawn: the right values, in few bytes, with words for who does not see it."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb import display
from dolbyio_nb.audio.spectrum import COLUMNS as COLUMNS_LOOKED
from dolbyio_nb.audio.spectrum import FRAMES, ROWS, Analyser, powers, row_edges
from dolbyio_nb.display.card_parts import FINENESS, merged
from dolbyio_nb.display.markup import TALL, band, clock, level_ticks, time_ticks, value
from dolbyio_nb.display.plots import COLUMNS, columns, scale_of

from .checks import images, sound_html
from .conftest import Write, tone
from .test_sound import sparse_wav


def points(path: str) -> list[tuple[float, float]]:
    """The corners of a drawn path."""
    x = y = 0.0
    found = []
    for letter, numbers in re.findall(r"([MlhVz])([^A-Za-z]*)", path):
        given = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        x = given[0] if letter == "M" else x + given[0] if letter in "lh" else x
        y = given[-1] if letter in "MV" else y + given[1] if letter == "l" else y
        found.append((x, y))
    return found[:-1]


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=3000), st.floats(0.01, 1))
def test_a_column_holds_the_extremes_of_its_stretch(values: list[float], share: float) -> None:
    """Every value is within the column it falls in, and every column touches a value of its own."""
    array = np.array(values, np.float32)
    lows, highs, wide = columns(array, array, share)
    edges = [len(values) * i // len(lows) for i in range(len(lows) + 1)]
    parts = [values[a:b] for a, b in pairwise(edges)]
    assert list(lows) == [min(part) for part in parts]
    assert list(highs) == [max(part) for part in parts]
    assert wide * len(lows) == pytest.approx(COLUMNS * share)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_a_band_is_drawn_where_its_values_are(pairs: list[tuple[float, float]]) -> None:
    """Read back from the picture, the curves are the values to the unit, there and back again."""
    highs, lows = zip(*pairs, strict=True)
    corners = points(re.search("d='([^']*)'", band(highs, lows, "#000", 0.5, 1))[1])  # type: ignore[index]
    there, back = corners[: len(pairs)], corners[len(pairs) :]
    assert [y for _, y in there] == [round(TALL * y) for y in highs]
    assert [y for _, y in back] == [round(TALL * y) for y in reversed(lows)]
    assert [x for x, _ in there] == [i + 0.5 for i in range(len(pairs))]


def test_a_waveform_shows_the_sound(wav: Write) -> None:
    """A sound that is loud in its second half alone is drawn so, at the height of its scale."""
    path = wav("half.wav", np.concatenate([np.zeros(48_000), tone(1000, 1, 0.4)]))
    assert scale_of([display.measure(path)]) == 0.5
    svg = unquote(images(display.waveform(path)._repr_html_())[0]["src"])
    corners = points(re.findall("d='([^']*z)'", svg)[-1])
    quiet = [y for x, y in corners if x < COLUMNS / 2 - 2]
    loud = [y for x, y in corners if x > COLUMNS / 2 + 2]
    assert set(quiet) == {TALL / 2}
    assert min(loud) == pytest.approx(TALL * (0.5 - 0.4), abs=1)
    assert max(loud) == pytest.approx(TALL * (0.5 + 0.4), abs=1)


def test_sounds_next_to_each_other_have_one_scale(wav: Write) -> None:
    """The louder one sets the height of both, the longer one the width."""
    loud, quiet = wav("loud.wav", tone(1000, 2, 0.9)), wav("quiet.wav", tone(1000, 1, 0.09))
    svgs = [unquote(one["src"]) for one in images(display.waveform(loud, quiet)._repr_html_())]
    tall = [[y for _, y in points(re.findall("d='([^']*z)'", svg)[-1])] for svg in svgs]
    assert max(tall[1]) - TALL / 2 == pytest.approx((max(tall[0]) - TALL / 2) / 10, abs=1)
    assert max(x for x, _ in points(re.findall("d='([^']*z)'", svgs[1])[-1])) == pytest.approx(
        COLUMNS / 2, abs=1
    )


def test_the_target_is_drawn_where_it_is(wav: Write) -> None:
    """A target at the tone's own loudness is a dashed line through the curve."""
    path = wav("tone.wav", np.stack([tone(1000, 30, 10 ** (-23 / 20))] * 2, axis=1))
    html = display.loudness(path, target=-23)._repr_html_()
    svg = unquote(images(html)[0]["src"])
    dashed = float(re.search(r"d='M0 ([\d.]+)H[^/]*dasharray", svg)[1])  # type: ignore[index]
    curve = points(re.findall("d='([^']*z)'", svg)[-1])
    assert [y for _, y in curve] == pytest.approx([dashed] * len(curve), abs=1.5)
    assert "−23.0 LUFS" in html


@pytest.mark.parametrize("hertz", [100, 1000, 10_000])
def test_a_tone_stands_at_its_frequency(wav: Write, hertz: int) -> None:
    """The loudest row of a spectrogram is the one that holds the tone, at -3 dB for a full-scale sine."""
    levels, seconds = powers(wav("tone.wav", tone(hertz, 3)), 24_000)
    row = int(levels[1:-1].mean(axis=0).argmax())
    edges = row_edges(24_000)
    assert edges[max(0, row - 2)] < hertz < edges[min(ROWS, row + 3)]
    assert seconds == 3


def test_a_spectrogram_covers_the_whole_sound(wav: Write) -> None:
    """A tone in the second half shows in the right half of the picture only."""
    path = wav("half.wav", np.concatenate([np.zeros(480_000), tone(1000, 10)]))
    levels, _ = powers(path, 24_000)
    loud = levels.max(axis=1) > -30
    assert np.flatnonzero(loud)[0] == pytest.approx(len(levels) / 2, abs=2)
    assert loud[-1]


def test_two_hours_are_looked_at_in_bounded_work(tmp_path: Path) -> None:
    """However long the sound, the windows looked at are a few for each column of the picture."""
    analyser = Analyser(48_000, 24_000, 7200)
    assert 7200 * 48_000 / analyser.hop <= COLUMNS_LOOKED * FRAMES
    levels, seconds = powers(sparse_wav(tmp_path / "long.wav", 7200), 4000)
    assert (len(levels), seconds) == (COLUMNS_LOOKED, 7200)


def test_pictures_are_small_and_have_words(wav: Write) -> None:
    """Noise is the hardest: no picture of it takes 60 KB, and each says what it shows."""
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, (48_000 * 4, 2))
    path = wav("noise.wav", noise)
    for draw in (display.waveform, display.loudness, display.spectrogram):
        (picture,) = images(draw(path)._repr_html_())
        assert len(picture["src"]) < 60_000
        assert "noise" in picture["alt"]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=3000))
def test_a_lane_stays_small_whatever_is_on_it(stretches: list[tuple[float, float]]) -> None:
    """Thousands of stretches become a few hundred, in order and apart, and nothing is lost at either end."""
    given_ = [(min(s), max(s)) for s in stretches]
    found = merged(given_, 100)
    assert len(found) <= FINENESS
    assert all(a[1] < b[0] for a, b in pairwise(found))
    if given_:
        assert found[0][0] == pytest.approx(min(s for s, _ in given_) / 100)
        assert max(b for _, b in found) == pytest.approx(max(e for _, e in given_) / 100)


def test_a_time_line_says_where_everything_is() -> None:
    """The stretches are in the alternative text and in the text of a terminal."""
    picture = display.timeline({"Anna": [(0, 3), (9, 14)], "Ben": []}, 20)
    assert repr(picture) == "Time line: Anna: 0:00.0 to 0:03.0, 0:09.0 to 0:14.0; Ben: nowhere"
    assert [one["alt"] for one in images(picture._repr_html_())] == [
        "Anna: 0:00.0 to 0:03.0, 0:09.0 to 0:14.0",
        "Ben: nowhere",
    ]


def test_a_kind_has_one_colour() -> None:
    """Speech, music and silence look alike whoever found them and wherever they stand; other names differ."""
    names = ("speech, known", "Speech found", "music (guess)", "Music", "Anna", "Ben", "silence")
    html = display.timeline({name: [(0, 3)] for name in names}, 20)._repr_html_()
    shades = [re.findall(r"fill='(?:%23|#)(\w{6})'", one["src"])[-1] for one in images(html)]
    speech, again, music, more, anna, ben, silence = shades
    assert (speech, music) == (again, more)
    assert len({speech, music, anna, ben, silence}) == 5


@given(st.floats(0.001, 1e6))
def test_a_time_axis_has_a_few_different_marks(seconds: float) -> None:
    """Between 2 and 8 marks from 0 to the end, whatever the length."""
    ticks = time_ticks(seconds)
    assert 1 < len(ticks) <= 8 or seconds > 86_400 * 7
    assert len({text for _, text in ticks}) == len(ticks)
    assert ticks[0][0] == 0
    assert ticks[-1][0] <= 1 + 1e-6


@given(st.floats(-120, 0), st.floats(1, 120))
def test_a_level_axis_has_marks_within_it(low: float, span: float) -> None:
    """Every mark is between bottom and top, and there are at most six."""
    ticks = level_ticks(low, low + span)
    assert len(ticks) <= 7
    assert all(-1e-9 <= where <= 1 + 1e-9 for where, _ in ticks)


def test_numbers_are_written_for_people() -> None:
    """A true minus, a unit, no minus zero, a dash for nothing; times as on a clock."""
    assert (value(-17.66, "LUFS"), value(-0.04), value(None)) == ("−17.7 LUFS", "0.0", "–")
    assert (clock(7), clock(3723), clock(7.25, 1)) == ("0:07", "1:02:03", "0:07.2")


def test_a_file_name_is_never_html(wav: Write) -> None:
    """Quotes and brackets in a name stay in the label and in the words of a picture."""
    name = "'\"><img src=x onerror=alert(1)>"
    path = wav(f"{name}.wav", tone(1000, 1))
    for draw in (display.player, display.compare, display.waveform, display.loudness, display.spectrogram):
        reader = sound_html(draw(path)._repr_html_())
        assert not [given for _, given in reader.elements if given.get("src") == "x"]
        words = [given.get("alt", "") + given.get("aria-label", "") for _, given in reader.elements]
        assert name in reader.text + "".join(words)


def test_html_is_whole(wav: Write) -> None:
    """Every element that is opened is closed, in the right order."""
    path = wav("x.wav", tone(1000, 2))
    for picture in (display.compare(path, path), display.player(path), display.spectrogram(path)):
        sound_html(picture._repr_html_())
