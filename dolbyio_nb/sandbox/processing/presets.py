"""The fourteen mastering presets by their letters. Their names are the service's, their curves our own."""

from __future__ import annotations

from dataclasses import dataclass

from .equalizing import high_shelf, low_shelf


@dataclass(frozen=True)
class Preset:
    """Gains in dB for bass, presence, air and the difference of the channels; loudness in LUFS."""

    name: str
    bass: float = 0.0
    presence: float = 0.0
    air: float = 0.0
    width: float = 0.0
    loudness: float = -14.0

    def curve(self, strength: float) -> list[str]:
        """The gains over pitch, all multiplied by `strength`."""
        shelves = [
            low_shelf(120, self.bass * strength),
            high_shelf(2500, self.presence * strength),
            high_shelf(9000, self.air * strength),
        ]
        return ["+".join(shelves)]


PRESETS = {
    "a": Preset("pop, bright", bass=0.5, presence=1.0, air=2.0, width=1.0),
    "b": Preset("club", bass=3.0, air=1.0, width=1.0, loudness=-11.0),
    "c": Preset("hip hop, some bass", bass=1.5, air=0.5, loudness=-12.0),
    "d": Preset("hip hop, more bass", bass=3.0, air=0.5, loudness=-12.0),
    "e": Preset("hip hop, most bass", bass=4.5, air=0.5, loudness=-12.0),
    "f": Preset("light electronic", bass=1.0, presence=0.5, air=2.0, width=1.5, loudness=-12.0),
    "g": Preset("dark electronic", bass=2.5, presence=-1.0, air=-1.0, width=1.0, loudness=-12.0),
    "h": Preset("EDM", bass=2.5, presence=1.0, air=1.5, width=2.0, loudness=-10.0),
    "i": Preset("balanced", bass=0.5, air=0.5),
    "j": Preset("rock", bass=1.0, presence=1.5, width=0.5, loudness=-12.0),
    "k": Preset("pop, wide", bass=0.5, presence=0.5, air=1.0, width=2.5),
    "l": Preset("vocal", bass=-0.5, presence=1.5, air=1.0),
    "m": Preset("acoustic", presence=0.5, air=1.0, width=0.5, loudness=-16.0),
    "n": Preset("classical", air=0.5, loudness=-18.0),
}
