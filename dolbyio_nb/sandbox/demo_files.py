"""Demo files: stand-ins for the examples of Dolby's own samples, made when they are first asked for."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolbyio_nb.audio.sound import Floats

PLACES = re.compile(
    r"https?://(?:dashboard\.dolby\.io/static|dolbyio\.s3[\w.-]*\.amazonaws\.com/public)"
    r"/[^?#]+\.(?:mp4|wav|mp3|m4a|mov|flac)"
)
"""Where Dolby's workshop notebooks and guides take their examples from."""
SECONDS, RATE = 15, 48_000
FRAMES, SIZE = 10, (160, 90)  # pictures a second; pixels
FUNDAMENTAL, SYLLABLES = 115.0, 3.5  # Hz; a second
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))
"""The first formants in Hz of five English vowels (Peterson and Barney, 1952, men)."""
WIDTH = 90.0  # Hz, of a formant
NOISE, VOICE = -38.0, -20.0  # RMS in dB relative to full scale


class DemoFiles:
    """The stand-ins of one sandbox, each kind of file made once."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def write(self, path: Path) -> None:
        """Write the one whose kind the path's ending says."""
        with self._lock:
            if path.suffix not in self._files:
                write_demo(path)
                self._files[path.suffix] = path.read_bytes()
        path.write_bytes(self._files[path.suffix])


def is_demo(url: str) -> bool:
    """Whether it is the address of one of Dolby's own examples."""
    return PLACES.fullmatch(url.partition("?")[0]) is not None


def write_demo(path: Path) -> None:
    """Write a voice in noise, fifteen seconds long, and moving pictures beside it where it is a film."""
    from dolbyio_nb.audio.encode import write_sound
    from dolbyio_nb.audio.sound import Sound

    sound = Sound(_voice_in_noise()[:, None], RATE)
    write_sound(sound, path, video=Pictures() if path.suffix in (".mp4", ".mov") else None)


def _voice_in_noise() -> Any:
    import numpy as np

    random = np.random.default_rng(1)
    voice, noise = _voice(), random.standard_normal(SECONDS * RATE)
    return (_at_level(voice, VOICE) + _at_level(noise, NOISE)).astype("float32")


def _at_level(samples: Floats, level: float) -> Any:
    import numpy as np

    return samples * 10 ** (level / 20) / np.sqrt(np.mean(samples**2))


def _voice() -> Any:
    """Harmonics under the formants of one vowel after the other, in phrases with pauses between them."""
    import numpy as np

    time = np.arange(SECONDS * RATE) / RATE
    syllable = (time * SYLLABLES).astype(int)
    phrase = time % 3 < 2.3
    loud = np.sin(np.pi * (time * SYLLABLES % 1)) ** 0.5 * phrase
    fundamental = FUNDAMENTAL * (1.15 - 0.1 * (time % 3)) * (1 + 0.02 * np.sin(2 * np.pi * 5 * time))
    turns = 2 * np.pi * np.cumsum(fundamental) / RATE
    formants = _smooth(np.array(VOWELS, float)[syllable % len(VOWELS)])
    whole = np.zeros_like(time)
    for number in range(1, int(4000 / FUNDAMENTAL)):
        near = np.exp(-0.5 * ((number * fundamental[:, None] - formants) / WIDTH) ** 2) + 0.02
        whole += near.sum(axis=1) / number**0.5 * np.sin(number * turns)
    return whole * loud


def _smooth(formants: Floats) -> Any:
    """Let one vowel glide into the next over 40 ms."""
    import numpy as np

    length = RATE // 25
    sums = np.cumsum(np.pad(formants, ((length, 0), (0, 0)), "edge"), axis=0)
    return (sums[length:] - sums[:-length]) / length


class Pictures:
    """The pictures of a film: a bright field that wanders."""

    def packets(self, into: Any) -> Any:
        """Add a stream to the new file, and give what goes into it."""
        from contextlib import nullcontext

        stream = into.add_stream("libx264", rate=FRAMES, options={"preset": "veryfast"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        return nullcontext(self._coded(stream))

    def _coded(self, stream: Any) -> Any:
        import av
        import numpy as np

        y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        for number in range(SECONDS * FRAMES):
            wave = np.sin(x / 30 + number / 8) + np.sin(y / 20 - number / 11)
            grey = (128 + 50 * wave).astype("uint8")
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            yield from stream.encode(frame)
        yield from stream.encode(None)
