"""What sound and pictures that a job made look like in a notebook, next to the original."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dolbyio_nb.errors import DolbyError
from dolbyio_nb.media.locations import is_temporary
from dolbyio_nb.media.results import MediaResult
from dolbyio_nb.notebook.display.facts import heading, remarks
from dolbyio_nb.notebook.display.listening import side_by_side
from dolbyio_nb.notebook.display.markup import Html, tag
from dolbyio_nb.notebook.display.places import MOVING, PICTURES, PLAYABLE, beside

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
