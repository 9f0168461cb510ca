"""Measures what the masking of outputs costs a kernel's messages: `python benchmarks/masking.py`."""

import base64
import os
import platform
import time

from jupyter_client.session import json_packer, json_unpacker

from dolbyio_nb.http.redact import SecretRegistry
from dolbyio_nb.notebook.masking import MaskingPack

LARGE = 10_000_000  # characters
ROUNDS = 7
ROW = "<tr><td>abc</td><td>1.25</td></tr>"
SOUND = base64.b64encode(os.urandom(LARGE * 3 // 4)).decode()
SECRET = base64.b64encode(os.urandom(33)).decode()


def token():
    """Make a text that looks like a token of the service."""
    parts = (base64.urlsafe_b64encode(os.urandom(size)).decode().rstrip("=") for size in (27, 300, 32))
    return "eyJ" + ".".join(parts)


TOKEN = token()


def packer(tokens):
    """Make a packer for one secret and some tokens."""
    registry = SecretRegistry()
    for value in (SECRET, TOKEN, *(token() for _ in range(tokens - 1))):
        registry.register(value)
    return MaskingPack(json_packer, json_unpacker, registry)


def seconds(function, message, repeat):
    """Give the best time of one call, of some rounds, as this thread's time on the processor."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(repeat):
            function(message)
        best = min(best, (time.thread_time() - start) / repeat)
    return best


LINE, PATH = "hello world 1.234\n", "/usr/lib/python3.11/site-packages/requests/sessions.py:703\n"
COLOURS = "\x1b[1;31mabc\x1b[0m 12.5 \x1b[32m/usr/lib/x.py\x1b[0m:\x1b[1m17\x1b[0m\n"
MESSAGES = {
    "stream, 40 characters": ({"name": "stdout", "text": "epoch 3: loss 0.1234, 12.3 s per epoch\n"}, 5000),
    "stream, 1,000 characters": ({"name": "stdout", "text": "loss 0.1234 in 12.3 s\n" * 45}, 1000),
    "stream of paths, 1,000 characters": ({"name": "stdout", "text": PATH * 18}, 1000),
    "HTML table, 100 characters": ({"data": {"text/html": ROW * 3}}, 5000),
    "HTML table, 400 characters": ({"data": {"text/html": ROW * 12}}, 1000),
    "HTML table, 1,000 characters": ({"data": {"text/html": ROW * 30}}, 1000),
    "stream in colours, 400 characters": ({"name": "stdout", "text": COLOURS * 6}, 1000),
    "stream in colours, 1,000 characters": ({"name": "stdout", "text": COLOURS * 15}, 1000),
    "HTML table, 10,000 characters": ({"data": {"text/html": ROW * 294}}, 200),
    "10 MB of sound in base64": ({"data": {"text/html": SOUND}}, 1),
    "10 MB of plain text": ({"name": "stdout", "text": LINE * (LARGE // 18)}, 1),
    "10 MB of HTML": ({"data": {"text/html": ROW * (LARGE // 34)}}, 1),
    "10 MB with a secret in it": ({"name": "stdout", "text": "x" * (LARGE - 44) + SECRET}, 1),
    "10 MB of lines, 1,000 secrets": ({"name": "stdout", "text": (LINE * 550 + SECRET) * 1000}, 1),
    "10 MB of HTML, 1,000 secrets": ({"data": {"text/html": (ROW * 290 + SECRET) * 1000}}, 1),
    "10 MB of lines, 100 cut tokens": ({"name": "stdout", "text": (LINE * 5500 + TOKEN[:60]) * 100}, 1),
    "10 MB of lines, a secret behind a backslash": ({"text": LINE * (LARGE // 18) + "\\" + SECRET}, 1),
}  # fmt: skip


if __name__ == "__main__":
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| message | packing alone | masking adds, 2 tokens | masking adds, 50 tokens |")
    print("| --- | --- | --- | --- |")
    for name, (message, repeat) in MESSAGES.items():
        alone = seconds(json_packer, message, repeat)
        added = [seconds(packer(tokens), message, repeat) - alone for tokens in (2, 50)]
        unit, factor = ("ms", 1e3) if repeat == 1 else ("µs", 1e6)
        print(f"| {name} |", " | ".join(f"{time * factor:.1f} {unit}" for time in (alone, *added)), "|")
