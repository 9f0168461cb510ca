"""Filters of sound: resample, concatenate, equalize."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

import av
import numpy as np

from dolbyio_nb.audio.sound import Progress, Samples, Sound, collect, layout_of, no_progress, tracked

Filter = tuple[str, str]
"""A filter's name and its options as FFmpeg writes them."""


def filtered(sound: Sound, *filters: Filter, delay: int = 0, progress: Progress = no_progress) -> Sound:
    """The sound after the filters: as long as before, with the `delay` frames they add taken off again."""
    if not filters:
        return sound
    blocks = _exactly(_run(sound, filters, delay, progress), delay, sound.frames)
    return collect(blocks, sound.rate, sound.channels)


def resampled(sound: Sound, rate: int, progress: Progress = no_progress) -> Sound:
    """The sound at another rate."""
    if rate == sound.rate:
        return sound
    return collect(_run(sound, [resampler(rate)], 0, progress), rate, sound.channels)


def resampler(rate: int) -> Filter:
    return "aresample", str(rate)


def frames(
    sound: Sound, filters: Sequence[Filter], progress: Progress = no_progress
) -> Iterator[av.AudioFrame]:
    """What comes out of the filters, as frames that still carry the filters' own measurements."""
    return _pump(sound, filters, 0, progress)


def _run(sound: Sound, filters: Sequence[Filter], extra: int, progress: Progress) -> Iterator[Samples]:
    for frame in _pump(sound, filters, extra, progress):
        yield array_of(frame)


def _pump(sound: Sound, filters: Sequence[Filter], extra: int, progress: Progress) -> Iterator[av.AudioFrame]:
    chain = Chain(sound.rate, sound.channels, filters)
    for block in _with_silence_after(sound, extra, progress):
        yield from chain.push(block)
    yield from chain.end()


class Chain:
    """Filters that are given one block after the other, and give frames."""

    def __init__(
        self, rate: int, channels: int, filters: Sequence[Filter], layout: str | None = None
    ) -> None:
        self._rate, self._position = rate, 0
        self._graph, self._layout = av.filter.Graph(), layout or layout_of(channels)
        layout = self._layout
        base = Fraction(1, rate)
        source = self._graph.add_abuffer(sample_rate=rate, format="flt", layout=layout, time_base=base)
        nodes = [source, *(self._graph.add(name, options) for name, options in filters)]
        nodes += [self._graph.add("aformat", f"sample_fmts=flt:channel_layouts={layout}")]
        self._graph.link_nodes(*nodes, self._graph.add("abuffersink")).configure()

    def push(self, block: Samples) -> Iterator[av.AudioFrame]:
        """What is ready after one more block of shape (frames, channels)."""
        self._graph.push(frame_of(block, self._rate, self._position, self._layout))
        self._position += len(block)
        return self._ready()

    def end(self) -> Iterator[av.AudioFrame]:
        """What was still held back."""
        self._graph.push(None)
        return self._ready()

    def _ready(self) -> Iterator[av.AudioFrame]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield cast(av.AudioFrame, frame)


def _with_silence_after(sound: Sound, extra: int, progress: Progress) -> Iterator[Samples]:
    yield from tracked(sound, progress)
    if extra:
        yield np.zeros((extra, sound.channels), np.float32)


def _exactly(blocks: Iterator[Samples], skip: int, wanted: int) -> Iterator[Samples]:
    for block in blocks:
        kept = block[skip:][:wanted]
        skip -= min(skip, len(block))
        wanted -= len(kept)
        yield kept


def frame_of(block: Samples, rate: int, position: int, layout: str | None = None) -> av.AudioFrame:
    """One block as a frame that says where in the sound it stands."""
    channels = block.shape[1]
    packed = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout or layout_of(channels))
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = position
    return frame


def array_of(frame: av.AudioFrame) -> Samples:
    """The samples of a packed frame, shape (frames, channels)."""
    return cast(Samples, frame.to_ndarray().reshape(-1, frame.layout.nb_channels))


def concatenated(sounds: Sequence[Sound]) -> Sound:
    """The sounds in order, at the first one's rate; stereo if any of them is."""
    first, *others = sounds
    if not others:
        return first
    channels = max(sound.channels for sound in sounds)
    alike = [with_channels(resampled(sound, first.rate), channels) for sound in sounds]
    blocks = (block for sound in alike for block in sound.blocks())
    return collect(blocks, first.rate, channels)


def with_channels(sound: Sound, channels: int, progress: Progress = no_progress) -> Sound:
    """One channel doubled, or two averaged, if need be."""
    if sound.channels == channels:
        return sound
    if channels == 2:
        blocks = (np.repeat(block, 2, axis=1) for block in tracked(sound, progress))
    else:
        blocks = (block.mean(axis=1, keepdims=True) for block in tracked(sound, progress))
    return collect(blocks, sound.rate, channels)


LENGTH = 0.05
"""Of the filter to either side, in seconds: enough for slopes of 20 Hz."""
FINEST_RATE = 64_000
"""Hz, the highest at which FFmpeg's filter can tell frequencies 1 Hz apart."""
CUT = -60.0  # dB


def without_rumble(frequency: float) -> str:
    """The gain in dB, as FFmpeg's expression over `f` in Hz, that takes away all below a frequency."""
    return f"{CUT}*lt(f,{frequency:g})"


def softer_below(frequency: float, cut: float) -> str:
    """The gain that lowers all below a frequency by `cut` dB."""
    return f"-{cut:g}*lt(f,{frequency:g})"


def softer_above(frequency: float, cut: float) -> str:
    """The gain that lowers all above a frequency by `cut` dB."""
    return f"-{cut:g}*gte(f,{frequency:g})"


def low_shelf(frequency: float, gain: float) -> str:
    """The gain that comes to `gain` dB far below a frequency, to half of it there, to none far above."""
    return f"({gain:g})/(1+pow(f/{frequency:g},2))"


def high_shelf(frequency: float, gain: float) -> str:
    """The same the other way round: `gain` dB far above."""
    return f"({gain:g})*(1-1/(1+pow(f/{frequency:g},2)))"


def equalized(sound: Sound, gains: Sequence[str], progress: Progress = no_progress) -> Sound:
    """The sound with all the gains added up; as it is where there are none."""
    if not gains:
        return sound
    accuracy = max(1, math.ceil(sound.rate / FINEST_RATE))
    options = f"gain='{'+'.join(gains)}':delay={LENGTH}:accuracy={accuracy}:zero_phase=on"
    equalizer = ("firequalizer", options)
    return filtered(sound, equalizer, delay=round(LENGTH * sound.rate), progress=progress)
