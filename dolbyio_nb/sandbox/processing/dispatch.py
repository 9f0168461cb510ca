"""From the path of a request to the work it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .diagnose import diagnose
from .enhance import enhance
from .progress import Tell
from .refusal import Refused, invalid

Job = Callable[[Any, Sequence[Path], Sequence[Path], Tell], dict[str, Any]]

JOBS: dict[str, Job] = {
    "/media/enhance": lambda body, sources, outputs, tell: enhance(body, sources[0], outputs[0], tell),
    "/media/diagnose": lambda body, sources, outputs, tell: diagnose(sources[0], tell),
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
    result = JOBS[path](body, sources, destinations, progress)
    progress(1.0)
    return result
