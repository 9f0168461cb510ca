"""Operations: the function of each API, by its path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dolbyio_nb.audio.sound import Progress
from dolbyio_nb.errors import SoundError, SoundTooLarge, SoundUnwritable
from dolbyio_nb.sandbox.http_error import Refused, beyond, invalid, unreadable, unwritable
from dolbyio_nb.sandbox.routes import ENDPOINTS, Endpoint


def process(
    path: str, body: Any, sources: Sequence[Path], destinations: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """Do the job that a POST to `path` with `body` asks for, and return its `result`.

    `sources` are local files, `destinations` files to write; their endings name the format (the analyze
    jobs write JSON). `progress` gets fractions from 0 to 1 and may raise to cancel: what was half written is
    removed. Raises `Refused`, in words, for everything that cannot or will not be done.
    """
    if path not in ENDPOINTS:
        raise Refused(
            "/problems/not-found", "There is no such operation", f"{path} is not one of the Media API."
        )
    if not sources:
        raise invalid("input", "is required.")
    progress(0.0)
    try:
        result = _run(ENDPOINTS[path], body, sources, destinations, progress)
        progress(1.0)
        return result
    except BaseException as error:
        for destination in destinations:
            destination.unlink(missing_ok=True)
        if isinstance(error, SoundError):
            raise refused(error) from None
        raise


def refused(error: SoundError) -> Refused:
    """The job's failure: without the file's name, which here is that of a temporary file."""
    kinds = {SoundTooLarge: beyond, SoundUnwritable: unwritable}
    return kinds.get(type(error), unreadable)(f"{error.why} {error.next_step}")


def function_of(endpoint: Endpoint) -> Callable[..., dict[str, Any]]:
    """The function that an endpoint's row names."""
    module, _, name = endpoint.function.partition(".")
    found: Callable[..., dict[str, Any]] = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def _run(
    endpoint: Endpoint, body: Any, sources: Sequence[Path], outputs: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    if endpoint.many:
        return function_of(endpoint)(body, sources, outputs, progress)
    if not endpoint.writes:
        return function_of(endpoint)(body, sources[0], progress)
    if not outputs:
        raise invalid("output", "is required.")
    return function_of(endpoint)(body, sources[0], outputs[0], progress)
