"""Access token: a real string for machines, a mask for people."""

import pickle
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn, SupportsIndex

from dolbyio_nb._util.clock import Clock, now
from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.http import redact

DEFAULT_LIFE = 1800  # seconds; the service's own default
LONGEST_LIFE = 86400  # seconds; Dolby's guide names 24 hours as the maximum
ASSUMED_LIFE = 300.0  # seconds; when an answer names no life: short, so that a wrong guess is soon mended


def check_life(seconds: int) -> None:
    """Refuse a life that the service does not give.

    Raises:
        InvalidOption: it is out of range.
    """
    if type(seconds) is not int or not 1 <= seconds <= LONGEST_LIFE:
        raise InvalidOption(
            f"A token cannot live for {seconds!r} seconds.",
            f"Dolby.io gives tokens for 1 to {LONGEST_LIFE} seconds (24 hours).",
            f"Choose expires_in (--expires-in) from 1 to {LONGEST_LIFE}.",
        )


class MaskedText(str):
    """A text that is what it is for machines, and a mask for people: in tracebacks and debuggers' views.

    `format()`, `+`, `"".join()` and `.encode()` give the text; its repr and `str()` show a mask.
    """

    def __repr__(self) -> str:
        return "'…'"

    def __str__(self) -> str:
        return "…"

    def __format__(self, spec: str) -> str:
        return format("".join(self), spec)


A_HEADER = re.compile(r"\s*(?:Authorization: ?)?Bearer %s\s*", re.IGNORECASE)


class AccessToken(str):
    """A Bearer token: a real string for machines, a mask for people.

    Its repr, `str()`, `print`, `%s` and logging show a mask; f-strings, `format()`, `+`, `.encode()`, json
    and subprocesses get the value; so does `"Bearer %s" % token`, which is a header and nothing else. It is
    not pickled. A token that has expired while its keeper still renews is written into a text (f-string,
    `format()`, `+`, `.encode()`) as the present one.

    Attributes:
        lifetime: seconds of life that it was given.
        issued_at: the moment just before it was asked for, on `clock`.
    """

    lifetime: float
    issued_at: float
    _clock: Clock
    _current: "Callable[[], AccessToken | None] | None" = None

    def __new__(
        cls,
        value: str,
        *,
        lifetime: float = ASSUMED_LIFE,
        issued_at: float | None = None,
        clock: Clock = now,
    ) -> "AccessToken":
        token = super().__new__(cls, value)
        token.lifetime, token._clock = lifetime, clock
        token.issued_at = clock() if issued_at is None else issued_at
        redact.register(value, lifetime=token.seconds_left)
        return token

    @property
    def value(self) -> str:
        """The token as a plain string, which shows itself wherever it is printed."""
        return str.__str__(self)

    def follow(self, current: "Callable[[], AccessToken | None]") -> None:
        """Have the token that `current` gives sent in place of this one, once this one has expired."""
        self._current = current

    def _to_send(self) -> str:
        if self._current is None or self._clock() < self.issued_at + self.lifetime:
            return str.__str__(self)
        current = self._current()
        return str.__str__(self if current is None else current)

    @property
    def seconds_left(self) -> float:
        """Seconds until it expires; 0.0 when it has."""
        return max(0.0, self.issued_at + self.lifetime - self._clock())

    @property
    def expires_at(self) -> datetime:
        """When it expires, as a local time for people to read."""
        return datetime.now().astimezone() + timedelta(seconds=self.seconds_left)

    @property
    def hint(self) -> str:
        """The last four characters, enough to tell two tokens apart."""
        return f"…{self[-4:]}" if len(self) >= 16 else "…"

    def __repr__(self) -> str:
        return f"<Dolby.io token {self.hint}, {_countdown(self.seconds_left)}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self._to_send(), spec)

    def __add__(self, other: str) -> str:
        return self._to_send() + other

    def __radd__(self, other: str) -> str:
        return other + self._to_send()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Give the bytes to send."""
        return self._to_send().encode(encoding, errors)

    def __rmod__(self, template: str) -> str:
        return template % (self._to_send() if A_HEADER.fullmatch(template) else self,)

    def __copy__(self) -> "AccessToken":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "AccessToken":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise pickle.PicklingError(
            "A token is not pickled or stored. Ask for one where it is needed: dolby.token"
        )


def _countdown(seconds: float) -> str:
    if not seconds:
        return "expired"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"
