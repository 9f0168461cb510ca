"""Video of an output: copied bit by bit where that will do, else cut, joined, scaled and coded anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.stream import VideoStream

from dolbyio_nb.audio.decode import opened, video_of
from dolbyio_nb.audio.encode import AnyPacket, Format
from dolbyio_nb.sandbox.http_error import beyond, invalid, unreadable
from dolbyio_nb.sandbox.operations.parameters import Options, facts_of

_OF_MP4 = frozenset({"av1", "h264", "hevc", "mpeg4", "vp9"})
CARRIED = {
    "mp4": _OF_MP4,
    "mov": _OF_MP4 | {"mjpeg", "prores"},
    "matroska": _OF_MP4 | {"mjpeg", "mpeg2video", "prores", "theora", "vp8"},
    "webm": frozenset({"av1", "vp8", "vp9"}),
}
"""The formats that may hold video, and in which codecs."""
NAMES = {"avc": "h264", "h265": "hevc"}
ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast"}),
    "hevc": ("libx265", {"preset": "veryfast", "x265-params": "log-level=none"}),
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}),
}
"""FFmpeg's encoder of each codec, set to be quick: the sandbox shows what a job does, not the last bit."""
USUAL = {"webm": "vp9"}  # h264 elsewhere
SIDES = (16, 4096)  # pixels
MOST_PIXELS = 8192 * 4320
FRAME_RATES, KILOBITS = (1, 120), (50, 50_000)
TIME_BASE = Fraction(1, 90_000)  # seconds
SIDEWAYS = 2  # of the four quarter turns, every second swaps width and height


@dataclass(frozen=True)
class Piece:
    """A stretch of a file, from `start` to `end` in seconds after the file's own beginning."""

    path: Path
    start: float
    end: float
    is_whole: bool


@dataclass(frozen=True)
class Film:
    """The video of an output, as a request asks for it; None is as the first piece has it."""

    pieces: Sequence[Piece]
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    kilobits: float | None = None

    def packets(self, into: OutputContainer) -> AbstractContextManager[Iterator[AnyPacket]]:
        """Add a stream to the new file, and give what goes into it."""
        return copied(self.pieces[0].path, into) if self._is_copied(into.format.name) else self._coded(into)

    def _is_copied(self, muxer: str) -> bool:
        with opened(self.pieces[0].path) as container:
            video = the_video(container)
            there = video.codec_context.codec.canonical_name
            same = (video.width, video.height) == (self.width or video.width, self.height or video.height)
        unchanged = same and self.frame_rate is None and self.kilobits is None
        whole = len(self.pieces) == 1 and self.pieces[0].is_whole
        return unchanged and whole and there in CARRIED[muxer] and self.codec in (None, there)

    @contextmanager
    def _coded(self, into: OutputContainer) -> Iterator[Iterator[AnyPacket]]:
        with opened(self.pieces[0].path) as container:
            video = the_video(container)
            size = self._size(video, turns_of(container, video))
            rate = self.frame_rate or float(video.average_rate or 25)
            codec = self._codec(video.codec_context.codec.canonical_name, into.format.name)
        encoder, options = ENCODERS[codec]
        added = into.add_stream(encoder, rate=Fraction(rate).limit_denominator(1001), options=options)
        stream = cast(VideoStream, added)
        stream.width, stream.height = size
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", TIME_BASE
        if self.kilobits:
            stream.bit_rate = round(self.kilobits * 1000)
        yield self._packets(stream, size)

    def _codec(self, there: str, muxer: str) -> str:
        known = [codec for codec in ENCODERS if codec in CARRIED[muxer]]
        if self.codec is not None and self.codec not in known:
            raise invalid("outputs.video.codec", f"{muxer} is written here with {', '.join(known)}.")
        return self.codec or (there if there in known else USUAL.get(muxer, "h264"))

    def _size(self, video: VideoStream, turns: int) -> tuple[int, int]:
        """The size asked for; one side alone keeps the shape of the picture."""
        own = (video.width, video.height) if turns % SIDEWAYS == 0 else (video.height, video.width)
        if own[0] * own[1] > MOST_PIXELS:
            raise beyond(f"Its video has {own[0]} x {own[1]} pixels.")
        width = self.width or (self.height * own[0] / own[1] if self.height else own[0])
        height = self.height or (self.width * own[1] / own[0] if self.width else own[1])
        return even(width), even(height)

    def _packets(self, stream: VideoStream, size: tuple[int, int]) -> Iterator[AnyPacket]:
        begins, last = 0.0, -1
        for piece in self.pieces:
            for frame in frames_of(piece, size, self.frame_rate):
                at = round((begins + (frame.time or 0.0)) / TIME_BASE)
                if at <= last:  # the coder wants every picture later than the one before
                    continue
                frame.pts, frame.time_base, last = at, TIME_BASE, at
                frame.pict_type = 0
                yield from stream.encode(frame)
            begins += piece.end - piece.start
        yield from stream.encode(None)


def film(pieces: Sequence[Piece], output: Options, kind: Format) -> Film | None:
    """The video of the pieces as an output's `video` asks for it; None where there is or can be none.

    Raises:
        Refused: it cannot be done.
    """
    if (
        kind.muxer not in CARRIED
        or kind.options
        or not any(facts_of(piece.path).has_video for piece in pieces)
    ):
        return None
    codec = output.choice("video.codec", (*NAMES, *sorted(set().union(*CARRIED.values()))))
    return Film(
        pieces,
        NAMES.get(codec, codec) if codec else None,
        _side(output, "width"),
        _side(output, "height"),
        _asked(output, "frame_rate", FRAME_RATES),
        _asked(output, "bitrate_kb", KILOBITS),
    )


def _asked(output: Options, name: str, limits: tuple[int, int]) -> float | None:
    name = f"video.{name}"
    return None if output.get(name) is None else output.number(name, 0, *limits)


def _side(output: Options, name: str) -> int | None:
    pixels = _asked(output, name, SIDES)
    return None if pixels is None else round(pixels)


@contextmanager
def copied(source: Path, into: OutputContainer) -> Iterator[Iterator[AnyPacket]]:
    """The source's video packets, ready for the new file, with times from the source's beginning on."""
    with opened(source) as container:
        original = the_video(container)
        yield _restamped(container, original, into.add_stream_from_template(original))


def _restamped(container: InputContainer, original: VideoStream, copy: VideoStream) -> Iterator[AnyPacket]:
    begins = Fraction(container.start_time or 0, av.time_base)
    for packet in container.demux(original):
        if packet.dts is not None:
            earlier = round(begins / packet.time_base)
            packet.dts -= earlier
            packet.pts = None if packet.pts is None else packet.pts - earlier
            packet.stream = copy
            yield packet


def even(pixels: float) -> int:
    """The nearest even number: colours have half the resolution in every codec here."""
    return max(2, round(pixels / 2) * 2)


def the_video(container: InputContainer) -> VideoStream:
    """The video that an input must have.

    Raises:
        Refused: it has none.
    """
    video = video_of(container)
    if video is None:
        raise unreadable("It has no video, and what it is joined with has.")
    return video


def turns_of(container: InputContainer, video: VideoStream) -> int:
    """How many quarter turns against the clock the file says to turn its pictures by."""
    first = next(container.decode(video), None)
    container.seek(0)
    return round(first.rotation / 90) % 4 if first else 0


TURNS = ((), (("transpose", "cclock"),), (("hflip", ""), ("vflip", "")), (("transpose", "clock"),))


def frames_of(piece: Piece, size: tuple[int, int], rate: float | None) -> Iterator[av.VideoFrame]:
    """The pictures of a stretch, upright and in a size, with times that count from its start."""
    with opened(piece.path) as container:
        video = the_video(container)
        began = (container.start_time or 0) / av.time_base + piece.start
        steps = [*TURNS[turns_of(container, video)], ("scale", f"{size[0]}:{size[1]}"), ("format", "yuv420p")]
        graph = _graph(video, [*steps, *([("fps", f"{rate:g}")] if rate else [])])
        container.seek(round(began * av.time_base))
        for frame in container.decode(video):
            if frame.time is None or frame.time < began - 1e-3:
                continue
            if frame.time >= began + piece.end - piece.start:
                break
            frame.pts = round((frame.time - began) / TIME_BASE)
            frame.time_base = TIME_BASE
            yield from _through(graph, frame)
        yield from _through(graph, None)


def _graph(video: VideoStream, steps: Sequence[tuple[str, str]]) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=video.width, height=video.height, format=video.format, time_base=TIME_BASE
    )
    nodes: list[Any] = [source, *(graph.add(name, given or None) for name, given in steps)]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    return graph


def _through(graph: Graph, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
    graph.vpush(frame)
    while True:
        try:
            yield graph.vpull()
        except (BlockingIOError, EOFError, av.error.EOFError):
            return
