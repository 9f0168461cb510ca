"""Redaction of secrets, signatures and control characters; and blocks that show secrets on purpose."""

import base64
import html
import logging
import re
import sys
import threading
import weakref
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from math import inf
from typing import Any
from urllib.parse import quote, quote_plus

from dolbyio_nb._util import threads
from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.errors import use_scrubber

MASK = "…"
SHORTEST_SECRET = 8  # characters; a shorter value may be a part of any word
GRACE = 600.0  # seconds after its end for which a value is still hidden: logs and answers come late
PRESIGNED = "x-amz-signature="  # such an address is a key in itself; storage refuses a second one


class SecretRegistry:
    """The secrets and tokens that must not be shown, each until some minutes after its end."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}
        self._owned: Counter[str] = Counter()  # by how many owners that live
        self._left: deque[str] = deque()  # values of owners that have gone; a finalizer takes no lock
        self._live: tuple[str, ...] = ()
        self._is_stale = False  # whether `_live` lacks something, or has too much
        self._first_end = inf  # the moment at which the first value is forgotten
        self.after_fork()
        threads.register(self)

    def after_fork(self) -> None:
        """Go on in a forked child, without the parent's lock."""
        self._lock = threading.Lock()

    def register(self, value: str, *, lifetime: float | None = None, owner: object = None) -> None:
        """Hide `value` for its `lifetime` in seconds, or as long as one of its owners lives, and GRACE more.

        With neither, it is hidden until the program ends.
        """
        value = "".join(value)  # not a token's mask
        if len(value) < SHORTEST_SECRET:
            return
        with self._lock:
            if owner is None:
                self._hide_until(value, inf if lifetime is None else self._clock() + lifetime + GRACE)
            else:
                self._owned[value] += 1
                weakref.finalize(owner, self._left.append, value).atexit = False
            self._is_stale = True
            if self._clock() >= self._first_end:  # though nobody may ever look, nothing is kept for ever
                self._look()

    def live(self) -> tuple[str, ...]:
        """Give the values to hide now, the longest first; those past their end are forgotten."""
        if self._is_stale or self._left or self._clock() >= self._first_end:
            with self._lock:
                self._look()
        return self._live

    def forget(self, values: Iterable[str]) -> None:
        """Hide these no more, whoever owns them."""
        with self._lock:
            for value in values:
                self._ends.pop(value, None)
                self._owned.pop(value, None)
            self._is_stale = True

    def _hide_until(self, value: str, end: float) -> None:
        self._ends[value] = max(end, self._ends.get(value, -inf))
        self._first_end = min(self._first_end, end)

    def _look(self) -> None:
        time = self._clock()
        while self._left:
            self._disown(self._left.popleft(), time)
        self._ends = {value: end for value, end in self._ends.items() if time < end}
        values = self._ends.keys() | self._owned.keys()
        self._live = tuple(sorted(values, key=lambda value: (-len(value), value)))
        self._first_end, self._is_stale = min(self._ends.values(), default=inf), False

    def _disown(self, value: str, time: float) -> None:
        if value not in self._owned:
            return
        self._owned[value] -= 1
        if self._owned[value] <= 0:
            del self._owned[value]
            self._hide_until(value, time + GRACE)


SECRETS = SecretRegistry()
register = SECRETS.register


@lru_cache(maxsize=1024)
def forms(value: str) -> tuple[str, ...]:
    """Write a value as it may turn up: raw, escaped, percent-encoded, and in base64 at any alignment."""
    percent = {quote(value, safe="", errors="replace"), quote(value, errors="replace")}
    percent |= {quote_plus(value, errors="replace"), quote(quote(value, safe="", errors="replace"), safe="")}
    percent |= {re.sub("%..", lambda match: match[0].lower(), text) for text in percent}
    escaped = {html.escape(value), value.replace("/", "\\/"), value.replace('"', '\\"')}
    coded = set(_base64(value.encode(errors="surrogatepass")))
    return tuple(sorted({value} | percent | escaped | coded, key=len, reverse=True))


def _base64(value: bytes) -> Iterator[str]:
    """Give the characters that are the same whatever stands before and after the value."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value).decode()
        whole = text[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


@lru_cache(maxsize=8)
def _forms_by_start(values: tuple[str, ...]) -> dict[str, list[str]]:
    """Index all forms by their first letters, so that a look costs the same however many values there are."""
    starts: dict[str, list[str]] = {}
    for form in {form for value in values for form in forms(value)}:
        starts.setdefault(form[:SHORTEST_SECRET], []).append(form)
    return starts


def _hide_values(text: str, values: tuple[str, ...]) -> str:
    starts = _forms_by_start(values)
    places = range(len(text) - SHORTEST_SECRET + 1)
    if starts.keys().isdisjoint(text[at : at + SHORTEST_SECRET] for at in places):
        return text
    here = starts.keys() & {text[at : at + SHORTEST_SECRET] for at in places}
    for form in sorted((form for start in here for form in starts[start]), key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


# Patterns are compiled when they are first used: that would be a tenth of the time that %load_ext takes.
# What often follows those words in plain sentences, and cannot be a credential.
PLAIN_WORDS = (
    "auth|authentication|authorization|scheme|tokens?|headers?|credentials?|realm|error|is|was|not|or|and"
)
AFTER_THE_WORD = (
    rf"(?i)\b(bearer|basic)((?:[\s:=\"'+]|%20|%3A|%3D)+)(?!(?:{PLAIN_WORDS})\b)([^\s\"'<>,;{{}}…]+)"
)
JWT = r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"
SIGNED = r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s\"'<>]+"


def hide_secrets(text: str) -> str:
    """Put a mask in place of every live secret, of what follows Bearer and Basic, and of signatures."""
    text = _hide_values(text, SECRETS.live())
    text = re.sub(AFTER_THE_WORD, rf"\1\2{MASK}", text)
    return re.sub(SIGNED, rf"\1{MASK}", re.sub(JWT, MASK, text))


ESCAPES = (
    r"(?s)(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"  # strings: OSC, DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[ -?]*[@-~]?"  # CSI, such as colours
    r"|\x1b[ -/]*.?"
)
CONTROLS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


def without_controls(text: str) -> str:
    """Take out what a terminal would obey and what hides letters: escapes, C0, C1, bidi, zero width."""
    text = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return re.sub(CONTROLS, "", re.sub(ESCAPES, "", text)).encode(errors="replace").decode()


def scrub(text: str) -> str:
    """Make a text from outside fit to be shown, before anything of it is cut."""
    return hide_secrets(without_controls(text))


def scrub_all(value: Any) -> Any:
    """Make every text of an answer's JSON fit to be shown, its names too."""
    match value:
        case str():
            return scrub(value)
        case list() | tuple():
            return type(value)(map(scrub_all, value))
        case Mapping():
            return {scrub(str(name)): scrub_all(part) for name, part in value.items()}
    return value


use_scrubber(scrub)


class HidesSecrets(logging.Filter):
    """Lets every record through, but hides secrets and signatures in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace what is secret among a record's arguments."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_hidden, record.args))
        return True


LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
_FILTER = HidesSecrets()


def hide_in_logs() -> None:
    """Begin, for the whole process: a redirect can lead any session to a signed address."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _hidden(argument: object) -> object:
    if not isinstance(argument, str):
        return argument
    if PRESIGNED in argument.lower():
        argument = argument.partition("?")[0] + "?…"
    return hide_secrets(argument)


_blocks: list[None] = []  # one for each block that is open, in whatever thread; these two need no lock


def is_unmasked() -> bool:
    """Whether such a block is open, in any thread: outputs are put together in threads of their own."""
    return bool(_blocks)


@contextmanager
def unmasked() -> Iterator[None]:
    """Let through what is put out in this block; what was printed before it is sent before, masked."""
    _flush()
    _blocks.append(None)
    try:
        yield
    finally:
        _flush()
        _blocks.pop()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, or it is closed
            stream.flush()
