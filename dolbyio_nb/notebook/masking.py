"""Masking of outputs: what leaves the kernel for the front end shows no live secret and no token.

A wrapper around `kernel.session.pack`, which every message of a Jupyter kernel goes through: streams,
results, errors, display data, widgets, variables views. Where there is no such session, nothing is done.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from dolbyio_nb._util.unmasked import is_unmasked
from dolbyio_nb.http.redact import SECRETS, SecretRegistry, forms

SHORTEST = 12  # characters; shorter values and pieces are left alone
WORD = 8  # bytes
LARGE = 256 * 1024  # bytes; in larger messages one word in four is looked at, and markup is not taken out
SPARSE = 4
BLOCK = 512  # words
SURELY_SEEN = SPARSE * WORD + WORD - 1  # bytes; a shorter piece may lie between the words of a large message
MASK = "[masked…]"

# What stands between the pieces of a text that is shown in colours: tags, ANSI codes and links of terminals.
_MARKUP = r"<[^<>]*>|(?:{esc})(?:\[[0-?]*[ -/]*[@-~]|\][^\\\x07\x1b]*(?:{bel}|(?:{esc})\\+))"
MARKUP_IN_JSON = re.compile(_MARKUP.format(esc=r"\x1b|\\u001b", bel=r"\x07|\\u0007").encode())
# Where it is wrapped, at the ends of lines, there are frames and quotes, too.
FRAME = b" \r|'\"\xe2\x94\x82\x83"
MARKUP = re.compile(_MARKUP.format(esc=r"\x1b", bel=r"\x07").encode() + b"|\n[" + FRAME + b"]*")
LINE_END_IN_JSON = b"\\n"

Span = tuple[int, int]


class SecretPieces:
    """All that is to be masked, made ready once for each set of values.

    Args:
        values: secrets and tokens; those under 12 characters are left alone.
    """

    def __init__(self, values: tuple[str, ...]) -> None:
        self.values = values
        texts = {form for value in values if len(value) >= SHORTEST for form in forms(value)}
        spellings = texts | {
            json.dumps(text, ensure_ascii=ascii)[1:-1] for text in texts for ascii in (False, True)
        }
        whole = _longest_first(texts)
        self._like_markup = [text for text in whole if MARKUP.search(text)]
        self._easily_missed = [text for text in _longest_first(spellings) if len(text) < SURELY_SEEN]
        self._text = b"\xff".join(whole)  # no text has that byte
        self._longest = max(map(len, whole), default=0)
        self._words = frozenset(
            word for text in _longest_first(spellings) for at in range(WORD) for word in _words(text, at)
        )

    def may_be_in(self, packed: bytes) -> bool:
        """Whether a packed message is worth a closer look; fast, and right for every piece that is masked."""
        if len(packed) > LARGE:
            seen = not self._words.isdisjoint(_words(packed, 0)[::SPARSE])
            return seen or any(text in packed for text in self._easily_missed)
        if self._any_word(packed):
            return True
        plain = packed.replace(LINE_END_IN_JSON, b"")
        if b"<" in plain or b"u001b" in plain or b"\x1b" in plain:
            plain = MARKUP_IN_JSON.sub(b"", plain)
        return len(plain) < len(packed) and self._any_word(plain)

    def mask_within(self, message: Any) -> Any:
        """Mask every text of an unpacked message, in place, however deep it is."""
        boxes: list[Any] = [[message]]
        for box in boxes:  # which grows meanwhile
            keys = list(box) if isinstance(box, dict) else range(len(box))
            values = [box[key] for key in keys]
            boxes.extend(value for value in values if isinstance(value, dict | list))
            masked = [self.mask(value) if isinstance(value, str) else value for value in values]
            if isinstance(box, dict):
                names = [self.mask(key) if isinstance(key, str) else key for key in keys]
                box.clear()
                box.update(zip(names, masked, strict=True))
            else:
                box[:] = masked
        return boxes[0][0]

    def mask(self, text: str) -> str:
        """Put a mask in place of pieces across markup, then of those inside it."""
        before = data = text.encode(errors="surrogatepass")
        for whole in self._like_markup:
            data = data.replace(whole, MASK.encode())
        kept = _without_markup(data)
        data = self._mask_pieces(data, kept)
        if len(kept) > 1:
            data = self._mask_pieces(data, [(0, len(data))])
        return text if data == before else data.decode(errors="replace")

    def _any_word(self, data: bytes) -> bool:
        return not all(self._words.isdisjoint(_words(data, at)) for at in (0, WORD // 2))

    def _mask_pieces(self, data: bytes, kept: list[Span]) -> bytes:
        plain = b"".join(data[first:last] for first, last in kept)
        ends = list(accumulate(last - first for first, last in kept))
        parts, done = [], 0
        for span in self._pieces_in(plain):
            mask = MASK.encode()
            for first, last in _places(span, kept, ends):
                parts += [data[done:first], mask]
                mask, done = b"", last
        return b"".join([*parts, data[done:]])

    def _pieces_in(self, plain: bytes) -> Iterator[Span]:
        end = 0
        for at in self._places_of_words(plain):
            if at + WORD > end:
                first, last = self._longest_piece(plain, at)
                if last - first >= SHORTEST:
                    yield max(first, end), last
                    end = last

    def _places_of_words(self, plain: bytes) -> list[int]:
        return sorted(
            at + WORD * place for at in (0, WORD // 2) for place in _members(_words(plain, at), self._words)
        )

    def _longest_piece(self, plain: bytes, at: int) -> Span:
        """Grow the word at this place to the longest piece of a secret, by whole characters."""
        best, place = (at, at), -1
        before, after = plain[max(0, at - self._longest) : at][::-1], plain[at : at + self._longest]
        while (place := self._text.find(after[:WORD], place + 1)) >= 0:
            left = _equal(before, self._text[max(0, place - self._longest) : place][::-1])
            right = _equal(after, self._text[place : place + self._longest])
            best = max(best, (at - left, at + right), key=lambda span: span[1] - span[0])
        return _whole_characters(plain, best)


def _longest_first(texts: set[str]) -> list[bytes]:
    coded = {text.encode(errors="surrogatepass") for text in texts}
    return sorted((text for text in coded if len(text) >= SHORTEST), key=len, reverse=True)


def _words(data: bytes, at: int) -> Any:
    """Read the bytes from `at` on as numbers, eight bytes each."""
    count = max(0, len(data) - at) // WORD
    return memoryview(data)[at : at + count * WORD].cast("Q")


def _members(words: Any, known: frozenset[int]) -> Iterator[int]:
    """Give the places of the words that are known, and pass by whole blocks that have none."""
    for block in range(0, len(words), BLOCK):
        part = words[block : block + BLOCK]
        if not known.isdisjoint(part):
            yield from (block + place for place, word in enumerate(part) if word in known)


def _equal(one: bytes, other: bytes) -> int:
    """Count the bytes with which both begin."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _without_markup(data: bytes) -> list[Span]:
    kept, done = [], 0
    for markup in MARKUP.finditer(data):
        text = data[done : markup.start()]
        kept.append((done, done + len(text.rstrip(FRAME) if markup[0][:1] == b"\n" else text)))
        done = markup.end()
    return [*kept, (done, len(data))]


def _places(span: Span, kept: list[Span], ends: list[int]) -> Iterator[Span]:
    """Where a span of the text without markup lies in the whole text."""
    first, last = span
    for index in range(bisect_right(ends, first), len(kept)):
        begin, _ = kept[index]
        start = ends[index - 1] if index else 0
        if start >= last:
            return
        if ends[index] > start:
            yield begin + max(first - start, 0), begin + min(last, ends[index]) - start


def _whole_characters(data: bytes, span: Span) -> Span:
    first, last = span
    while first > 0 and data[first] & 0xC0 == 0x80:
        first -= 1
    while last < len(data) and data[last] & 0xC0 == 0x80:
        last += 1
    return first, last


class MaskingPack:
    """Packs messages as `pack` does, with a mask in place of every secret; a message is never broken.

    Args:
        pack, unpack: the session's own.
        registry: what is to be masked, and until when.

    Attributes:
        pack: what was there before.
        is_on: False for a pass-through.
    """

    def __init__(
        self,
        pack: Callable[[Any], bytes],
        unpack: Callable[[bytes], Any],
        registry: SecretRegistry = SECRETS,
    ) -> None:
        self.pack, self._unpack, self._registry = pack, unpack, registry
        self._pieces = SecretPieces(())
        self.is_on = True

    def __call__(self, message: Any) -> bytes:
        packed = self.pack(message)
        if len(packed) < SHORTEST or not self.is_on or is_unmasked() or _is_header(message):
            return packed
        try:
            return self._masked(packed)
        except Exception:  # a message that cannot be masked is better than a kernel that does not answer
            return packed

    def _masked(self, packed: bytes) -> bytes:
        live, pieces = self._registry.live(), self._pieces
        if live is not pieces.values:
            self._pieces = pieces = SecretPieces(live)
        if not pieces.may_be_in(packed):
            return packed
        return self.pack(pieces.mask_within(self._unpack(packed)))


class OutputMasking:
    """The masking of one shell's outputs, from now until it is removed."""

    def __init__(self, shell: Any) -> None:
        session: Any = getattr(getattr(shell, "kernel", None), "session", None)
        self._session, self._pack = session, None
        if hasattr(session, "pack") and hasattr(session, "unpack"):
            self._pack = session.pack = MaskingPack(session.pack, session.unpack)

    def switch(self, is_on: bool) -> None:
        """Begin to mask, or let everything through."""
        if self._pack:
            self._pack.is_on = is_on

    def remove(self) -> None:
        """Let everything through, and step aside where no other wrapper lies above."""
        self.switch(False)
        if self._session is not None and self._session.pack is self._pack:
            self._session.pack = self._pack.pack


def _is_header(message: Any) -> bool:
    return isinstance(message, dict) and "msg_id" in message and "msg_type" in message
