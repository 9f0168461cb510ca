"""Make `clip.mp4`: six seconds of moving colours under the beginning of `voice.flac`.

Run `python notebooks/media/make_clip.py`; it needs NumPy and PyAV (the `sandbox` extra).
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

HERE = Path(__file__).parent
SECONDS, FRAME_RATE = 6, 25
WIDTH, HEIGHT = 320, 180


def colours(time: float) -> np.ndarray:
    """One picture, shape (height, width, 3): waves that wander, a little apart for each colour."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [
        np.sin(x / 40 + 2 * time + 2.1 * colour)
        + np.sin(y / 30 - 1.5 * time + colour)
        + np.sin((x + y) / 60 + time + colour)
        for colour in range(3)
    ]
    return (127 + 100 / 3 * np.stack(waves, axis=-1)).astype(np.uint8)


def make() -> None:
    with av.open(str(HERE / "clip.mp4"), "w", options={"movflags": "faststart"}) as clip:
        video = clip.add_stream("h264", rate=FRAME_RATE, options={"preset": "veryslow", "crf": "30"})
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 0
        with av.open(str(HERE / "voice.flac")) as voice:
            audio = clip.add_stream("aac", rate=voice.streams.audio[0].rate, layout="mono")
            for frame in voice.decode(audio=0):
                if frame.time < SECONDS:
                    clip.mux(audio.encode(frame))
        for index in range(SECONDS * FRAME_RATE):
            picture = colours(index / FRAME_RATE)
            clip.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        clip.mux([*audio.encode(None), *video.encode(None)])


if __name__ == "__main__":
    make()
