"""Hear and see sound in a notebook: players, waveforms, loudness, spectrograms, time lines.

from dolbyio_nb import display
display.compare("before.wav", "after.wav")
"""

from dolbyio_nb.display.api import (
    compare,
    loudness,
    measure,
    player,
    spectrogram,
    timeline,
    waveform,
)

__all__ = ["compare", "loudness", "measure", "player", "spectrogram", "timeline", "waveform"]
