"""Result cards: what a notebook shows of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dolbyio_nb._util.paths import near
from dolbyio_nb.display.card_parts import (
    Value,
    about,
    chip,
    extremes,
    kinds_of_sound,
    known,
    lanes,
    score,
    seconds_of_result,
    sections_table,
    spans_of,
    values,
)
from dolbyio_nb.display.markup import (
    COLOURS,
    Html,
    Picture,
    band,
    clock,
    figure,
    heading,
    image,
    level_ticks,
    remarks,
    row,
    rules,
    share,
    tag,
    time_scale,
    time_ticks,
    value,
)
from dolbyio_nb.display.player import MOVING, PLAYABLE, before_after, embedding, file_player
from dolbyio_nb.errors import DolbyError
from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SoundResult, SpeechAnalysis
from dolbyio_nb.media.locations import is_temporary
from dolbyio_nb.media.models import Loudness
from dolbyio_nb.media.results import MediaResult, Result

PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
HEARD = PLAYABLE | MOVING | {".aiff", ".aif", ".mka", ".mkv", ".3gp"}


def show(result: Result, embed: bool | None = None) -> Picture:
    """Show a result as its card, and in words as its repr; `embed` puts the sound into the page."""
    card = next((CARDS[kind] for kind in type(result).__mro__ if kind in CARDS), _plain_card)
    with embedding(embed):
        return Picture(repr(result), card(result))


def result_card(result: MediaResult) -> Html:
    """Original and results in one player with a switch. Results in temporary storage are fetched."""
    try:
        saved = list(_fetched(result))
        body = _body(result, saved)
    except DolbyError as error:
        saved, body = [], tag("p", str(error), class_="problem")
    places = f"saved as {', '.join(near(path) for path in saved)}" if saved else ""
    subject = result.source.name if result.source else f"job {result.job_id[:8]}"
    title = f"{result.operation.replace('-', ' ').capitalize()}: {subject}"
    return tag("section", heading(title, places), body, remarks(result.notes))


def result_line(result: MediaResult, *, has_card: bool = False) -> str:
    """Say in a line of text what changed, when it is at hand; what has a card as well is fetched for it."""
    try:
        if has_card:
            list(_fetched(result))
        paths = [path for path in (result.source, result.path) if path and path.suffix.lower() in HEARD]
        if len(paths) < 2:
            return repr(result)
        return f"{result!r}\n{before_after(paths, _labels(paths, result)).text}"
    except DolbyError:
        return repr(result)


def _fetched(result: MediaResult) -> Iterator[Path]:
    for output in result.outputs:
        if output.path or is_temporary(output.location):
            yield output.path or output.save()


def _body(result: MediaResult, saved: list[Path]) -> Html:
    source = [result.source] if result.source and result.source.is_file() else []
    heard = [path for path in (*source, *saved) if path.suffix.lower() in HEARD]
    seen = [_still(path) for path in saved if path.suffix.lower() in PICTURES]
    if not saved:
        return tag("p", repr(result))
    sounds = before_after(heard, _labels(heard, result)).html if set(heard) & set(saved) else None
    return tag("section", sounds, *seen)


def _labels(paths: list[Path], result: MediaResult) -> list[str]:
    labels = {output.path: output.label for output in result.outputs}
    return ["Before" if path == result.source else labels.get(path) or "After" for path in paths]


def _still(path: Path) -> Html:
    from dolbyio_nb.display.preview import picture_url

    url = picture_url(path)
    alt = f"Picture from the video: {path.name}"
    return tag("img", src=url, alt=alt, width=320) if url else tag("p", f"The picture is in {near(path)}.")


def diagnosis_card(result: Diagnosis) -> Html:
    """Scores, loudness and faults of a recording, with its worst stretch to hear."""
    span, where = _worst(result)
    scores = (
        score("Quality", result.quality, f"10 is best{f'; {where}' if where else ''}", COLOURS[1]),
        score("Noise", result.noise, "as the service counts it", COLOURS[4]),
    )
    return tag(
        "section",
        heading(f"Diagnosis of {_name(result)}", about(result.media_info)),
        tag("div", *scores, class_="scores"),
        values([*_loudness(result.loudness), *_faults(result), *_shares(result)]),
        file_player(result.source, span, "the worst stretch" if span else ""),
        remarks(result.notes),
    )


def _worst(result: Diagnosis) -> tuple[tuple[float, float] | None, str]:
    """Name the worst stretch; where all is as good as on the average, none is."""
    worst, average = result.worst_segment, result.quality.average
    if worst is None or worst.start is None or worst.end is None:
        return None, ""
    where = f"worst: {clock(worst.start)} to {clock(worst.end)}"
    if worst.score is None or average is None:
        return (worst.start, worst.end), where
    if round(worst.score, 1) >= round(average, 1):
        return None, ""
    return (worst.start, worst.end), f"{where}, {value(worst.score)}"


def analysis_card(result: Analysis) -> Html:
    """Loudness second by second, faults, and where there is speech, music and silence."""
    noise = result.noise
    listed: list[Value] = [*_loudness(result.loudness), *_faults(result)]
    listed += [
        ("Noise level", known(noise.level_average, "dB"), ""),
        ("Signal above noise", known(noise.snr_average, "dB"), ""),
    ]
    listed += [("Bandwidth", known(result.bandwidth, "Hz", 0), ""), *_shares(result)]
    return tag(
        "section",
        heading(f"Analysis of {_name(result)}", about(result.media_info), _verdict(result)),
        _validation(result),
        values(listed),
        _series(result),
        kinds_of_sound(result),
        file_player(result.source),
        remarks(result.notes),
    )


def speech_card(result: SpeechAnalysis) -> Html:
    """Who speaks when, how loud and how well."""
    talkers = sorted(result.talkers, key=lambda one: -sum(s.duration or 0 for s in one.sections))
    stretches = {f"Talker {_id(one.talker_id)}": spans_of(one.sections) for one in talkers}
    listed: list[Value] = [
        ("Talkers", known(result.num_talkers, digits=0), ""),
        ("Speech", known(result.speech.percentage, "%", 0), "of the time"),
    ]
    for one in talkers[:4]:
        loud = value(one.loudness.measured, "LUFS")
        small = f"quality {value(one.quality_score)}; longest {value(one.longest_monologue, 's')}"
        listed.append((f"Talker {_id(one.talker_id)}", loud, small))
    return tag(
        "section",
        heading(f"Speech in {_name(result)}", about(result.media_info)),
        values(listed),
        lanes("Who speaks when", stretches, seconds_of_result(result))
        if stretches
        else tag("p", "No speech was found."),
        file_player(result.source),
        remarks(result.notes),
    )


def music_card(result: MusicAnalysis) -> Html:
    """Where there is music, how fast and in which key."""
    found = result.sections
    picture = lanes("Music", {"Music": spans_of(found)}, seconds_of_result(result)) if found else None
    return tag(
        "section",
        heading(f"Music in {_name(result)}", about(result.media_info)),
        picture or tag("p", "No music was found."),
        sections_table(found) if found else None,
        file_player(result.source),
        remarks(result.notes),
    )


def _plain_card(result: Result) -> Html:
    return tag("section", heading(result.operation.capitalize()), tag("p", repr(result)))


def _name(result: SoundResult) -> str:
    return result.source.name if result.source else f"job {result.job_id[:8]}"


def _id(number: int | None) -> str:
    return "?" if number is None else str(number)


def _loudness(found: Loudness) -> list[Value]:
    gate = {"speech": "in speech", "level": "as a whole"}.get(found.gating_mode or "", "")
    hot = found.true_peak is not None and found.true_peak > -1
    return [
        ("Loudness", known(found.measured, "LUFS"), gate),
        ("Loudness range", known(found.range, "LU"), ""),
        ("True peak", known(found.true_peak, "dBTP"), "above −1, the limit of EBU R 128" if hot else ""),
    ]


def _faults(result: SoundResult) -> Iterator[Value]:
    if result.clipping.count is not None:
        yield "Clipping", "none" if not result.clipping.count else f"{result.clipping.count} times", ""
    if isinstance(result, Diagnosis) and (result.plosives is not None or result.sibilances is not None):
        yield "Plosives · sibilance", f"{_id(result.plosives)} · {_id(result.sibilances)}", "times"


def _shares(result: SoundResult) -> Iterator[Value]:
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
    start, seconds = points[0][0], max(seconds_of_result(result), points[-1][0])
    top = 5.0 * (int(max(heard) // 5) + 1)
    bottom = max(top - 50, 5.0 * int(min(heard) // 5))
    ticks = level_ticks(bottom, top)
    lows, highs = extremes([min(1.0, max(0.0, (top - level) / (top - bottom))) for _, level in points])
    step = 800 * (points[-1][0] - start) / seconds / max(1, len(lows) - 1)
    curve = band(lows, highs, COLOURS[0], 800 * start / seconds, step, edge=1.75)
    alt = f"Loudness of each second: from {value(min(heard), 'LUFS')} to {value(max(heard), 'LUFS')}"
    picture = image([rules([y for y, _ in ticks], 800), curve], 800, alt, 130)
    return figure(
        "Loudness over time",
        row("LUFS", picture, ticks),
        time_scale(time_ticks(seconds)),
        note="of each second, ungated",
    )


CARDS: Mapping[type[Result], Callable[[Any], Html]] = {
    MediaResult: result_card,
    Diagnosis: diagnosis_card,
    Analysis: analysis_card,
    SpeechAnalysis: speech_card,
    MusicAnalysis: music_card,
}
