"""Memory, disk and time of long sound: `python benchmarks/memory.py [--minutes 1 4 60] [OPERATION ...]`.

Each row is a process of its own that works on 48 kHz stereo, the sample voice again and again: resident and
anonymous memory at the highest over what it was before, temporary files at the largest, by the size of
the decoded sound, and processor time. Linux only.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import wave
from pathlib import Path

import numpy as np

OPERATIONS = ("enhance", "diagnose", "analyze", "analyze/speech", "analyze/music", "transcode", "master")
BODY = {"inputs": [{"source": "dlb://in"}], "outputs": [{"kind": "wav"}]}
RATE = 48_000


def write_voice(path: Path, minutes: float) -> None:
    """The sample voice with a little noise, over and over, as 16-bit stereo."""
    from dolbyio_nb.audio.decode import read_sound
    from dolbyio_nb.audio.filters import resampled

    media = Path(__file__).parents[1] / "notebooks" / "media"
    voice = np.resize(resampled(read_sound(media / "voice.flac"), RATE).samples, (30 * RATE, 1))
    noisy = voice + np.random.default_rng(1).normal(0, 1e-3, (30 * RATE, 2))
    data = np.clip(noisy * 32767, -32768, 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        for _ in range(round(minutes * 2)):
            file.writeframes(data)


def kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status)[1])


def on_disk(folder: str) -> int:
    """Bytes of the nameless files that are open or mapped."""
    found = {}
    for line in Path("/proc/self/maps").read_text().splitlines():
        if folder in line and "deleted" in line:
            span, *_, inode, _, _ = line.split()
            first, last = (int(each, 16) for each in span.split("-"))
            found[inode] = max(found.get(inode, 0), last - first)
    for number in os.listdir("/proc/self/fd"):
        try:
            if folder in os.readlink(place := f"/proc/self/fd/{number}") and "deleted" in os.readlink(place):
                found[str(os.stat(place).st_ino)] = os.stat(place).st_size
        except OSError:
            pass
    return sum(found.values())


def measured(operation: str, source: Path) -> str:
    """One row, from this process."""
    from dolbyio_nb.sandbox.operations import process

    folder = tempfile.tempdir = tempfile.mkdtemp()
    idle = {name: kilobytes(name) for name in ("VmRSS", "RssAnon")}
    peaks, disk, over = dict(idle), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.03):
            peaks.update({name: max(peak, kilobytes(name)) for name, peak in peaks.items()})
            disk[0] = max(disk[0], on_disk(folder))

    watcher = threading.Thread(target=watch)
    watcher.start()
    ending = "json" if "analyze" in operation else "wav"
    body = BODY if operation in ("transcode", "master") else {}
    spent = time.process_time()
    process(f"/media/{operation}", body, [source], [Path(folder, f"out.{ending}")], lambda _: None)
    spent = time.process_time() - spent
    over.set()
    watcher.join()
    decoded = (source.stat().st_size - 44) * 2
    rises = " | ".join(f"{(peaks[name] - idle[name]) / 1024:.0f}" for name in idle)
    return f"{rises} | {disk[0] / decoded:.1f} | {spent:.0f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("operations", nargs="*", default=OPERATIONS)
    parser.add_argument("--minutes", type=float, nargs="*", default=[1.0, 4.0])
    parser.add_argument("--source", type=Path)
    given = parser.parse_args()
    if given.source:
        print(measured(given.operations[0], given.source))
        sys.exit()
    print("| operation | minutes | resident, MiB | anonymous, MiB | disk, x decoded | processor, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for minutes in given.minutes:
        with tempfile.TemporaryDirectory() as name:
            voice = Path(name, "in.wav")
            write_voice(voice, minutes)
            for operation in given.operations:
                command = [sys.executable, __file__, operation, "--source", str(voice)]
                row = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
                print(f"| {operation} | {minutes:g} | {row} |", flush=True)
