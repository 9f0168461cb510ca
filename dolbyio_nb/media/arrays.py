"""Arrays as sources: `(samples, rate)` and `IPython.display.Audio` written as WAV in memory."""

from __future__ import annotations

import struct
import sys
from numbers import Real
from typing import TYPE_CHECKING, Any

from dolbyio_nb.errors import InvalidOption, MissingPackage

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST_RATE = 384_000
MOST_CHANNELS = 64
SCALED = {"uint8": 8, "int16": 16, "int32": 32}
"""Whole numbers that are samples by the custom of WAV, with their bits."""
HOW = "Give (samples, rate): samples of shape (n,), (n, channels) or (channels, n), the rate in Hz."


def wav_of(source: tuple[Any, ...]) -> bytes:
    """Write `(samples, rate)` as a WAV file: floats as 32-bit floats, whole numbers as they are."""
    if len(source) != 2:
        raise InvalidOption(
            f"A tuple of {len(source)} is no sound.", "Two values are: nothing was sent.", HOW
        )
    numpy, (samples, rate) = _numpy(), source
    _check_rate(samples, rate)
    frames = _frames(_numbers(numpy, samples))
    if frames.dtype.kind == "f":
        _check_floats(numpy, frames)
    return _header(frames, round(rate)) + frames.tobytes()


def audio_of(source: object) -> str | bytes | None:
    """Give what an `IPython.display.Audio` plays: an address, a path, or bytes; None for anything else."""
    shown = sys.modules.get("IPython.lib.display")
    if shown is None or not isinstance(source, shown.Audio):
        return None
    found = source.url or source.data or source.filename
    if not isinstance(found, (str, bytes)) or not found:
        raise InvalidOption("This Audio holds no sound.", "It has neither data nor an address.", HOW)
    return found


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise MissingPackage(
            "Samples need NumPy, which is not installed.",
            "Files, bytes and addresses work without it.",
            "Install it with: pip install numpy",
        ) from None
    return numpy


def _check_rate(samples: Any, rate: Any) -> None:
    if hasattr(rate, "__len__") and isinstance(samples, Real):
        raise InvalidOption("The rate comes second.", "This is (rate, samples); nothing was sent.", HOW)
    if (
        isinstance(rate, bool)
        or not isinstance(rate, Real)
        or not 1 <= float(rate) <= HIGHEST_RATE
        or float(rate) % 1
    ):
        shown = repr(rate) if isinstance(rate, (Real, str)) else type(rate).__name__
        raise InvalidOption(
            f"The rate cannot be {shown[:40]}.",
            f"It is a whole number of Hz from 1 to {HIGHEST_RATE}; nothing was sent.",
            HOW,
        )


def _numbers(numpy: Any, samples: Any) -> Any:
    try:
        array = numpy.asarray(samples)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidOption("These samples are no array.", f"{error}."[:120].splitlines()[0], HOW) from None
    if array.dtype.kind == "f":
        return array.astype("<f4")
    if array.dtype.name in SCALED:
        return array.astype(array.dtype.newbyteorder("<"))
    raise InvalidOption(
        f"Samples cannot be of the type {array.dtype.name}.",
        "They are floats from -1 to 1, int16, int32 or uint8; nothing was sent.",
        "Convert them first: samples.astype('float32') / full_scale.",
    )


def _frames(array: Any) -> NDArray[Any]:
    """Put samples into the shape (frames, channels): the shorter side is that of the channels."""
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim == 2 and array.shape[0] < array.shape[1]:
        array = array.T
    if array.ndim != 2 or not array.size or array.shape[1] > MOST_CHANNELS:
        why = "There is nothing in it to send." if not array.size else "That is no sound's; nothing was sent."
        raise InvalidOption(f"The samples have the shape {array.shape}.", why, HOW)
    frames: NDArray[Any] = array
    return frames


def _check_floats(numpy: Any, frames: NDArray[Any]) -> None:
    peak = float(numpy.abs(frames).max())
    if peak != peak or peak == float("inf"):
        raise InvalidOption(
            "The samples hold NaN or infinity.",
            "That is no sound; nothing was sent.",
            "Put numbers in their place: numpy.nan_to_num(samples).",
        )
    if peak > 1:
        raise InvalidOption(
            f"The samples reach {peak:g}.",
            "Full scale is 1, and what is beyond would be cut off; nothing was sent.",
            "Scale them first: samples / abs(samples).max(), or give int16 as int16.",
        )


def _header(frames: NDArray[Any], rate: int) -> bytes:
    """Write the header of a WAV file; as floats when the samples are."""
    channels, bits = frames.shape[1], frames.dtype.itemsize * 8
    code, block = 3 if frames.dtype.kind == "f" else 1, frames.shape[1] * frames.dtype.itemsize
    if frames.nbytes > 0xFFFFFFFF - 36:
        raise InvalidOption(
            "The samples are too many for a WAV file.", "It holds up to 4 GB.", "Write them to a FLAC file."
        )
    form = struct.pack("<HHIIHH", code, channels, rate, rate * block, block, bits)
    sizes = b"RIFF", struct.pack("<I", 36 + frames.nbytes), b"WAVEfmt ", struct.pack("<I", 16)
    return b"".join((*sizes, form, b"data", struct.pack("<I", frames.nbytes)))
