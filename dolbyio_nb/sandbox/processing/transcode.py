"""From one kind of file to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .encoding import encoding_for, reshaped
from .options import Options, has_region, region
from .outputs import inputs, kind, wanted
from .picture import check_picture, has_picture, write_still
from .progress import Tell, part
from .reading import MAX_SECONDS, read_sound
from .refusal import beyond, unwritable
from .sound import Sound
from .stitching import stitched
from .writing import write_sound

STILL = "png"


def transcode(body: Any, sources: Sequence[Path], destinations: Sequence[Path], tell: Tell) -> dict[str, Any]:
    """Write every output in its own kind; several inputs are put one after the other.

    An MP4 of one input that has video gets the same video, bit by bit. Asking for another picture size or
    video codec, or for streaming packages such as HLS, is refused.
    """
    options = Options(body)
    given = inputs(options, sources)
    outputs = list(wanted(options, destinations))
    sound: Sound | None = None
    for number, (output, path) in enumerate(outputs):
        share = part(tell, number / len(outputs), (number + 1) / len(outputs))
        if kind(output, path).lstrip(".") == STILL:
            write_still(sources[0], path, output)
            share(1.0)
            continue
        encoding = encoding_for(kind(output, path), output)
        sound = sound or _joined(given, part(share, 0, 0.4))
        picture = _picture(given, output, encoding.format.muxer)
        shaped = reshaped(sound, output, part(share, 0.4, 0.5))
        write_sound(shaped, path, encoding=encoding, picture_of=picture, tell=part(share, 0.5, 1))
    return {}


def _joined(given: list[tuple[Any, Path]], tell: Tell) -> Sound:
    sounds = []
    for number, (location, path) in enumerate(given):
        whole = read_sound(path, part(tell, number / len(given), (number + 1) / len(given)))
        sounds.append(whole.cut(*region(_where(location), whole.seconds)))
    if sum(sound.seconds for sound in sounds) > MAX_SECONDS:
        raise beyond("Together the inputs last longer than the ten minutes that the sandbox takes.")
    return stitched(sounds)


def _where(location: Any) -> Any:
    """A region may stand beside an input's source or in it: the documents leave it open."""
    return location if has_region(location) else Options(location).get("source")


def _picture(given: list[tuple[Any, Path]], output: Options, muxer: str) -> Path | None:
    if muxer != "mp4" or not any(has_picture(path) for _, path in given):
        return None
    location, path = given[0]
    if len(given) > 1:
        raise unwritable("Video of several inputs cannot be joined here; ask for a kind without it, as m4a.")
    if has_region(_where(location)):
        raise unwritable("Video cannot be cut here; ask for a kind without it, as m4a.")
    check_picture(path, output)
    return path
