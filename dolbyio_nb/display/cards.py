"""Result cards: what a notebook shows of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dolbyio_nb.display import cards
from dolbyio_nb.display import cards as made
from dolbyio_nb.display.axis import clock, figure, level_ticks, row, share, time_scale, time_ticks, value
from dolbyio_nb.display.card_parts import (
    Fact,
    _columns,
    _kinds,
    _seconds,
    _sections,
    _spans,
    about,
    chip,
    heading,
    known,
    remarks,
    score,
    values,
)
from dolbyio_nb.display.html import Html, tag
from dolbyio_nb.display.player import MOVING, PICTURES, PLAYABLE, beside, listening, side_by_side
from dolbyio_nb.display.svg import COLOURS, band, image, rules
from dolbyio_nb.display.timeline import lanes
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SoundResult, SpeechAnalysis
from dolbyio_nb.media.locations import is_temporary
from dolbyio_nb.media.models import Loudness
from dolbyio_nb.media.results import MediaResult, Result


def diagnosis(result: Diagnosis) -> Html:
    """Scores, loudness and faults of a recording, with its worst stretch to hear."""
    worst = result.worst_segment
    span = (worst.start, worst.end) if worst and worst.start is not None and worst.end is not None else None
    where = f"worst: {clock(span[0])} to {clock(span[1])}" if span else ""
    if span and worst and worst.score is not None:
        where += f", {value(worst.score)}"
    scores = (
        score("Quality", result.quality, f"10 is best{f'; {where}' if where else ''}", COLOURS[1]),
        score("Noise", result.noise, "as the service counts it", COLOURS[0]),
    )
    return tag(
        "section",
        heading(f"Diagnosis of {_name(result)}", about(result.media_info)),
        tag("div", *scores, class_="scores"),
        values([*_loudness(result.loudness), *_faults(result), *_shares(result)]),
        listening(result.source, span, "the worst stretch" if span else ""),
        remarks(result.notes),
    )


def analysis(result: Analysis) -> Html:
    """Loudness second by second, faults, and where there is speech, music and silence."""
    noise = result.noise
    facts: list[Fact] = [*_loudness(result.loudness), *_faults(result)]
    facts += [
        ("Noise level", known(noise.level_average, "dB"), ""),
        ("Signal above noise", known(noise.snr_average, "dB"), ""),
    ]
    facts += [("Bandwidth", known(result.bandwidth, "Hz", 0), ""), *_shares(result)]
    return tag(
        "section",
        heading(f"Analysis of {_name(result)}", about(result.media_info), _verdict(result)),
        _validation(result),
        values(facts),
        _series(result),
        _kinds(result),
        listening(result.source),
        remarks(result.notes),
    )


def speech(result: SpeechAnalysis) -> Html:
    """Who speaks when, how loud and how well."""
    talkers = sorted(result.talkers, key=lambda one: -sum(s.duration or 0 for s in one.sections))
    stretches = {f"Talker {_id(one.talker_id)}": _spans(one.sections) for one in talkers}
    facts: list[Fact] = [
        ("Talkers", known(result.num_talkers, digits=0), ""),
        ("Speech", known(result.speech.percentage, "%", 0), "of the time"),
    ]
    for one in talkers[:4]:
        loud = value(one.loudness.measured, "LKFS")
        small = f"quality {value(one.quality_score)}; longest {value(one.longest_monologue, 's')}"
        facts.append((f"Talker {_id(one.talker_id)}", loud, small))
    return tag(
        "section",
        heading(f"Speech in {_name(result)}", about(result.media_info)),
        values(facts),
        lanes("Who speaks when", stretches, _seconds(result))
        if stretches
        else tag("p", "No speech was found."),
        listening(result.source),
        remarks(result.notes),
    )


def music(result: MusicAnalysis) -> Html:
    """Where there is music, how fast and in which key."""
    found = result.sections
    picture = lanes("Music", {"Music": _spans(found)}, _seconds(result)) if found else None
    return tag(
        "section",
        heading(f"Music in {_name(result)}", about(result.media_info)),
        picture or tag("p", "No music was found."),
        _sections(found) if found else None,
        listening(result.source),
        remarks(result.notes),
    )


def _name(result: SoundResult) -> str:
    return result.source.name if result.source else f"job {result.job_id[:8]}"


def _id(number: int | None) -> str:
    return "?" if number is None else str(number)


def _loudness(found: Loudness) -> list[Fact]:
    gate = {"speech": "in speech", "level": "as a whole"}.get(found.gating_mode or "", "")
    hot = found.true_peak is not None and found.true_peak > -1
    return [
        ("Loudness", known(found.measured, "LKFS"), gate),
        ("Loudness range", known(found.range, "LU"), ""),
        ("True peak", known(found.true_peak, "dBTP"), "above −1, the limit of EBU R 128" if hot else ""),
    ]


def _faults(result: SoundResult) -> Iterator[Fact]:
    if result.clipping.count is not None:
        yield "Clipping", "none" if not result.clipping.count else f"{result.clipping.count} times", ""
    if isinstance(result, Diagnosis) and (result.plosives is not None or result.sibilances is not None):
        yield "Plosives · sibilance", f"{_id(result.plosives)} · {_id(result.sibilances)}", "times"


def _shares(result: SoundResult) -> Iterator[Fact]:
    for name, found in (("Speech", result.speech), ("Music", result.music), ("Silence", result.silence)):
        if found.percentage is not None:
            yield name, share(found.percentage), "of the time"


def _verdict(result: Analysis) -> Html | None:
    if result.validation.passed is None:
        return None
    return (
        chip("within the limits", COLOURS[2])
        if result.validation.passed
        else chip("outside the limits", COLOURS[4])
    )


def _validation(result: Analysis) -> Html | None:
    return tag("p", result.validation.detail) if result.validation.detail else None


def _series(result: Analysis) -> Html | None:
    found = [row for row in result.loudness.time_series if len(row) > 1]
    points = [(at, level) for at, level, *_ in found if at is not None and level is not None]
    heard = [level for _, level in points if level > -70]
    if len(points) < 2 or not heard:
        return None
    start, seconds = points[0][0], max(_seconds(result), points[-1][0])
    top = 5.0 * (int(max(heard) // 5) + 1)
    bottom = max(top - 50, 5.0 * int(min(heard) // 5))
    ticks = level_ticks(bottom, top)
    lows, highs = _columns([min(1.0, max(0.0, (top - level) / (top - bottom))) for _, level in points])
    step = 800 * (points[-1][0] - start) / seconds / max(1, len(lows) - 1)
    curve = band(lows, highs, COLOURS[1], 800 * start / seconds, step, edge=1.75)
    alt = f"Loudness of each second: from {value(min(heard), 'LKFS')} to {value(max(heard), 'LKFS')}"
    picture = image([rules([y for y, _ in ticks], 800), curve], 800, alt, 130)
    return figure(
        "Loudness over time",
        row("LKFS", picture, ticks),
        time_scale(time_ticks(seconds)),
        note="of each second, ungated",
    )


HEARD = PLAYABLE | MOVING | {".aiff", ".aif", ".mka", ".mkv", ".3gp"}


def card(result: MediaResult) -> Html:
    """Original and results in one player with a switch. Results in temporary storage are fetched."""
    try:
        made = list(_fetched(result))
        body = _body(result, made)
    except DolbyError as error:
        made, body = [], tag("p", str(error), class_="problem")
    saved = f"saved as {', '.join(_short(path) for path in made)}" if made else ""
    subject = result.source.name if result.source else f"job {result.job_id[:8]}"
    title = f"{result.operation.replace('-', ' ').capitalize()}: {subject}"
    return tag("section", heading(title, saved), body, remarks(result.notes))


def line(result: MediaResult) -> str:
    """Say in a line of text what changed, when it is at hand."""
    paths = [path for path in (result.source, result.path) if path and path.suffix.lower() in HEARD]
    if len(paths) < 2:
        return repr(result)
    try:
        return f"{result!r}\n{side_by_side(paths, _labels(paths, result)).text}"
    except DolbyError:
        return repr(result)


def _fetched(result: MediaResult) -> Iterator[Path]:
    for output in result.outputs:
        if output.path or is_temporary(output.location):
            yield output.path or output.save()


def _body(result: MediaResult, made: list[Path]) -> Html:
    source = [result.source] if result.source and result.source.is_file() else []
    heard = [path for path in (*source, *made) if path.suffix.lower() in HEARD]
    seen = [_still(path) for path in made if path.suffix.lower() in PICTURES]
    if not made:
        return tag("p", repr(result))
    sounds = side_by_side(heard, _labels(heard, result)).html if set(heard) & set(made) else None
    return tag("section", sounds, *seen)


def _labels(paths: list[Path], result: MediaResult) -> list[str]:
    original = 1 if result.source in paths else 0
    made = len(paths) - original
    return ["Before"][:original] + (["After"] if made == 1 else [f"After {n + 1}" for n in range(made)])


def _still(path: Path) -> Html:
    url = beside(path)
    return (
        tag("img", src=url, alt=f"Picture from the video: {path.name}", width=320)
        if url
        else tag("p", str(path))
    )


def _short(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


CARDS: Mapping[type[Result], Callable[[Any], Html]] = {
    MediaResult: made.card,
    Diagnosis: cards.diagnosis,
    Analysis: cards.analysis,
    SpeechAnalysis: cards.speech,
    MusicAnalysis: cards.music,
}
