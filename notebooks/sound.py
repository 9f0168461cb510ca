"""Spoiling sound, for the notebooks; samples are (channels, samples), from -1 to 1."""

from pathlib import Path

import numpy as np

from dolbyio_nb.audio import read_samples, write_samples
from dolbyio_nb.audio.filters import resampled
from dolbyio_nb.audio.sound import Sound


def read(path: str | Path) -> tuple[np.ndarray, int]:
    """Return the samples of the sound in any media file, and the sample rate in Hz."""
    samples, rate = read_samples(path)
    return np.atleast_2d(samples.T), rate


def write(path: str | Path, samples: np.ndarray, rate: int) -> Path:
    """Write a 16-bit WAV file, and return its path. What is beyond full scale is cut off."""
    return write_samples(path, samples.T, rate)


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
    return resampled(Sound(samples.T.astype("float32"), rate), wanted).samples.T


def crest(samples: np.ndarray) -> float:
    """Return how far the highest peak is above the RMS level, in dB."""
    return float(20 * np.log10(np.abs(samples).max())) - level(samples)
