"""What comes out of a job."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolbyio_nb._util.paths import near
from dolbyio_nb._util.place import shows_html
from dolbyio_nb.errors import InvalidOption, MissingPackage, TransferError
from dolbyio_nb.http.redact import scrub, scrub_all
from dolbyio_nb.media import models
from dolbyio_nb.media.api import number
from dolbyio_nb.media.inputs import Input
from dolbyio_nb.media.ledger import record_written
from dolbyio_nb.media.locations import address_of, from_here, local_path, name_of, shown
from dolbyio_nb.media.outputs import can_convert, check_free, convert, is_folder, is_same_format
from dolbyio_nb.media.parameters import Location

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

    from dolbyio_nb.audio.measure import Measurement
    from dolbyio_nb.display.markup import Picture


Fetch = Callable[[str, Path], Path]
"""Brings what is at a `dlb://` address into a file."""
FOLDER = "dolby-output"


class Output:
    """One file that a job wrote.

    Attributes:
        location: where it is.
        path: its path on this computer, once it was saved.
        label: what tells it from the others of its job, such as `Preset a`; "" where it is the only one.
    """

    def __init__(self, location: Location, name: str, fetch: Fetch, label: str = "") -> None:
        self.location, self._name, self._fetch, self.label = location, name, fetch, label
        self.path: Path | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return scrub(f"<{shown(self.location)}{f', saved as {near(self.path)}' if self.path else ''}>")

    def save(self, path: str | Path | None = None) -> Path:
        """Bring the file to this computer, once, and return its path.

        `path` is the file to write, or a folder; by default `dolby-output/` under the working directory. In a
        folder it is named after the original, the operation and the job. With the suffix of another format
        of sound it is converted, which needs av and numpy. A file that is no earlier result is not replaced.
        Dolby.io keeps temporary files for a day.

        Raises:
            InvalidOption: there is another file of that name, or it cannot be converted to its format.
            TransferError: it did not arrive whole (no half file is left), or it is in another store.
            NotFound: it is not, or no longer, there.
        """
        with self._lock:
            wanted = self._wanted(path)
            if wanted != self.path or not wanted.exists():
                if path:
                    self._check(wanted)
                self.path = self._bring(wanted)
                record_written(self.path)
            return self.path

    def as_input(self) -> Input:
        """Give itself as the source of another job: from where it is, so that nothing is sent again."""
        return Input(name_of(self.location), self.location, path=self.path)

    def samples(self) -> "tuple[NDArray[np.float32], int]":
        """Bring the file here and give `(samples, rate)`, as `librosa` and `soundfile` take them.

        Samples are floats, 1 at full scale, of shape `(n,)`, or `(n, 2)` for two channels and more.

        Raises:
            MissingPackage: av or numpy is not installed.
            SoundError: it is no sound, or is too long for the memory.
        """
        path = self.save()
        try:
            from dolbyio_nb.audio import read_samples
        except ImportError:
            raise MissingPackage(
                "Samples need av and numpy, which are not both installed.",
                f"The file itself is here: {path}",
                "Install them with: pip install 'dolbyio_nb[sandbox]'",
            ) from None
        return read_samples(path)

    def _wanted(self, path: str | Path | None) -> Path:
        wanted = from_here(local_path(path) if path else self.path or Path(FOLDER, self._name))
        return wanted / self._name if path and is_folder(path, wanted) else wanted

    def _bring(self, wanted: Path) -> Path:
        address = address_of(self.location) or ""
        if is_same_format(Path(self._name).suffix, wanted.suffix):
            return self._fetch(address, wanted)
        return convert(lambda folder: self._fetch(address, folder / self._name), wanted)

    def _check(self, wanted: Path) -> None:
        check_free(wanted)
        kind = Path(self._name).suffix
        if not is_same_format(kind, wanted.suffix) and not can_convert(kind, wanted.suffix):
            raise InvalidOption(
                f"{shown(self.location)} cannot be saved as {wanted.name}.",
                f"It is a {kind} file, and {wanted.suffix} is another format.",
                f"Save it as {wanted.with_suffix(kind).name}, or convert it: "
                f"dolby.media.transcode(result, output={wanted.name!r}).",
            )


class Result:
    """What a job found or made.

    Attributes:
        raw: the answer as it came, with everything that has no name here.
        operation: what was done, such as `enhance` or `analyze-speech`.
        job_id: the job's id.
        source: the original, when it is a file on this computer.
        outputs: the files the job wrote.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        operation: str,
        job_id: str = "",
        source: Path | None = None,
        outputs: Sequence[Output] = (),
    ) -> None:
        self.raw, self.operation, self.job_id = raw, operation, job_id
        self.source, self.outputs = source, tuple(outputs)

    def __repr__(self) -> str:
        about = "".join(f", {line}" for line in self._lines())
        return scrub(f"<{type(self).__name__} of {self.operation}: {self._subject()}{about}>")

    def as_input(self) -> Input:
        """Give its sound as the source of another job, for a result that is sound.

        Raises:
            InvalidOption: it is a report.
        """
        raise InvalidOption(
            f"A {type(self).__name__} holds no sound.",
            "It is what was measured in one; nothing was sent.",
            "Give the file itself, or a result of enhance, transcode or master.",
        )

    def show(self, *, embed: bool | None = None) -> "Picture":
        """Give the card that a notebook shows of this result.

        With `embed=True` its sound goes into the page (30 seconds of each, 96 kbit/s), so that it is heard
        wherever the notebook is sent; DOLBYIO_EMBED=1 does so for all cards.
        """
        from dolbyio_nb.display.cards import show

        return show(self, embed)

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()

    @property
    def summary(self) -> dict[str, Any]:
        """The values of the answer in one row, each under its path, such as `audio.loudness.measured`."""
        return dict(_flat(self.raw))

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks in words: the sandbox tells what it guessed or cannot know; Dolby.io sends none."""
        notes = self.raw.get("notes")
        return (
            tuple(scrub(note) for note in notes if isinstance(note, str)) if isinstance(notes, list) else ()
        )

    def to_frame(self) -> "pandas.DataFrame":
        """Give the result as a table with one row, so that the tables of many files can be joined.

        Raises:
            MissingPackage: pandas is not installed.
        """
        return self._frame([{"source": self._subject(), **self.summary}])

    def _frame(self, table: Sequence[Any], columns: list[str] | None = None) -> "pandas.DataFrame":
        try:
            import pandas
        except ImportError:
            raise MissingPackage(
                "A table needs pandas, which is not installed.",
                "to_frame() makes a pandas.DataFrame; `.raw` and `.summary` work without it.",
                "Install it with: pip install 'dolbyio_nb[lab]'",
            ) from None
        return pandas.DataFrame(table, columns=columns)

    def _subject(self) -> str:
        if self.source:
            return self.source.name
        return shown(self.outputs[0].location) if self.outputs else f"job {self.job_id or 'without an id'}"

    def _lines(self) -> Iterator[str]:
        """Give what a repr says beyond the subject."""
        return iter(())


class MediaResult(Result):
    """Sound or pictures made by enhance, transcode or master: in storage, and on this computer once saved."""

    @property
    def output(self) -> Location | None:
        """Where the first file is that the job wrote."""
        return self.outputs[0].location if self.outputs else None

    @property
    def path(self) -> Path | None:
        """The first file on this computer, once it was saved."""
        return self.outputs[0].path if self.outputs else None

    @property
    def initial_level(self) -> float | None:
        """Loudness before mastering in LUFS; None for what was not mastered."""
        return number(self.raw.get("initial_level"))

    @property
    def final_level(self) -> float | None:
        """Loudness after mastering in LUFS; None for what was not mastered."""
        return number(self.raw.get("final_level"))

    @property
    def before(self) -> "Measurement | None":
        """The original, measured here: `loudness`, `range`, `true_peak`; None when it is not here."""
        return models.measured(self.source)

    @property
    def after(self) -> "Measurement | None":
        """The first file, measured here likewise; None as long as it is not saved, or is no sound."""
        return models.measured(self.path)

    @property
    def pauses(self) -> tuple[float, float] | None:
        """Level before and after in dB where the original is quietest; in speech that is the noise."""
        return models.pauses(self.before, self.after)

    def save(self, path: str | Path | None = None) -> Path:
        """Bring the first file to this computer, once, and return its path; see `Output.save`."""
        return self._first().save(path)

    def samples(self) -> "tuple[NDArray[np.float32], int]":
        """Bring the first file to this computer and give `(samples, rate)`; see `Output.samples`."""
        return self._first().samples()

    def as_input(self) -> Input:
        """Give the first file as the source of another job; nothing is sent again."""
        return self._first().as_input()

    def to_frame(self) -> "pandas.DataFrame":
        """Give the result as a table with one row: the answer, and the numbers of the card.

        These are `loudness`, `range`, `true_peak` and `pauses`, each `_before` and `_after`, for what is
        on this computer.

        Raises:
            MissingPackage: pandas is not installed.
        """
        numbers = models.columns(self.source, self.path)
        return self._frame([{"source": self._subject(), **self.summary, **numbers}])

    def _first(self) -> Output:
        if not self.outputs:
            raise TransferError(
                f"It is not known where job {self.job_id} wrote its result.",
                "The service does not tell it, and the job was started elsewhere.",
                'Name it: dolby.media.job("...", output="dlb://...").',
            )
        return self.outputs[0]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from dolbyio_nb.display.cards import result_line

        is_alone = len(printer.stack) == 1  # in a list it is a line among others
        printer.text(result_line(self, has_card=is_alone and shows_html()))

    def _lines(self) -> Iterator[str]:
        places = [near(one.path) if one.path else shown(one.location) for one in self.outputs]
        return iter([f"written to {', '.join(places)}"] if self.source and places else [])


def _flat(raw: object, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _flat(value, scrub(f"{name}.{key}" if name else str(key)))
    elif not isinstance(raw, list):
        yield name, scrub_all(raw)
