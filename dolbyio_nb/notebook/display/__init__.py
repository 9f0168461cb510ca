"""Hear and see sound in a notebook: players, waveforms, loudness, spectrograms, time lines.

from dolbyio_nb.notebook import display
display.compare("before.wav", "after.wav")
"""

from dolbyio_nb.notebook.display.views import (
    compare,
    loudness,
    measure,
    player,
    spectrogram,
    timeline,
    waveform,
)

__all__ = ["compare", "loudness", "measure", "player", "spectrogram", "timeline", "waveform"]
