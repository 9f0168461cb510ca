"""Sound as such: decoded, measured, filtered, encoded; knows neither the service nor the notebook."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolbyio_nb.audio.decode import read_samples
    from dolbyio_nb.audio.encode import write_samples

__all__ = ["read_samples", "write_samples"]

_HOMES = {"read_samples": "decode", "write_samples": "encode"}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: not every part of this room needs the packages that decode."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
