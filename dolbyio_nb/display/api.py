"""Functions to hear and see sound: player, compare, waveform, loudness, spectrogram, timeline, measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb._util.paths import expanded, here, is_file, printable
from dolbyio_nb.display.markup import Html, Picture, Span, tag
from dolbyio_nb.display.player import can_read_sound, element, embedding, labels_for, needs_sound
from dolbyio_nb.display.preview import measured
from dolbyio_nb.errors import SourceNotFound

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement


File = str | PathLike[str]


def player(path: File, label: str | None = None, *, embed: bool | None = None) -> Picture:
    """Play a sound or a video.

    A file below the notebook's folder is played from there. Of any other a preview is embedded: the first
    30 seconds as Opus of 96 kbit/s with the same channels, at most 500 KB. `embed=True` puts the preview
    in anyway, so that it goes with the notebook wherever that is sent; DOLBYIO_EMBED=1 does so for all.
    """
    file = _files([path])[0]
    with embedding(embed):
        body = tag("section", tag("strong", label or file.name), element(file, file.name))
    return Picture(f"Player of {file.name}", body)


def compare(
    *paths: File,
    labels: Sequence[str] | None = None,
    target: float | None = None,
    embed: bool | None = None,
) -> Picture:
    """Play sounds with one switch that keeps the position, above what was measured in them.

    The first is what the others are compared with. Two are labelled Before and After, more by their names.
    All are measured here, to ITU-R BS.1770. `target` draws a line at a loudness in LUFS;
    `embed` is as in `player`.

    Raises:
        DolbyError: a file cannot be read as sound.
        MissingPackage: av or numpy is not installed.
    """
    files = _sounds("compare", paths)
    from dolbyio_nb.display.player import comparison

    pair = ("Before", "After") if len(files) == 2 else None
    with embedding(embed):
        return comparison(files, labels_for(files, labels or pair), target)


def waveform(*paths: File, labels: Sequence[str] | None = None) -> Picture:
    """Draw sounds below each other on a common scale: the lowest and highest sample of every column.

    Raises:
        DolbyError: a file cannot be read as sound.
        MissingPackage: av or numpy is not installed.
    """
    files = _sounds("waveform", paths)
    from dolbyio_nb.display.plots import waveforms

    return _drawn(files, labels, waveforms)


def loudness(*paths: File, labels: Sequence[str] | None = None, target: float | None = None) -> Picture:
    """Draw the loudness of sounds over time, with what was measured; `target` is a loudness in LUFS.

    Raises:
        DolbyError: a file cannot be read as sound.
        MissingPackage: av or numpy is not installed.
    """
    files = _sounds("loudness", paths)
    from dolbyio_nb.display.plots import loudness as loudness_plot
    from dolbyio_nb.display.plots import table

    return _drawn(
        files,
        labels,
        lambda sounds, names: tag("section", loudness_plot(sounds, names, target), table(sounds, names)),
    )


def spectrogram(*paths: File, labels: Sequence[str] | None = None) -> Picture:
    """Draw energy over frequency and time, below each other on common scales of time, frequency and level.

    Raises:
        DolbyError: a file cannot be read as sound.
        MissingPackage: av or numpy is not installed.
    """
    files = _sounds("spectrogram", paths)
    from dolbyio_nb.display.plots import spectrograms

    return spectrograms(files, labels_for(files, labels))


def timeline(stretches: Mapping[str, Sequence[Span]], seconds: float, title: str = "Time line") -> Picture:
    """Draw a lane for each name, its stretches from start to end in seconds out of `seconds`."""
    from dolbyio_nb.display.card_parts import describe, lanes

    text = "; ".join(describe(name, list(each)) for name, each in stretches.items())
    return Picture(f"{title}: {text}", lanes(title, stretches, seconds))


def measure(path: File) -> Measurement:
    """Measure a sound: `.loudness`, `.range`, `.true_peak`, and over time `.to_frame()`.

    Raises:
        DolbyError: the file cannot be read as sound.
        MissingPackage: av or numpy is not installed.
    """
    file = _sounds("measure", [path])[0]
    return measured(file)


def _drawn(
    files: list[Path], labels: Sequence[str] | None, draw: Callable[[list[Measurement], list[str]], Html]
) -> Picture:
    from dolbyio_nb.display.player import loudness_words

    sounds = [measured(file) for file in files]
    names = labels_for(files, labels)
    return Picture(loudness_words(sounds, names), draw(sounds, names))


def _sounds(what: str, paths: Sequence[File]) -> list[Path]:
    if not can_read_sound():
        raise needs_sound(f"display.{what}()")
    return _files(paths)


def _files(paths: Sequence[File]) -> list[Path]:
    if not paths:
        raise TypeError("Give the path of at least one sound.")
    files = [expanded(Path(path)) for path in paths]
    missing = [printable(file) for file in files if not is_file(file)]
    if missing:
        raise SourceNotFound(
            f"There is no file {', '.join(missing)}.",
            f"Relative paths start from {here()}.",
            "Check the path, or give the whole one.",
        )
    return files
