"""Models of measured values in results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolbyio_nb.errors import MissingPackage, SoundError
from dolbyio_nb.http.redact import scrub_all
from dolbyio_nb.media.api import Model, flag, items, number, text

if TYPE_CHECKING:
    from dolbyio_nb.audio.measure import Measurement


@dataclass(frozen=True)
class Loudness(Model):
    """Loudness: `measured` in LUFS (LKFS in Dolby's documents is the same), `range` in LU, peaks in dB.

    `gating_mode` is `speech` or `level`; `time_series` has one row a second: time in seconds, ungated
    loudness, sample peak, true peak.
    """

    measured: float | None = None
    range: float | None = None
    gating_mode: str | None = None
    sample_peak: float | None = None
    true_peak: float | None = None
    time_series: tuple[tuple[float | None, ...], ...] = ()

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        series = tuple(
            tuple(map(number, row)) for row in items(raw.get("time_series")) if isinstance(row, list)
        )
        return {**super()._known(raw), "time_series": series}


@dataclass(frozen=True)
class Band(Model):
    """How much of a file has a score between two bounds: `duration` in seconds, `percentage` 0 to 100."""

    lower_bound: float | None = None
    upper_bound: float | None = None
    duration: float | None = None
    percentage: float | None = None


@dataclass(frozen=True)
class Segment(Model):
    """A stretch of a file, from `start` to `end` in seconds, with its score."""

    start: float | None = None
    end: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class Score(Model):
    """A score of 0 to 10: its average, how it is spread, and the worst stretch."""

    average: float | None = None
    distribution: tuple[Band, ...] = ()
    worst_segment: Segment | None = None

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super()._known(raw),
            "distribution": Band.read_all(raw.get("distribution")),
            "worst_segment": Segment.read_if_there(raw.get("worst_segment")),
        }


@dataclass(frozen=True)
class Noise(Model):
    """Background noise: its average level in dB, and the signal above it in dB."""

    snr_average: float | None = None
    level_average: float | None = None


@dataclass(frozen=True)
class Section(Model):
    """A stretch of a file: `start` and `duration` in seconds, and what was found in it.

    `loudness` is in LUFS, `quality_score` 0 to 10, `confidence` 0 to 1, `bpm` in beats a minute. What music
    may be (`key`, `genre`, `era`, `instrument`) is given as the service gives it.
    """

    section_id: str | None = None
    start: float | None = None
    duration: float | None = None
    loudness: float | None = None
    confidence: float | None = None
    quality_score: float | None = None
    bpm: float | None = None
    key: tuple[Any, ...] = ()
    genre: tuple[Any, ...] = ()
    era: tuple[Any, ...] = ()
    instrument: tuple[Any, ...] = ()

    @property
    def end(self) -> float | None:
        """Where the stretch ends, in seconds."""
        return None if self.start is None or self.duration is None else self.start + self.duration

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        lists = {
            name: tuple(scrub_all(items(raw.get(name)))) for name in ("key", "genre", "era", "instrument")
        }
        return {**super()._known(raw), **lists}


@dataclass(frozen=True)
class Share(Model):
    """How much of a file is of one kind (music, speech, silence): `percentage` 0 to 100, and where.

    `at_beginning` and `at_end` are seconds, and given for silence alone.
    """

    percentage: float | None = None
    num_sections: int | None = None
    at_beginning: float | None = None
    at_end: float | None = None
    sections: tuple[Section, ...] = ()

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._known(raw), "sections": Section.read_all(raw.get("sections"))}


@dataclass(frozen=True)
class Clipping(Model):
    """Where the sound is cut off at the top: diagnose counts `events`, analyze `num_sections`."""

    events: int | None = None
    num_events: int | None = None
    num_sections: int | None = None
    first_event: float | None = None
    sections: tuple[Section, ...] = ()

    @property
    def count(self) -> int | None:
        """How often it happens, by whichever name the answer has."""
        return next((n for n in (self.events, self.num_events, self.num_sections) if n is not None), None)

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._known(raw), "sections": Section.read_all(raw.get("sections"))}


@dataclass(frozen=True)
class Talker(Model):
    """One person who speaks: `longest_monologue` in seconds, `quality_score` 0 to 10."""

    talker_id: int | None = None
    talk_listen_ratio: float | None = None
    quality_score: float | None = None
    longest_monologue: float | None = None
    num_sections: int | None = None
    loudness: Loudness = Loudness()
    sections: tuple[Section, ...] = ()

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super()._known(raw),
            "loudness": Loudness.read(raw.get("loudness")),
            "sections": Section.read_all(raw.get("sections")),
        }


@dataclass(frozen=True)
class Validation(Model):
    """Whether the loudness is within the limits that were asked for, and in words why not."""

    passed: bool | None = None
    detail: str | None = None

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {"passed": flag(raw.get("pass")), "detail": text(raw.get("detail"))}


def in_words(things: Sequence[Any]) -> str:
    """Write what the service gives as texts, as pairs of name and confidence, or as objects with a name."""
    return ", ".join(filter(None, map(_thing_in_words, things)))


def _thing_in_words(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    parts = thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, list) else [thing]
    given = (part for part in parts if part is not None)
    return " ".join(f"{100 * p:.0f} %" if isinstance(p, float) and 0 <= p <= 1 else str(p) for p in given)


@dataclass(frozen=True)
class Container(Model):
    """The file: `duration` in seconds, `bitrate` in bits per second, `size` in bytes."""

    kind: str | None = None
    duration: float | None = None
    bitrate: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class AudioTrack(Model):
    """The sound in a file: `sample_rate` in Hz, `duration` in seconds, `bitrate` in bits per second."""

    codec: str | None = None
    channels: int | None = None
    channel_order: str | None = None
    sample_rate: int | None = None
    bit_depth: int | None = None
    duration: float | None = None
    bitrate: float | None = None


@dataclass(frozen=True)
class VideoTrack(Model):
    """The picture in a file: `frame_rate` per second, `bitrate` in bits per second, sizes in pixels."""

    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    duration: float | None = None
    bitrate: float | None = None


@dataclass(frozen=True)
class MediaInfo(Model):
    """What a file is made of; `video` is None for sound alone, `audio` for silent pictures."""

    container: Container = Container()
    audio: AudioTrack | None = None
    video: VideoTrack | None = None

    @classmethod
    def _known(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "container": Container.read(raw.get("container")),
            "audio": AudioTrack.read_if_there(raw.get("audio")),
            "video": VideoTrack.read_if_there(raw.get("video")),
        }


COMPARED = ("loudness", "range", "true_peak")


def measured(path: Path | None) -> "Measurement | None":
    """Measure a file, or give what was measured before; None for what is not here, or is no sound."""
    if path is None or not path.is_file():
        return None
    try:
        from dolbyio_nb.audio.measure import measure
    except ImportError:
        raise MissingPackage(
            "To measure sound needs av and numpy, which are not both installed.",
            "Loudness and pauses are measured on this computer.",
            "Install them with: pip install 'dolbyio_nb[sandbox]'",
        ) from None
    try:
        return measure(path)
    except SoundError:
        return None


def pauses(before: "Measurement | None", after: "Measurement | None") -> tuple[float, float] | None:
    """Give the level of each, in dB, where the first is quietest; None when the lengths differ."""
    if before is None or after is None:
        return None
    from dolbyio_nb.audio.measure import quietest_tenth

    found = [quietest_tenth(before, one) for one in (before, after)]
    return (found[0][0], found[1][0]) if found[0] and found[1] else None


def columns(source: Path | None, result: Path | None) -> dict[str, Any]:
    """Give the numbers of a card by names such as `loudness_before`; None for what cannot be measured."""
    try:
        pair = {"before": measured(source), "after": measured(result)}
    except MissingPackage:
        pair = {"before": None, "after": None}
    row = {f"{name}_{when}": getattr(one, name, None) for name in COMPARED for when, one in pair.items()}
    levels = pauses(pair["before"], pair["after"]) or (None, None)
    return row | {"pauses_before": levels[0], "pauses_after": levels[1]}
