"""What diagnose and analyze found out about a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dolbyio_nb.media.api import dig, integer, items, number
from dolbyio_nb.media.models import (
    Clipping,
    Loudness,
    MediaInfo,
    Noise,
    Score,
    Section,
    Segment,
    Share,
    Talker,
    Validation,
    in_words,
)
from dolbyio_nb.media.results import Result

if TYPE_CHECKING:
    import pandas


class SoundResult(Result):
    """What was measured in a file's sound, and what the file is made of."""

    @property
    def audio(self) -> dict[str, Any]:
        """The part of the answer that is about the sound, wherever it stands."""
        found = dig(self.raw, "processed_region", "audio") or dig(self.raw, "audio")
        return found if isinstance(found, dict) else {}

    @property
    def media_info(self) -> MediaInfo:
        """Container, sound and picture of the file."""
        return MediaInfo.read(dig(self.raw, "media_info"))

    @property
    def loudness(self) -> Loudness:
        """Loudness and peaks."""
        return Loudness.read(self.audio.get("loudness"))

    @property
    def clipping(self) -> Clipping:
        """Where the sound is cut off at the top."""
        return Clipping.read(self.audio.get("clipping"))

    @property
    def music(self) -> Share:
        """How much of it is music."""
        return Share.read(self.audio.get("music"))

    @property
    def speech(self) -> Share:
        """How much of it is speech."""
        return Share.read(self.audio.get("speech"))

    @property
    def silence(self) -> Share:
        """How much of it is silence."""
        return Share.read(self.audio.get("silence"))

    @property
    def region(self) -> Segment:
        """What part of the file was looked at, from `start` to `end` in seconds."""
        return Segment.read(dig(self.raw, "processed_region"))

    def _lines(self) -> Iterator[str]:
        if self.loudness.measured is not None:
            yield f"{self.loudness.measured:.1f} LUFS"
        for name in ("speech", "music", "silence"):
            share = Share.read(self.audio.get(name))
            if share.percentage:
                yield f"{share.percentage:.0f} % {name}"


class Diagnosis(SoundResult):
    """How good a recording is: scores of 0 to 10, loudness, noise, clipping, plosives and sibilance."""

    @property
    def quality(self) -> Score:
        """The quality score; high is good."""
        return Score.read(self.audio.get("quality_score"))

    @property
    def noise(self) -> Score:
        """The noise score."""
        return Score.read(self.audio.get("noise_score"))

    @property
    def worst_segment(self) -> Segment | None:
        """The worst stretch; the service has it under the quality or the noise score."""
        return self.quality.worst_segment or self.noise.worst_segment

    @property
    def plosives(self) -> int | None:
        """How many plosives (pops of p and b) were heard."""
        return integer(dig(self.audio, "speech", "events", "plosive"))

    @property
    def sibilances(self) -> int | None:
        """How many sharp s sounds were heard."""
        return integer(dig(self.audio, "speech", "events", "sibilance"))

    def _lines(self) -> Iterator[str]:
        if self.quality.average is not None:
            yield f"quality {self.quality.average:.1f} of 10"
        yield from super()._lines()


class Analysis(SoundResult):
    """Loudness second by second, noise, clipping, and where there is music, speech or silence."""

    @property
    def noise(self) -> Noise:
        """Level of the noise, and of the signal above it."""
        return Noise.read(self.audio.get("noise"))

    @property
    def bandwidth(self) -> float | None:
        """The highest frequency with sound in it, in Hz."""
        return number(self.audio.get("bandwidth"))

    @property
    def validation(self) -> Validation:
        """Whether the loudness is within the limits that were asked for."""
        return Validation.read(dig(self.audio, "validation", "loudness"))

    def to_frame(self) -> "pandas.DataFrame":
        """Give the loudness as a table, one row a second: `time`, `loudness`, `sample_peak`, `true_peak`.

        Raises:
            MissingPackage: pandas is not installed.
        """
        columns = ["time", "loudness", "sample_peak", "true_peak"]
        table = [(*row, *(None,) * len(columns))[: len(columns)] for row in self.loudness.time_series]
        return self._frame(table, columns)


class SpeechAnalysis(SoundResult):
    """Who speaks when."""

    @property
    def talkers(self) -> tuple[Talker, ...]:
        """Everybody who speaks, with when, how loud and how well."""
        return Talker.read_all(self._speech.get("details"))

    @property
    def num_talkers(self) -> int | None:
        """How many people speak."""
        return integer(self._speech.get("num_talkers"))

    @property
    def sections(self) -> tuple[Section, ...]:
        """Every stretch of speech, in the order of time."""
        every = (section for talker in self.talkers for section in talker.sections)
        return tuple(sorted(every, key=lambda section: section.start or 0.0))

    @property
    def speech(self) -> Share:
        """How much of it is speech."""
        return Share.read(self._speech)

    def to_frame(self) -> "pandas.DataFrame":
        """Give a table with one row for each stretch of speech, with the `talker_id`.

        Raises:
            MissingPackage: pandas is not installed.
        """
        columns = ["talker_id", "section_id", "start", "duration", "confidence", "loudness", "quality_score"]
        table = [
            (talker.talker_id, *(getattr(section, name) for name in columns[1:]))
            for talker in self.talkers
            for section in talker.sections
        ]
        return self._frame(table, columns)

    @property
    def _speech(self) -> dict[str, Any]:
        found = self.audio.get("speech") or dig(self.raw, "processed_region", "speech")
        return found if isinstance(found, dict) else {}

    def _lines(self) -> Iterator[str]:
        if self.num_talkers is not None:
            yield f"{self.num_talkers} talker{'' if self.num_talkers == 1 else 's'}"
        yield from super()._lines()


class MusicAnalysis(SoundResult):
    """Where there is music, and which."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """Every stretch of music."""
        return Section.read_all(items(dig(self.audio, "music", "sections")))

    def to_frame(self) -> "pandas.DataFrame":
        """Give a table with one row for each stretch of music; what it may be is written in words.

        Raises:
            MissingPackage: pandas is not installed.
        """
        measured = ["section_id", "start", "duration", "loudness", "bpm"]
        supposed = ["key", "genre", "era", "instrument"]
        table = [
            [*(getattr(one, name) for name in measured), *(in_words(getattr(one, name)) for name in supposed)]
            for one in self.sections
        ]
        return self._frame(table, measured + supposed)
