"""Files that one call crosses: how far somebody must read to follow `enhance(path)`, or a card.

    python benchmarks/trace.py

Counts the files of this package that a call enters, and how often it changes file, up to the one door behind
which every request is sent alike: `http.limits.limited`.
"""

import math
import struct
import sys
import tempfile
import wave
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import dolbyio_nb
from dolbyio_nb import login
from dolbyio_nb.display import cards
from dolbyio_nb.http import limits
from dolbyio_nb.sandbox import Sandbox

PACKAGE = Path(dolbyio_nb.__file__).parent


@dataclass
class Trace:
    """The files of the package that were entered, and how often a call went from one to another."""

    files: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def see(self, frame: FrameType, event: str, _: object) -> None:
        """Take note of one call; a profile function for `sys.setprofile`."""
        if event != "call" or not (place := file_of(frame)) or is_behind_the_door(frame):
            return
        self.files[place] += 1
        caller = caller_of(frame)
        if caller and caller != place:
            self.moves[caller, place] += 1


def file_of(frame: FrameType | None) -> str:
    """Name the file of a frame inside the package; nothing when it is elsewhere."""
    path = Path(frame.f_code.co_filename) if frame else Path()
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else ""


def is_behind_the_door(frame: FrameType) -> bool:
    """Tell whether this is a part of sending a request."""
    caller = frame.f_back
    while caller and caller.f_code is not limits.limited.__code__:
        caller = caller.f_back
    return caller is not None


def caller_of(frame: FrameType) -> str:
    """Name the nearest file of the package among the callers, however many frames of others lie between."""
    caller = frame.f_back
    while caller and not file_of(caller):
        caller = caller.f_back
    return file_of(caller)


def traced(call: Callable[[], object]) -> Trace:
    """Make a call, and see which files it crosses."""
    seen = Trace()
    sys.setprofile(seen.see)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


def trace_enhance(path: Path) -> Trace:
    """Trace `enhance(path)` up to the job's id, in a sandbox of its own, with the token already there."""
    with Sandbox() as sandbox, login(sandbox=sandbox) as dolby:
        return traced(lambda: dolby.media.enhance(path).id)


def trace_cards(path: Path) -> dict[str, Trace]:
    """Trace the card of an enhanced recording, once it is saved, and the card of a diagnosis."""
    assert cards.show  # loaded, so that no import counts
    with Sandbox() as sandbox, login(sandbox=sandbox) as dolby:
        enhanced = dolby.media.enhance(path, output=path.with_name("better.wav")).result()
        diagnosed = dolby.media.diagnose(path).result()
        return {
            name: traced(card)
            for name, card in (
                ("an enhancement's card", enhanced._repr_html_),
                ("a diagnosis's card", diagnosed._repr_html_),
            )
        }


def write_tone(path: Path, seconds: int = 1, rate: int = 16_000) -> Path:
    """Write a tone of 440 Hz as a WAV file."""
    tone = [round(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(seconds * rate)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(tone)}h", *tone))
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tone = write_tone(Path(folder, "tone.wav"))
        seen = {"enhance(path)": trace_enhance(tone), **trace_cards(tone)}
    for name, trace in seen.items():
        print(f"\n{name}: {len(trace.files)} files, {trace.moves.total()} calls from one to another")
        for (caller, callee), count in trace.moves.most_common():
            print(f"{count:4}  {caller} -> {callee}")


if __name__ == "__main__":
    main()
