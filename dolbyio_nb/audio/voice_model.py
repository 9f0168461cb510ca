"""Voice activity detector: Silero's network (MIT licence, `silero/LICENSE`), computed with NumPy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dolbyio_nb.audio.sound import Samples

RATE = 16_000  # Hz, the only one that the network knows
CHUNK, CONTEXT, REFLECTED = 512, 64, 64
"""Samples that get one probability, those before them that it sees too, and those mirrored behind them."""
WINDOW, HOP = 256, 128
AT_ONCE = 256  # chunks
STATES = 128
Weights = dict[str, Samples]


@cache
def weights() -> Weights:
    """The network's numbers by their names, from a file in the safetensors format."""
    data = files(__package__).joinpath("silero", "vad_16k.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    return {
        name: np.frombuffer(data[start:][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in json.loads(data[8:start]).items()
    }


class VoiceDetector:
    """Gives the probability of a voice for each 32 ms of sound at 16 kHz, one block after the other."""

    def __init__(self) -> None:
        self._cell = Cell.of(weights())
        self._held: Samples = np.zeros(CONTEXT, np.float32)

    def probabilities(self, mono: Iterable[Samples]) -> Iterator[Samples]:
        """For blocks of samples, shape (frames,); the last chunk is filled up with silence."""
        for block in mono:
            self._held = np.concatenate([self._held, block])
            while len(self._held) >= CONTEXT + AT_ONCE * CHUNK:
                yield self._take(AT_ONCE)
        left = -(-(len(self._held) - CONTEXT) // CHUNK)
        if left:
            self._held = np.pad(self._held, (0, left * CHUNK + CONTEXT - len(self._held)))
            yield self._take(left)

    def _take(self, chunks: int) -> Samples:
        seen, self._held = self._held[: CONTEXT + chunks * CHUNK], self._held[chunks * CHUNK :]
        windows = sliding_window_view(seen, CONTEXT + CHUNK)[::CHUNK]
        return self._cell.run(_features(windows, weights()))


def _features(chunks: Samples, w: Weights) -> Samples:
    """What the convolutions make of chunks, shape (chunks, `STATES`)."""
    padded = np.pad(chunks, ((0, 0), (0, REFLECTED)), mode="reflect")
    windows = sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    waves = windows @ w["stft_conv.weight"][:, 0].T
    half = waves.shape[2] // 2
    layer: Samples = np.sqrt(np.square(waves[..., :half]) + np.square(waves[..., half:]))
    for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
        layer = _convolved(layer, w[f"{name}.weight"], w[f"{name}.bias"], stride)
    return np.asarray(layer[:, 0])


def _convolved(layer: Samples, weight: Samples, bias: Samples, stride: int) -> Samples:
    """One layer over shape (chunks, steps, channels): each step with its two neighbours, nothing negative."""
    padded = np.pad(layer, ((0, 0), (1, 1), (0, 0)))
    near = sliding_window_view(padded, weight.shape[2], axis=1)[:, ::stride]
    flat = near.reshape(*near.shape[:2], -1)
    return np.asarray(np.maximum(flat @ weight.reshape(len(weight), -1).T + bias, 0))


@dataclass
class Cell:
    """The network's memory (LSTM) from chunk to chunk, and its verdict."""

    inward: Samples
    inner: Samples
    bias: Samples
    verdict: Samples
    offset: float
    hidden: Samples
    state: Samples

    @classmethod
    def of(cls, w: Weights) -> Cell:
        """A fresh one."""
        return cls(
            np.ascontiguousarray(w["lstm_cell.weight_ih"].T),
            np.ascontiguousarray(w["lstm_cell.weight_hh"].T),
            w["lstm_cell.bias_ih"] + w["lstm_cell.bias_hh"],
            w["final_conv.weight"][0, :, 0],
            float(w["final_conv.bias"][0]),
            np.zeros(STATES, np.float32),
            np.zeros(STATES, np.float32),
        )

    def run(self, features: Samples) -> Samples:
        """The probability for each chunk."""
        hidden = np.array([self._step(gates) for gates in features @ self.inward + self.bias])
        verdicts: Samples = np.maximum(hidden, 0) @ self.verdict + self.offset
        return _sigmoid(verdicts)

    def _step(self, gates: Samples) -> Samples:
        gates = gates + self.hidden @ self.inner
        taken, kept, _, shown = _sigmoid(gates.reshape(4, STATES))
        self.state = kept * self.state + taken * np.tanh(gates[2 * STATES : 3 * STATES])
        self.hidden = shown * np.tanh(self.state)
        return self.hidden


def _sigmoid(values: Samples) -> Samples:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))
