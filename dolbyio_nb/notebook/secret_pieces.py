"""Pieces of secrets: found and masked in a message, also where a text was cut, wrapped, coloured or encoded.

A message is looked through in words of a few bytes, as numbers, against the set of all words of the secrets:
one pass, however many secrets there are. Every piece of a secret that is long enough covers a whole word.
A small message is unpacked, masked and packed again; a large one is masked in place, as it is packed.
"""

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from dolbyio_nb.http.redact import forms

SHORTEST = 12  # characters; shorter values and pieces are left alone
WORD, HALF = 8, 4  # bytes
LARGE = 256 * 1024  # bytes; in larger messages one word in four is looked at, and markup only around a find
SPARSE = 4
BLOCK = 512  # words
REACH = 1024  # bytes on either side of a piece in a large message, where more of the same value may stand
SURELY_SEEN = SPARSE * WORD + WORD - 1  # bytes; a shorter piece may lie between the words of a large message
MASK = "[masked…]"

# What stands between the pieces of a text that is shown in colours: tags, ANSI codes and links of terminals.
_CODES = r"(?:{esc})(?:\[[0-?]*[ -/]*[@-~]|\][^\\\x07\x1b]*(?:{bel}|(?:{esc})\\+))"
_TAGS = b"<[^<>]*>"
CODES_IN_JSON = re.compile(_CODES.format(esc=r"\\u001b", bel=r"\\u0007").encode())
MARKUP_IN_JSON = re.compile(_TAGS + b"|" + _CODES.format(esc=r"\x1b|\\u001b", bel=r"\x07|\\u0007").encode())
NO_BRACKETS = bytes(set(range(256)) - set(b"<>"))
# Where it is wrapped, at the ends of lines, there are frames and quotes, too.
FRAME = b" \r|'\"\xe2\x94\x82\x83"
MARKUP = re.compile(
    _TAGS + b"|" + _CODES.format(esc=r"\x1b", bel=r"\x07").encode() + b"|\n(?:[ \r|'\"]|\xe2\x94[\x82\x83])*"
)
LINE_END_IN_JSON = b"\\n"
ESCAPE_BEGUN = re.compile(rb"\\(u[0-9a-fA-F]{0,3})?$")
QUOTE = re.compile(rb'(?<!\\)(?:\\\\)*"')  # one that ends a text in JSON
NO_ESCAPE = re.compile(rb"[ !#-\[\]-~\x80-\xff]{6}(?![\x80-\xbf])")  # no escape and no letter goes on there
NUMBER = re.compile(rb"[-+.0-9eE]*")

Span = tuple[int, int]


class SecretPieces:
    """All that is to be masked, made ready once for each set of values.

    Args:
        values: secrets and tokens; those under 12 characters are left alone.
    """

    def __init__(self, values: tuple[str, ...]) -> None:
        self.values = values
        texts = {form for value in values if len(value) >= SHORTEST for form in forms(value)}
        in_json = {json.dumps(text, ensure_ascii=ascii)[1:-1] for text in texts for ascii in (False, True)}
        whole, self._packed = _longest_first(texts), _longest_first(in_json)
        self._like_markup = [text for text in whole if MARKUP.search(text)]
        self._easily_missed = [text for text in self._packed if len(text) < SURELY_SEEN]
        self._text, self._packed_text = (
            b"\xff".join(whole),
            b"\xff".join(self._packed),
        )  # no text has that byte
        self._keeps_whole = LINE_END_IN_JSON not in self._packed_text  # where the ends of lines are taken out
        self._longest = max(map(len, self._packed), default=0)
        every = _longest_first(texts | in_json)
        self._words = frozenset(word for text in every for at in range(WORD) for word in _words(text, at))
        self._halves = frozenset(half for text in every for at in range(WORD) for half in _halves(text[at:]))

    def may_be_in(self, packed: bytes) -> bool:
        """Whether a packed message is worth a closer look; fast, and right for every piece that is masked."""
        unwrapped = packed.replace(LINE_END_IN_JSON, b"")
        plain = _without_markup_in_json(unwrapped)
        if self._any_word(plain):
            return True
        if plain is unwrapped and self._keeps_whole and b"\\\\" not in packed:
            return False
        return len(plain) < len(packed) and self._any_word(packed)

    def mask_packed(self, packed: bytes) -> bytes:
        """Mask a large message of JSON as it is packed: whole values everywhere, else around each piece.

        Raises:
            ValueError: this cannot be done; unpack the message, and mask what is in it.
        """
        for text in self._easily_missed:
            packed = self._without(packed, text)
            if text in packed:
                raise ValueError("its first characters may belong to an escape")
        parts, done, at = [], 0, 0
        while (at := self._place_of_word(packed, at)) >= 0:
            first, last = self._longest_piece(packed, at, self._packed_text)
            piece = packed[first:last]
            if len(piece) < SHORTEST:
                at += WORD
            elif NUMBER.fullmatch(piece):
                raise ValueError("it may be a number, which is no text")
            elif (
                first >= done
                and piece in self._packed
                and not ESCAPE_BEGUN.search(packed, max(0, first - 5), first)
            ):
                packed, at = packed[:done] + self._without(packed[done:], piece), max(first, done)
            else:
                first, last = self._around(packed, max(first, done), last, done)
                parts += [packed[done:first], self._mask_in_json(packed[first:last])]
                done = at = last
        return b"".join([*parts, packed[done:]]) if parts else packed

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
        if self._halves.isdisjoint(_halves(data)):  # half as many to look up
            return False
        return not all(self._words.isdisjoint(_words(data, at)) for at in (0, HALF))

    def _place_of_word(self, data: bytes, start: int) -> int:
        """Find the first of the words that are looked at in a large message, from `start` on; -1 for none."""
        place = next(_members(_words(data, start)[::SPARSE], self._words), -1)
        return start + SPARSE * WORD * place if place >= 0 else -1

    def _without(self, packed: bytes, piece: bytes) -> bytes:
        if piece in packed:
            for text in self._packed:
                packed = _replaced(packed, text) if piece in text else packed
        return packed

    def _around(self, packed: bytes, first: int, last: int, floor: int) -> Span:
        """Widen a place to what stands around it in the same text, and cut no escape and no piece in two."""
        begin, end = max(floor, first - REACH), last
        if begin > floor:
            if not (found := NO_ESCAPE.search(packed, begin, first)):
                raise ValueError("it may begin in the middle of an escape")
            begin = found.end()
        while end < len(packed) and (end == last or self._goes_through(packed, end)):
            found = NO_ESCAPE.search(packed, end + REACH)
            end = found.end() if found else len(packed)
        for quote in QUOTE.finditer(packed, begin, first):
            begin = quote.end()
        quote_after = QUOTE.search(packed, last, end)
        return begin, quote_after.end() - 1 if quote_after else end

    def _goes_through(self, packed: bytes, at: int) -> bool:
        """Whether a word of a secret stands on both sides of a place."""
        words = (packed[place : place + WORD] for place in range(at - WORD + 1, at))
        return any(int.from_bytes(word, sys.byteorder) in self._words for word in words)

    def _mask_in_json(self, part: bytes) -> bytes:
        return json.dumps(self.mask(json.loads(b'"' + part + b'"')), ensure_ascii=False)[1:-1].encode()

    def _mask_pieces(self, data: bytes, kept: list[Span]) -> bytes:
        plain = b"".join(data[first:last] for first, last in kept)
        ends = list(accumulate(last - first for first, last in kept))
        parts, done = [], 0
        for span in self._pieces_in(plain):
            mask = MASK.encode()
            for first, last in _spans(span, kept, ends):
                parts += [data[done:first], mask]
                mask, done = b"", last
        return b"".join([*parts, data[done:]])

    def _pieces_in(self, plain: bytes) -> Iterator[Span]:
        end = 0
        for at in self._places_of_words(plain):
            if at + WORD > end:
                first, last = self._longest_piece(plain, at, self._text)
                if last - first >= SHORTEST:
                    yield max(first, end), last
                    end = last

    def _places_of_words(self, plain: bytes) -> list[int]:
        return sorted(
            at + WORD * place for at in (0, HALF) for place in _members(_words(plain, at), self._words)
        )

    def _longest_piece(self, plain: bytes, at: int, known: bytes) -> Span:
        """Grow the word at this place to the longest piece of what is known, by whole characters."""
        best, place = (at, at), -1
        before, after = plain[max(0, at - self._longest) : at][::-1], plain[at : at + self._longest]
        while (place := known.find(after[:WORD], place + 1)) >= 0:
            left = _equal(before, known[max(0, place - self._longest) : place][::-1])
            right = _equal(after, known[place : place + self._longest])
            best = max(best, (at - left, at + right), key=lambda span: span[1] - span[0])
        return _whole_characters(plain, best)


def _longest_first(texts: set[str]) -> list[bytes]:
    coded = {text.encode(errors="surrogatepass") for text in texts}
    return sorted((text for text in coded if len(text) >= SHORTEST), key=len, reverse=True)


def _words(data: bytes, at: int) -> Any:
    """Read the bytes from `at` on as numbers, eight bytes each."""
    count = max(0, len(data) - at) // WORD
    return memoryview(data)[at : at + count * WORD].cast("Q")


def _halves(data: bytes) -> Any:
    """Read the first half of each word as a number."""
    return memoryview(data)[: len(data) // HALF * HALF].cast("I")[::2]


def _replaced(packed: bytes, text: bytes) -> bytes:
    """Put a mask in place of a whole value in JSON, but where its first characters may belong to an escape.

    Raises:
        ValueError: it may be a number.
    """
    *parts, last = packed.split(text)
    if parts and NUMBER.fullmatch(text):
        raise ValueError("it may be a number, which is no text")
    mask = MASK.encode()
    return b"".join(part + (text if ESCAPE_BEGUN.search(part[-5:]) else mask) for part in parts) + last


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


def _without_markup_in_json(packed: bytes) -> bytes:
    """Take tags and codes out; whole tags alone and codes alone in half the time of both together."""
    brackets, is_raw = packed.translate(None, NO_BRACKETS), b"\x1b" in packed
    if brackets == b"<>" * (len(brackets) // 2) and not is_raw and b"u001b" not in packed:
        return b"".join(packed.replace(b"<", b">").split(b">")[::2]) if brackets else packed
    return (MARKUP_IN_JSON if brackets or is_raw else CODES_IN_JSON).sub(b"", packed)


def _without_markup(data: bytes) -> list[Span]:
    kept, done = [], 0
    for markup in MARKUP.finditer(data):
        text = data[done : markup.start()]
        kept.append((done, done + len(text.rstrip(FRAME) if markup[0][:1] == b"\n" else text)))
        done = markup.end()
    return [*kept, (done, len(data))]


def _spans(span: Span, kept: list[Span], ends: list[int]) -> Iterator[Span]:
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
