"""Reading, writing and spoiling sound, for the notebooks."""

import wave
from pathlib import Path

import av
import numpy as np


def read(path: str | Path) -> tuple[np.ndarray, int]:
    """Return the samples of any sound file, shape (channels, samples), -1 to 1, and the sample rate in Hz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        frames = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), stream.rate


def write(path: str | Path, samples: np.ndarray, rate: int) -> Path:
    """Write samples of shape (channels, samples) as a 16-bit WAV file, and return its path."""
    whole = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((len(samples), 2, rate, 0, "NONE", ""))
        file.writeframes(whole.T.tobytes())
    return Path(path)


def add_noise(samples: np.ndarray, snr: float, seed: int = 1) -> np.ndarray:
    """Add white noise `snr` dB below the sound (RMS against RMS); the same noise every time."""
    noise = np.random.default_rng(seed).standard_normal(samples.shape)
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-snr / 20)
    return samples + (noise * level).astype(samples.dtype)
