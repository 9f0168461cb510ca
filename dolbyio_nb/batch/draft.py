"""Draft of a job: the request that starts it, checked and written without sending anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from dolbyio_nb.errors import InvalidOption
from dolbyio_nb.media.inputs import Input
from dolbyio_nb.media.job_result import OPERATIONS
from dolbyio_nb.media.locations import address_of
from dolbyio_nb.media.operations import Operations
from dolbyio_nb.media.outputs import Target
from dolbyio_nb.media.parameters import Location, Options
from dolbyio_nb.media.polling import PollSchedule

WORDS = {path.removeprefix("/media/").replace("/", "_"): path for path in OPERATIONS}
"""Every operation's word, which is its method's name, with its path."""


@dataclass(frozen=True)
class JobRequest:
    """The POST that starts a job; `outputs` are the addresses that it writes to."""

    path: str
    body: dict[str, Any]
    outputs: tuple[str, ...]


class Drafts(Operations):
    """The operations, which write their requests and send nothing."""

    def __init__(self) -> None:
        nothing = cast("Any", None)
        super().__init__(nothing, nothing, PollSchedule())

    def _start(  # type: ignore[override]  # a request in place of the job
        self, path: str, read: Input, targets: Sequence[Target], body: Options
    ) -> JobRequest:
        return JobRequest(path, dict(body), tuple(address_of(one.location) or "" for one in targets))


class Procedure:
    """One operation with its options, ready for any source."""

    def __init__(self, operation: str, options: Mapping[str, Any]) -> None:
        self.word = operation.replace("-", "_")
        self._method = _method(self.word)
        self.path, self._options = WORDS[self.word], dict(options)
        self.report = OPERATIONS[self.path].report
        self.draft("dlb://in/check/audio.wav", None)  # what is wrong with the options is said now

    def draft(self, source: Location, output: str | None) -> JobRequest:
        """Write the request for a source that the service can read."""
        named = {} if output is None else {"output": output}
        return self._method(source, **self._options, **named)


def _method(word: str) -> Callable[..., JobRequest]:
    if word not in WORDS:
        near = get_close_matches(str(word), WORDS, 1)
        raise InvalidOption(
            f"There is no operation {word!r}.",
            f"There are {', '.join(WORDS)}.",
            f"Did you mean {near[0]}?" if near else "Give one of them.",
        )
    return cast("Callable[..., JobRequest]", getattr(Drafts(), word))
