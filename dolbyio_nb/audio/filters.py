"""Filters of sound: resample, concatenate, equalize, level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    return collect(filtering(sound, *filters, delay=delay, progress=progress), sound.rate, sound.channels)


def filtering(
    sound: Sound, *filters: Filter, delay: int = 0, progress: Progress = no_progress
) -> Iterator[Samples]:
    """The same, block by block and nowhere kept."""
    blocks = _with_silence_after(sound, delay, progress)
    return _exactly(through(blocks, sound.rate, sound.channels, filters), delay, sound.frames)


def resampled(sound: Sound, rate: int, progress: Progress = no_progress) -> Sound:
    """The sound at another rate."""
    if rate == sound.rate:
        return sound
    blocks = through(tracked(sound, progress), sound.rate, sound.channels, [resampler(rate)])
    return collect(blocks, rate, sound.channels)


def resampler(rate: int) -> Filter:
    return "aresample", str(rate)


def through(
    blocks: Iterable[Samples], rate: int, channels: int, filters: Sequence[Filter]
) -> Iterator[Samples]:
    """What comes out of the filters for a sound's blocks."""
    chain = Chain(rate, channels, filters)
    for block in blocks:
        yield from map(array_of, chain.push(block))
    yield from map(array_of, chain.end())


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


def equalizer(gains: Sequence[str], rate: int) -> tuple[list[Filter], int]:
    """The filter of all the gains added up, and the frames that it delays; none where there are no gains."""
    if not gains:
        return [], 0
    accuracy = max(1, math.ceil(rate / FINEST_RATE))
    options = f"gain='{'+'.join(gains)}':delay={LENGTH}:accuracy={accuracy}:zero_phase=on"
    return [("firequalizer", options)], round(LENGTH * rate)


LOWEST = -24.0
"""As far down as FFmpeg's limiter can be set. dB."""


@dataclass(frozen=True)
class Level:
    """A gain, a limit that no sample goes over, and a gain after it, all in dB."""

    gain: float = 0.0
    limit: float = math.inf
    after: float = 0.0


UNCHANGED = Level()


def leveling(sound: Sound, level: Level, progress: Progress = no_progress) -> Iterator[Samples]:
    """The sound at a level, block by block and nowhere kept."""
    blocks = (block * _factor(level.gain) for block in tracked(sound, progress))
    if level.limit == math.inf:
        return blocks
    limiter = f"limit={_factor(max(level.limit, LOWEST)):.6f}:attack=3:release=40:level=disabled:latency=1"
    limited = through(blocks, sound.rate, sound.channels, [("alimiter", limiter)])
    return (block * _factor(level.after) for block in _exactly(limited, 0, sound.frames))


def leveled(sound: Sound, level: Level, progress: Progress = no_progress) -> Sound:
    """The sound at a level; as it is where that changes nothing."""
    if level == UNCHANGED:
        return sound
    return collect(leveling(sound, level, progress), sound.rate, sound.channels)


def _factor(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))
