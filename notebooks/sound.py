"""Reading, writing and spoiling sound, for the notebooks; samples are (channels, samples), from -1 to 1."""

import wave
from pathlib import Path

import av
import numpy as np


def read(path: str | Path) -> tuple[np.ndarray, int]:
    """Return the samples of the sound in any media file, and the sample rate in Hz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        frames = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), stream.rate


def write(path: str | Path, samples: np.ndarray, rate: int) -> Path:
    """Write a 16-bit WAV file, and return its path. What is beyond full scale is cut off."""
    whole = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((len(samples), 2, rate, 0, "NONE", ""))
        file.writeframes(whole.T.tobytes())
    return Path(path)


def gain(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Make it louder, or quieter where `decibels` is negative."""
    return samples * 10 ** (decibels / 20)


def clip(samples: np.ndarray, at: float = 0.0) -> np.ndarray:
    """Cut off all peaks above a level, in dB relative to full scale."""
    top = 10 ** (at / 20)
    return np.clip(samples, -top, top)


def silence(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """Make digital silence."""
    return np.zeros((channels, round(seconds * rate)), "float32")


def add_noise(samples: np.ndarray, snr: float, seed: int = 1) -> np.ndarray:
    """Add white noise `snr` dB below the sound (RMS against RMS); the same noise every time."""
    noise = np.random.default_rng(seed).standard_normal(samples.shape)
    return samples + gain(noise * np.sqrt(np.mean(samples**2)), -snr).astype(samples.dtype)


def add_hum(samples: np.ndarray, level: float, rate: int, mains: float = 50.0) -> np.ndarray:
    """Add hum of the mains frequency in Hz and four harmonics; `level` is its RMS in dB re full scale."""
    time = np.arange(samples.shape[1]) / rate
    hum = sum(np.sin(2 * np.pi * mains * n * time) / n for n in range(1, 6))
    return samples + gain(hum / np.sqrt(np.mean(hum**2)), level).astype(samples.dtype)


def level(samples: np.ndarray) -> float:
    """Return the RMS level in dB relative to full scale; -inf for silence."""
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.mean(np.square(samples, dtype="float64"))))


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Change the sample rate, both in Hz; the sound stays as long and as high as it was."""
    count = round(samples.shape[1] * wanted / rate)
    spectrum = np.fft.rfft(samples)
    return (np.fft.irfft(spectrum, count) * (count / samples.shape[1])).astype(samples.dtype)


def crest(samples: np.ndarray) -> float:
    """Return how far the highest peak is above the RMS level, in dB."""
    return float(20 * np.log10(np.abs(samples).max())) - level(samples)
