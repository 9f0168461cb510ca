"""Operations by path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dolbyio_nb.audio.sound import Tell
from dolbyio_nb.sandbox.http_error import Refused, invalid
from dolbyio_nb.sandbox.operations.analyze import analyze
from dolbyio_nb.sandbox.operations.diagnose import diagnose
from dolbyio_nb.sandbox.operations.enhance import enhance
from dolbyio_nb.sandbox.operations.master import master
from dolbyio_nb.sandbox.operations.music import analyze_music
from dolbyio_nb.sandbox.operations.speech import analyze_speech
from dolbyio_nb.sandbox.operations.transcode import transcode

Job = Callable[[Any, Sequence[Path], Sequence[Path], Tell], dict[str, Any]]
FileJob = Callable[[Any, Path, Path, Tell], dict[str, Any]]


def _one_to_one(job: FileJob) -> Job:
    def run(body: Any, sources: Sequence[Path], outputs: Sequence[Path], tell: Tell) -> dict[str, Any]:
        if not outputs:
            raise invalid("output", "is required.")
        return job(body, sources[0], outputs[0], tell)

    return run


def _answered(body: Any, sources: Sequence[Path], outputs: Sequence[Path], tell: Tell) -> dict[str, Any]:
    return diagnose(body, sources[0], tell)


JOBS: dict[str, Job] = {
    "/media/analyze": _one_to_one(analyze),
    "/media/analyze/music": _one_to_one(analyze_music),
    "/media/analyze/speech": _one_to_one(analyze_speech),
    "/media/diagnose": _answered,
    "/media/enhance": _one_to_one(enhance),
    "/media/master": partial(master, preview=False),
    "/media/master/preview": partial(master, preview=True),
    "/media/transcode": transcode,
}


def process(
    path: str, body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Tell
) -> dict[str, Any]:
    """Do the job that a POST to `path` with `body` asks for, and return its `result`.

    `sources` are local files, `destinations` files to write; their endings name the format (the analyze
    jobs write JSON). `progress` gets fractions from 0 to 1 and may raise to cancel: what was half written is
    removed. Raises `Refused`, in words, for everything that cannot or will not be done.
    """
    if path not in JOBS:
        raise Refused(
            "/problems/not-found", "There is no such operation", f"{path} is not one of the Media API."
        )
    if not sources:
        raise invalid("input", "is required.")
    progress(0.0)
    try:
        result = JOBS[path](body, sources, destinations, progress)
        progress(1.0)
        return result
    except BaseException:
        for destination in destinations:
            destination.unlink(missing_ok=True)
        raise
