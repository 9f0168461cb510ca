"""FFmpeg's filters, run over a sound block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

import av
import numpy as np

from .progress import Tell, silent, told
from .sound import Samples, Sound, collect

Filter = tuple[str, str]
"""A filter's name and its options as FFmpeg writes them."""


def filtered(sound: Sound, *filters: Filter, delay: int = 0, tell: Tell = silent) -> Sound:
    """The sound after the filters: as long as before, with the `delay` frames they add taken off again."""
    if not filters:
        return sound
    blocks = _exactly(_run(sound, filters, delay, tell), delay, sound.frames)
    return collect(blocks, sound.rate, sound.channels)


def resampled(sound: Sound, rate: int, tell: Tell = silent) -> Sound:
    """The sound at another rate."""
    if rate == sound.rate:
        return sound
    return collect(_run(sound, [resampler(rate)], 0, tell), rate, sound.channels)


def resampler(rate: int) -> Filter:
    return "aresample", str(rate)


def frames(sound: Sound, filters: Sequence[Filter], tell: Tell = silent) -> Iterator[av.AudioFrame]:
    """What comes out of the filters, as frames that still carry the filters' own measurements."""
    return _pump(sound, filters, 0, tell)


def _run(sound: Sound, filters: Sequence[Filter], extra: int, tell: Tell) -> Iterator[Samples]:
    for frame in _pump(sound, filters, extra, tell):
        yield array_of(frame)


def _pump(sound: Sound, filters: Sequence[Filter], extra: int, tell: Tell) -> Iterator[av.AudioFrame]:
    graph = _graph(sound, filters)
    position = 0
    for block in _with_silence_after(sound, extra, tell):
        graph.push(frame_of(block, sound.rate, position))
        position += len(block)
        yield from _ready(graph)
    graph.push(None)
    yield from _ready(graph)


def _graph(sound: Sound, filters: Sequence[Filter]) -> av.filter.Graph:
    graph = av.filter.Graph()
    base = Fraction(1, sound.rate)
    source = graph.add_abuffer(sample_rate=sound.rate, format="flt", layout=sound.layout, time_base=base)
    chain = [source, *(graph.add(name, options) for name, options in filters)]
    chain += [graph.add("aformat", f"sample_fmts=flt:channel_layouts={sound.layout}")]
    graph.link_nodes(*chain, graph.add("abuffersink")).configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield cast(av.AudioFrame, frame)


def _with_silence_after(sound: Sound, extra: int, tell: Tell) -> Iterator[Samples]:
    yield from told(sound, tell)
    if extra:
        yield np.zeros((extra, sound.channels), np.float32)


def _exactly(blocks: Iterator[Samples], skip: int, wanted: int) -> Iterator[Samples]:
    for block in blocks:
        kept = block[skip:][:wanted]
        skip -= min(skip, len(block))
        wanted -= len(kept)
        yield kept


def frame_of(block: Samples, rate: int, position: int) -> av.AudioFrame:
    """One block as a frame that says where in the sound it stands."""
    channels = block.shape[1]
    packed = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="mono" if channels == 1 else "stereo")
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = position
    return frame


def array_of(frame: av.AudioFrame) -> Samples:
    """The samples of a packed frame, shape (frames, channels)."""
    return cast(Samples, frame.to_ndarray().reshape(-1, frame.layout.nb_channels))
